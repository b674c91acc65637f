package io.github.camelreverseproxy.listener;

import java.util.concurrent.atomic.AtomicInteger;

/** The places of requests in flight, from their hand-over to a route to the last byte of their responses. Thread-safe. */
public final class InFlight {
    private final AtomicInteger requests = new AtomicInteger();
    private volatile int max = Integer.MAX_VALUE;

    /** @param most requests in flight at once, from now on */
    public void limit(int most) {
        max = most;
    }

    /** How many there may be at once. */
    public int limit() {
        return max;
    }

    /** How many there are. */
    public int count() {
        return requests.get();
    }

    /** @return false if there is no place left */
    boolean begin() {
        if (requests.incrementAndGet() <= max) {
            return true;
        }
        requests.decrementAndGet();
        return false;
    }

    void end() {
        requests.decrementAndGet();
    }
}
