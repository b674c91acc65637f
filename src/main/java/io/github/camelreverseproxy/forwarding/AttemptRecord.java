package io.github.camelreverseproxy.forwarding;

import io.github.camelreverseproxy.message.Failure;

/**
 * An attempt at an upstream: how long it took, and what has come of it. It ends with its response, or with the head of one
 * whose body is passed on as it comes, or with a failure; once. Made and ended on whatever thread, read on any.
 */
public final class AttemptRecord {
    private final Journal journal;
    private final String upstream;
    private final boolean copy;
    private final Trace.Span span;
    private final long begin = System.nanoTime();
    private boolean alone;
    private long nanos;
    private Failure failure;
    private int status;
    private volatile boolean ended;

    AttemptRecord(Journal journal, String upstream, boolean copy, Trace.Span span) {
        this.journal = journal;
        this.upstream = upstream;
        this.copy = copy;
        this.span = span;
    }

    /** What the upstream is called. */
    public String upstream() {
        return upstream;
    }

    /** Whether it is one of a copy of the request, whose response the client does not get. */
    public boolean isOfCopy() {
        return copy;
    }

    /** Its part of a trace, or null. */
    public Trace.Span span() {
        return span;
    }

    /** A response has come. */
    public void answered(int code) {
        end(code, null);
    }

    /** None has, or none that is one. */
    public void failed(Failure why) {
        end(0, why);
    }

    /** Its request has ended, or there is none: if it goes on, it tells its end by itself. */
    synchronized void leave() {
        alone = !ended;
        if (alone) {
            nanos = System.nanoTime() - begin;
        }
    }

    /** Whether it has ended by itself, and not as a part of a request. */
    public boolean isAlone() {
        return alone;
    }

    private void end(int code, Failure why) {
        boolean tells;
        synchronized (this) {
            if (ended) {
                return;
            }
            tells = alone;
            nanos = System.nanoTime() - begin;
            failure = why;
            status = code;
            ended = true;
        }
        if (span != null) {
            span.end(code, why);
        }
        if (tells) {
            journal.ended(this);
        }
    }

    /** The status of its response; 0 if there is none. */
    public int status() {
        return status;
    }

    /** Why there is no response, or null. */
    public Failure failure() {
        return ended ? failure : null;
    }

    /** A status, the kind of a failure, or {@code unfinished}. */
    public String outcome() {
        return !ended ? "unfinished" : failure != null ? failure.kind() : Integer.toString(status);
    }

    /** What it took; up to the end of its request, if it has not ended before that. In nanoseconds. */
    public long nanos() {
        return nanos;
    }
}
