package io.github.camelreverseproxy.observe;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.LongAdder;

import io.github.camelreverseproxy.forwarding.AttemptRecord;
import io.github.camelreverseproxy.forwarding.RequestRecord;

/**
 * A line for each request, when it has ended: as logfmt, {@code key=value key=value}, or as a JSON object. What the fields mean
 * is in docs/operations.md. Whatever a client has sent is escaped, so that no line can be faked; no body and no field of a
 * request is in it. Lines wait until somebody who may wait has them written; past a number of them they are dropped, and counted.
 * Thread-safe.
 */
public final class AccessLog implements AutoCloseable {
    /** How a line looks. */
    public enum Format { LOGFMT, JSON, OFF }

    private static final int WAITING = 8192;
    private static final int PIECE = 64 * 1024;
    private static final long CLOSE_MILLIS = 2000;
    private static final DateTimeFormatter SECONDS = DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.", Locale.ROOT).withZone(ZoneOffset.UTC);

    private final Lines out;
    private final boolean ofFile;
    private final boolean json;
    private final LongAdder dropped;
    private final ByteLine bytes = new ByteLine();
    private final Object writing = new Object();
    private List<RequestRecord> waiting = new ArrayList<>();
    /** Of those that are being written. */
    private volatile int unwritten;
    private volatile boolean abandoned;
    private long second;
    private String prefix = "";

    private AccessLog(Format format, Lines out, boolean ofFile, LongAdder dropped) {
        this.dropped = dropped;
        this.json = format == Format.JSON;
        this.ofFile = ofFile;
        this.out = out;
    }

    /**
     * @param file    that lines are appended to; if empty, standard output
     * @param dropped counts lines that there are not, because the disk was too slow or full
     * @throws IOException if it cannot be written
     */
    static AccessLog to(String file, Format format, LongAdder dropped) throws IOException {
        return new AccessLog(format, file.isEmpty() ? Console.waiting() : Lines.appendedTo(Path.of(file)), !file.isEmpty(), dropped);
    }

    synchronized void add(RequestRecord request) {
        if (waiting.size() < WAITING) {
            waiting.add(request);
        } else {
            drop();
        }
    }

    private synchronized List<RequestRecord> take() {
        if (waiting.isEmpty()) {
            return List.of();
        }
        List<RequestRecord> all = waiting;
        waiting = new ArrayList<>(all.size());
        return all;
    }

    /** One there will be no line for. */
    void drop() {
        dropped.increment();
    }

    /** Writes what waits; waits for the disk, or for whoever reads standard output. */
    void flush() {
        synchronized (writing) {
            List<RequestRecord> all = take();
            unwritten = all.size();
            for (int i = 0; i < all.size() && !abandoned; i++) {
                if (json) {
                    json(all.get(i), bytes);
                } else {
                    logfmt(all.get(i), bytes);
                }
                if (bytes.size() >= PIECE || i == all.size() - 1) {
                    dropped.add(bytes.writeTo(out));
                    unwritten = all.size() - 1 - i;
                }
            }
        }
    }

    /** What waits is written, if that does not take long, or counts as dropped. */
    @Override
    public void close() throws IOException {
        Thread last = new Thread(this::flush, "access-log");
        last.setDaemon(true);
        last.start();
        try {
            last.join(CLOSE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (last.isAlive()) {
            abandoned = true;
            dropped.add(take().size() + unwritten);
        } else if (ofFile) {
            out.close();
        }
    }

    private void logfmt(RequestRecord request, ByteLine line) {
        line.add("time=");
        time(request.time(), line);
        line.add(" event_id=").add(orDash(request.eventId()));
        line.add(" client=").add(request.client());
        line.add(" method=").add(plain(orDash(request.method())));
        line.add(" target=");
        quoted(request.target(), line);
        line.add(" status=").add(request.status());
        line.add(" bytes_in=").add(request.received()).add(" bytes_out=").add(request.sent());
        line.add(" upstream=");
        name(request.upstream(), line);
        line.add(" attempts=\"");
        boolean first = true;
        for (AttemptRecord attempt : request.attempts()) {
            line.add(first ? "" : ",").add(plain(attempt.upstream())).add(':').add(attempt.outcome()).add(':').millis(attempt.nanos());
            first = false;
        }
        line.add("\" total_ms=").millis(request.nanos()).add(" upstream_ms=").millis(request.upstreamNanos());
        line.add(" failure=").add(request.failure() == null ? "-" : request.failure().kind()).add('\n');
    }

    private static String orDash(String text) {
        return text == null ? "-" : text;
    }

    private static void quoted(String text, ByteLine line) {
        line.quoted(orDash(text));
    }

    private static void name(String upstream, ByteLine line) {
        line.add(upstream == null ? "-" : plain(upstream));
    }

    /** Names come from routes, and may come from messages there. */
    private static String plain(String name) {
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (c <= ' ' || c >= 0x7f || c == '"' || c == '\\' || c == ',' || c == ':' || c == '=') {
                return name.replaceAll("[^!#-+\\--9;<>-\\[\\]-~]", "_");
            }
        }
        return name;
    }

    private void json(RequestRecord request, ByteLine line) {
        line.add("{\"time\":\"");
        time(request.time(), line);
        line.add("\",\"event_id\":");
        text(request.eventId(), line);
        line.add(",\"client\":");
        text(request.client(), line);
        line.add(",\"method\":");
        text(request.method(), line);
        line.add(",\"target\":");
        text(request.target(), line);
        line.add(",\"status\":").add(request.status());
        line.add(",\"bytes_in\":").add(request.received()).add(",\"bytes_out\":").add(request.sent());
        line.add(",\"upstream\":");
        text(request.upstream(), line);
        line.add(",\"attempts\":[");
        boolean first = true;
        for (AttemptRecord attempt : request.attempts()) {
            line.add(first ? "{\"upstream\":" : ",{\"upstream\":").quoted(attempt.upstream()).add(",\"outcome\":").quoted(attempt.outcome())
                    .add(",\"ms\":").millis(attempt.nanos()).add('}');
            first = false;
        }
        line.add("],\"total_ms\":").millis(request.nanos()).add(",\"upstream_ms\":").millis(request.upstreamNanos());
        line.add(",\"failure\":");
        text(request.failure() == null ? null : request.failure().kind(), line);
        line.add("}\n");
    }

    private static void text(String text, ByteLine line) {
        if (text == null) {
            line.add("null");
        } else {
            line.quoted(text);
        }
    }

    private void time(long millis, ByteLine line) {
        long now = millis / 1000;
        if (now != second) {
            second = now;
            prefix = SECONDS.format(Instant.ofEpochSecond(now));
        }
        int rest = (int) (millis % 1000);
        line.add(prefix).add((char) ('0' + rest / 100)).add((char) ('0' + rest / 10 % 10)).add((char) ('0' + rest % 10)).add('Z');
    }
}
