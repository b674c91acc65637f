package io.github.camelreverseproxy.forwarding;

import java.util.ArrayList;
import java.util.List;

import io.github.camelreverseproxy.message.Failure;

/**
 * One request, from its head to the last byte of its response, or to whatever else was its end: all that is told of it
 * outside. Each request has one, those that were refused and those whose client has gone among them. Filled on the event
 * loop of its connection, but for what says otherwise; read by anybody once it has ended.
 */
public final class RequestRecord {
    private static final int LONGEST_METHOD = 32;
    /** A longer target is cut. */
    private static final int LONGEST_TARGET = 2048;

    private final Journal journal;
    private final long time = System.currentTimeMillis();
    private final long begin = System.nanoTime();
    private final String client;
    private final String method;
    private final String target;
    private final Trace trace;
    private List<AttemptRecord> attempts = List.of();
    private volatile String eventId;
    private volatile Failure failure;
    private int status;
    private long received;
    private long sent;
    private long nanos;
    private boolean brokenOff;
    private boolean ended;

    RequestRecord(Journal journal, String client, String method, String target, Trace trace) {
        this.journal = journal;
        this.client = client;
        this.method = method;
        this.target = target;
        this.trace = trace;
    }

    /** A method as it may be told: a name that nobody has heard of is cut. */
    static String toldMethod(String method) {
        return method == null || method.length() <= LONGEST_METHOD ? method : method.substring(0, LONGEST_METHOD);
    }

    /**
     * A target as it may be told: without a user's name and password (RFC 3986, section 3.2.1), and not longer than 2,048 characters.
     *
     * @param target as sent, or null
     */
    static String toldTarget(String target) {
        if (target == null) {
            return null;
        }
        String plain = target;
        int authority = target.startsWith("/") ? -1 : target.indexOf("://");
        if (authority >= 0 || !target.startsWith("/")) {
            int from = authority < 0 ? 0 : authority + 3;
            int end = target.indexOf('/', from);
            int at = target.lastIndexOf('@', end < 0 ? target.length() : end);
            plain = at < from ? target : target.substring(0, from) + target.substring(at + 1);
        }
        return plain.length() > LONGEST_TARGET ? plain.substring(0, LONGEST_TARGET) : plain;
    }

    /**
     * An attempt for it begins. May be called on any thread.
     *
     * @param copy whether it is one of a copy of the request, whose response the client does not get
     */
    synchronized AttemptRecord attempt(String upstream, boolean copy) {
        AttemptRecord attempt = new AttemptRecord(journal, upstream, copy, trace == null ? null : trace.begin(upstream, true));
        if (ended) {
            attempt.leave();
        } else {
            attempts = attempts.isEmpty() ? new ArrayList<>(2) : attempts;
            attempts.add(attempt);
        }
        return attempt;
    }

    /** A part of its way that a trace is to show, or null. */
    public Trace.Span part(String name) {
        return trace == null ? null : trace.begin(name, false);
    }

    /** @param id of the exchange, or of the error document */
    public synchronized void identify(String id) {
        if (!ended) {
            eventId = id;
        }
    }

    /** It is answered with an error, or its response has broken off. May be called on any thread. */
    public synchronized void failed(Failure why) {
        if (!ended) {
            failure = why;
        }
    }

    /** Its response, whose head has gone out, ends before its end. */
    public void brokeOff(Failure why) {
        brokenOff = true;
        failed(why);
    }

    /** Whether its response has, by no doing of the client's. */
    public boolean hasBrokenOff() {
        return brokenOff;
    }

    /** The head of a final response goes out. */
    public void answered(int code) {
        status = code;
    }

    /** @param bytes of its body that have come */
    public void received(long bytes) {
        received += bytes;
    }

    /** @param bytes of the body of its response that go out */
    public void sent(long bytes) {
        sent += bytes;
    }

    /** It is over. Only the first call counts. */
    public void end() {
        synchronized (this) {
            if (ended) {
                return;
            }
            ended = true;
            nanos = System.nanoTime() - begin;
            attempts.forEach(AttemptRecord::leave);
        }
        if (trace != null) {
            trace.end(this);
        }
        journal.ended(this);
    }

    /** When it began, in milliseconds since 1970. */
    public long time() {
        return time;
    }

    /** The client's address. */
    public String client() {
        return client;
    }

    /** Null if no request line has come. */
    public String method() {
        return method;
    }

    /** The request target; null if no request line has come. */
    public String target() {
        return target;
    }

    /** The id that the client was given with an error, or null. */
    public String eventId() {
        return eventId;
    }

    /** What it was answered with; 499 for a client that has gone. */
    public int status() {
        return status;
    }

    /** Why it was answered with an error, or has broken off; null if neither. */
    public Failure failure() {
        return failure;
    }

    /** Bytes of the request's body. */
    public long received() {
        return received;
    }

    /** Bytes of the response's body. */
    public long sent() {
        return sent;
    }

    /** What it took, in nanoseconds. */
    public long nanos() {
        return nanos;
    }

    /** Those that were begun for it, in their order; once it has ended. */
    public List<AttemptRecord> attempts() {
        return attempts;
    }

    /** The upstream that was asked last, but for copies; or null; once it has ended. */
    public String upstream() {
        for (int i = attempts.size() - 1; i >= 0; i--) {
            if (!attempts.get(i).isOfCopy()) {
                return attempts.get(i).upstream();
            }
        }
        return null;
    }

    /** What its attempts took together, but for copies, in nanoseconds. */
    public long upstreamNanos() {
        long sum = 0;
        for (AttemptRecord attempt : attempts()) {
            sum += attempt.isOfCopy() ? 0 : attempt.nanos();
        }
        return sum;
    }
}
