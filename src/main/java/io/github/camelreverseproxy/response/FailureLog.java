package io.github.camelreverseproxy.response;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

import io.github.camelreverseproxy.message.Failure;
import io.github.camelreverseproxy.message.ProxyException;
import io.github.camelreverseproxy.forwarding.UpstreamException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One line for each error answer, with the id that the client was given; of a flood only the first of each kind in each
 * second, with the number of those left out. Thread-safe.
 */
final class FailureLog {
    private static final Logger LOG = LoggerFactory.getLogger(FailureLog.class);
    private static final int MAX_CAUSE = 200;
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
        if (failure == Failure.INTERNAL && isUnforeseen(cause)) {
            LOG.error("{} {}: {}{}", id, failure.kind(), text, more, cause);
        } else {
            LOG.info("{} {}: {}{}{}", id, failure.kind(), text, failure.status() < 500 ? "" : why(cause, text), more);
        }
    }

    /** What was foreseen says all there is to say in a line. */
    private static boolean isUnforeseen(Throwable cause) {
        return cause != null && ProxyException.in(cause) == null;
    }

    /** Which upstream it was and what the failure comes down to, neither of which the client is told. */
    private static String why(Throwable thrown, String text) {
        Throwable cause = thrown;
        while (cause != null && cause.getCause() != null) {
            cause = cause.getCause();
        }
        if (cause == null) {
            return "";
        }
        String what = cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
        String upstream = ProxyException.in(thrown) instanceof UpstreamException attempt ? attempt.upstream() : "";
        String more = what.equals(text) ? upstream : upstream.isEmpty() ? what : upstream + ": " + what;
        // Some causes quote what has come in.
        return more.isEmpty() ? "" : " (" + (more.length() > MAX_CAUSE ? more.substring(0, MAX_CAUSE) + " ..." : more) + ')';
    }

    private static AtomicLong[] counters(long start) {
        AtomicLong[] counters = new AtomicLong[Failure.values().length];
        for (int i = 0; i < counters.length; i++) {
            counters[i] = new AtomicLong(start);
        }
        return counters;
    }
}
