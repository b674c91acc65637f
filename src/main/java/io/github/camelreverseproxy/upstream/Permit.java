package io.github.camelreverseproxy.upstream;

import java.util.concurrent.TimeUnit;

/** A call that a breaker has let through. Thread-safe. */
final class Permit {
    /** Why it was let through. */
    enum Kind { CALL, PROBE, LAST_RESORT }

    final Kind kind;
    /** In which it was let through. */
    final int epoch;
    private final long begin;
    /** When the head of the response has come, if its body came later. */
    private volatile long head;
    /** Whether the response is a stream, so that nobody waits for it any more. */
    private volatile boolean streams;

    Permit(Kind kind, int epoch, long begin) {
        this.kind = kind;
        this.epoch = epoch;
        this.begin = begin;
    }

    void answering(long now) {
        head = now;
    }

    void stream() {
        streams = true;
    }

    boolean isStream() {
        return streams;
    }

    /** From when it was let through until then, or until the head of its response had come, in nanoseconds. */
    long nanos(long now) {
        return (head != 0 ? head : now) - begin;
    }

    /** The same in milliseconds. */
    long millis(long now) {
        return TimeUnit.NANOSECONDS.toMillis(nanos(now));
    }
}
