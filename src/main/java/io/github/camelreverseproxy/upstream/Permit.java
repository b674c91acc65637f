package io.github.camelreverseproxy.upstream;

import java.util.concurrent.TimeUnit;

/** A call that a breaker has let through. Thread-safe. */
final class Permit {
    /** Why it was let through. */
    enum Kind { CALL, PROBE, LAST_RESORT }

    private volatile Kind kind;
    /** In which it was let through. */
    private volatile int epoch;
    private volatile long begin;
    /** When the head of the response has come, if its body came later. */
    private volatile long head;
    /** Whether the upstream is waited for, and not the client, or nobody any more since the response has begun. */
    private volatile boolean waits = true;
    private volatile boolean streams;

    Permit(Kind kind, int epoch, long begin) {
        this.kind = kind;
        this.epoch = epoch;
        this.begin = begin;
    }

    Kind kind() {
        return kind;
    }

    int epoch() {
        return epoch;
    }

    /** It was a probe, and has closed the breaker by the head of its response; what the body brings is of the time after. */
    void goOn(int inEpoch) {
        kind = Kind.CALL;
        epoch = inEpoch;
    }

    void answering(long now) {
        head = now;
    }

    /** The response is a stream. */
    void stream() {
        streams = true;
    }

    boolean isStream() {
        return streams;
    }

    boolean waits() {
        return waits;
    }

    void setWaits(boolean now) {
        waits = now;
    }

    /** All that was to be sent has been. */
    void sent(long now) {
        begin = now;
    }

    /** From when it was let through, or all of it was sent, until then, or until the head of its response had come, in nanoseconds. */
    long nanos(long now) {
        return waits || head != 0 ? (head != 0 ? head : now) - begin : 0;
    }

    /** The same in milliseconds. */
    long millis(long now) {
        return TimeUnit.NANOSECONDS.toMillis(nanos(now));
    }
}
