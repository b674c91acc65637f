package io.github.camelreverseproxy.forwarding;

import java.util.concurrent.atomic.AtomicLong;

/** The bytes of bodies that are held anywhere in the process, and how many of them there may be. Thread-safe. */
public final class ByteBudget {
    private final AtomicLong held = new AtomicLong();
    private volatile long max = Long.MAX_VALUE;

    /** @param bytes that may be held at once, from now on */
    public void limit(long bytes) {
        max = bytes;
    }

    /** How many may be held at once. */
    public long limit() {
        return max;
    }

    /** How many are held. */
    public long held() {
        return held.get();
    }

    /** @return false if there would be too many */
    boolean take(long bytes) {
        if (held.addAndGet(bytes) <= max) {
            return true;
        }
        held.addAndGet(-bytes);
        return false;
    }

    /** Whether little is left: what is on its way then goes in smaller steps. */
    boolean isScarce() {
        return held.get() > max - max / 4;
    }

    void give(long bytes) {
        held.addAndGet(-bytes);
    }
}
