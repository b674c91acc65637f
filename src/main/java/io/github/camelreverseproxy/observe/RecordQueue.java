package io.github.camelreverseproxy.observe;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.function.Supplier;

import io.github.camelreverseproxy.forwarding.AttemptRecord;
import io.github.camelreverseproxy.forwarding.Journal;
import io.github.camelreverseproxy.forwarding.RequestRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Requests that have ended, on their way to whoever reads them: an event loop leaves them here, and a thread of their own
 * has them counted and written, many at a time, which takes half as long as one by one between other things. What finds no
 * place, because the thread waits for a disk, is counted where it ends, and has no line in the log. Thread-safe.
 */
final class RecordQueue implements Journal.Reader, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RecordQueue.class);
    private static final int WAITING = 8192;
    private static final long BUSY_MILLIS = 10;
    private static final long IDLE_MILLIS = 50;
    private static final long CLOSE_MILLIS = 2000;

    private final BlockingQueue<RequestRecord> waiting = new ArrayBlockingQueue<>(WAITING);
    private final List<RequestRecord> batch = new ArrayList<>(WAITING);
    private Thread thread;
    private volatile Journal.Reader[] counting = {};
    private volatile AccessLog log;
    private volatile boolean closed;

    RecordQueue() {
        start(null);
    }

    /** A thread of its own for each log: the one before may wait for its disk for ever. */
    private void start(AccessLog to) {
        thread = new Thread(() -> run(to), "records");
        thread.setDaemon(true);
        thread.start();
    }

    /** @param readers that are quick */
    void count(Journal.Reader... readers) {
        counting = readers.clone();
    }

    /** @param to may wait for its disk; null for none. What has ended before goes to the one before. */
    synchronized void write(AccessLog to) {
        read();
        log = to;
        start(to);
    }

    @Override
    public void ended(RequestRecord request) {
        if (closed || !waiting.offer(request)) {
            count(request);
            AccessLog full = log;
            if (full != null) {
                full.drop();
            }
        }
    }

    /** One that is in no record. */
    @Override
    public void ended(AttemptRecord attempt) {
        for (Journal.Reader reader : counting) {
            reader.ended(attempt);
        }
    }

    private void count(RequestRecord request) {
        for (Journal.Reader reader : counting) {
            try {
                reader.ended(request);
            } catch (RuntimeException e) {
                LOG.error("A record was not read", e);
            }
        }
    }

    /**
     * Whatever has ended before is counted now.
     *
     * @return whether there was something
     */
    synchronized boolean read() {
        waiting.drainTo(batch);
        boolean some = !batch.isEmpty();
        AccessLog to = log;
        for (RequestRecord request : batch) {
            count(request);
            if (to != null) {
                to.add(request);
            }
        }
        batch.clear();
        return some;
    }

    /** Runs while nothing is counted, but for what finds no place; whatever has ended before is. */
    synchronized <T> T still(Supplier<T> what) {
        read();
        return what.get();
    }

    private static void flush(AccessLog to) {
        try {
            to.flush();
        } catch (RuntimeException e) {
            LOG.error("A record was not written", e);
        }
    }

    private void run(AccessLog to) {
        try {
            while (!closed && log == to) {
                boolean some = read();
                if (to != null) {
                    flush(to);
                }
                Thread.sleep(some ? BUSY_MILLIS : IDLE_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        closed = true;
        read();
        Thread last;
        synchronized (this) {
            last = thread;
        }
        try {
            last.join(CLOSE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
