package io.github.camelreverseproxy;

import java.lang.management.ManagementFactory;
import java.lang.management.MemoryNotificationInfo;
import java.lang.management.MemoryPoolMXBean;
import java.util.Set;
import java.util.concurrent.TimeUnit;

import javax.management.Notification;
import javax.management.NotificationEmitter;

/**
 * Has the old generation collected when it holds twice what the last time left of it, but not more than once a minute. The
 * serial and the parallel collector by themselves let it grow to the largest heap first: a connection outlives the young
 * generation, and what is left of connections would add up to gigabytes. Other collectors need no help. Thread-safe;
 * {@code -XX:+DisableExplicitGC} turns it off.
 */
final class OldGeneration {
    private static final Set<String> NAMES = Set.of("Tenured Gen", "PS Old Gen");
    private static final long LEAST_BYTES = 16L * 1024 * 1024;
    private static final long PAUSE = TimeUnit.MINUTES.toNanos(1);

    private final MemoryPoolMXBean pool;
    private long last = System.nanoTime() - PAUSE;

    private OldGeneration(MemoryPoolMXBean pool) {
        this.pool = pool;
        setThreshold();
    }

    /** From now on until the JVM ends. */
    static void watch() {
        for (MemoryPoolMXBean pool : ManagementFactory.getMemoryPoolMXBeans()) {
            if (NAMES.contains(pool.getName()) && pool.isUsageThresholdSupported()) {
                OldGeneration old = new OldGeneration(pool);
                ((NotificationEmitter) ManagementFactory.getMemoryMXBean()).addNotificationListener((told, handback) -> old.full(told), null, null);
            }
        }
    }

    /** No other pool has a threshold, so this is about the old generation. */
    private synchronized void full(Notification told) {
        if (!MemoryNotificationInfo.MEMORY_THRESHOLD_EXCEEDED.equals(told.getType())) {
            return;
        }
        if (System.nanoTime() - last >= PAUSE) {
            System.gc();
            last = System.nanoTime();
        }
        setThreshold();
    }

    private void setThreshold() {
        long twice = Math.max(LEAST_BYTES, 2 * pool.getUsage().getUsed());
        long most = pool.getUsage().getMax();
        pool.setUsageThreshold(most < 0 ? twice : Math.min(twice, most));
    }
}
