package io.github.camelreverseproxy.response;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

import io.github.camelreverseproxy.Failure;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One line for each error answer, with the id that the client was given; of a flood only the first of each kind in each
 * second, with the number of those left out. Thread-safe.
 */
final class FailureLog {
    private static final Logger LOG = LoggerFactory.getLogger(FailureLog.class);
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

    private final AtomicLong[] next = counters(System.nanoTime());
    private final AtomicLong[] leftOut = counters(0);

    void write(Failure failure, String id, String text, Throwable cause) {
        AtomicLong due = next[failure.ordinal()];
        long now = System.nanoTime();
        long at = due.get();
        if (now - at < 0 || !due.compareAndSet(at, now + SECOND)) {
            leftOut[failure.ordinal()].incrementAndGet();
            return;
        }
        long others = leftOut[failure.ordinal()].getAndSet(0);
        String more = others == 0 ? "" : " (and " + others + " more of the kind since the last such line)";
        if (failure == Failure.INTERNAL) {
            LOG.error("{} {}: {}{}", id, failure.kind(), text, more, cause);
        } else {
            LOG.info("{} {}: {}{}", id, failure.kind(), text, more);
        }
    }

    private static AtomicLong[] counters(long start) {
        AtomicLong[] counters = new AtomicLong[Failure.values().length];
        for (int i = 0; i < counters.length; i++) {
            counters[i] = new AtomicLong(start);
        }
        return counters;
    }
}
