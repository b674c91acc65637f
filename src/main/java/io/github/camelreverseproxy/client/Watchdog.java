package io.github.camelreverseproxy.client;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends attempts that take too long until the head of a response is complete: socket timeouts see neither an upstream
 * that does not read what it is sent nor one that sends a byte now and then. Looks at all attempts several times a second instead of
 * setting a timer for each. Thread-safe.
 */
final class Watchdog {
    private static final Logger LOG = LoggerFactory.getLogger(Watchdog.class);
    private static final long LOOK_MILLIS = 100;
    private static final Set<Watched> WATCHED = ConcurrentHashMap.newKeySet();

    static {
        ScheduledExecutorService eye = Executors.newSingleThreadScheduledExecutor(look -> {
            Thread thread = new Thread(look, "upstream-watchdog");
            thread.setDaemon(true);
            return thread;
        });
        eye.scheduleWithFixedDelay(Watchdog::look, LOOK_MILLIS, LOOK_MILLIS, TimeUnit.MILLISECONDS);
    }

    private Watchdog() {
    }

    /** An attempt; equal to itself alone. */
    static class Watched {
        private final long deadline;
        private final Runnable end;

        /**
         * @param millis from now
         * @param end    ends the attempt, from another thread
         */
        Watched(long millis, Runnable end) {
            this.deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
            this.end = end;
        }
    }

    static void watch(Watched attempt) {
        WATCHED.add(attempt);
    }

    /** @return false if the attempt was ended meanwhile */
    static boolean release(Watched attempt) {
        return WATCHED.remove(attempt);
    }

    private static void look() {
        long now = System.nanoTime();
        for (Watched attempt : WATCHED) {
            if (now - attempt.deadline > 0 && WATCHED.remove(attempt)) {
                try {
                    attempt.end.run();
                } catch (RuntimeException e) {
                    LOG.warn("An attempt could not be ended", e);
                }
            }
        }
    }
}
