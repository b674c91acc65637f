package io.github.camelreverseproxy.observe;

import java.util.Collection;

import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.distribution.CountAtBucket;
import io.micrometer.core.instrument.distribution.HistogramSnapshot;

/** What timers have counted in the last seconds, of which there is a sample each. Confined to a thread. */
final class Window {
    private final double[] bounds;
    /** Counts up to each bound since the process began, and of all; a row for each sample. */
    private final long[][] samples;
    private final long[] times;
    private int taken;

    /** @param seconds that it goes back */
    Window(int seconds) {
        samples = new long[seconds + 1][];
        times = new long[seconds + 1];
        bounds = Metrics.bounds();
    }

    void sample(Collection<Timer> timers, long now) {
        long[] counts = new long[bounds.length + 1];
        for (Timer timer : timers) {
            HistogramSnapshot snapshot = timer.takeSnapshot();
            CountAtBucket[] buckets = snapshot.histogramCounts();
            for (int i = 0; i < bounds.length && i < buckets.length; i++) {
                counts[i] += (long) buckets[i].count();
            }
            counts[bounds.length] += snapshot.count();
        }
        times[taken % times.length] = now;
        samples[taken++ % samples.length] = counts;
    }

    private int first(int seconds) {
        return Math.max(0, taken - 1 - Math.min(seconds, samples.length - 1));
    }

    private long count(int bound, int seconds) {
        // Of an upstream that was gone for a while the counts begin again.
        return taken == 0 ? 0 : Math.max(0, samples[(taken - 1) % samples.length][bound] - samples[first(seconds) % samples.length][bound]);
    }

    /** In the last seconds. */
    double perSecond(int seconds) {
        long nanos = taken < 2 ? 0 : times[(taken - 1) % times.length] - times[first(seconds) % times.length];
        return nanos <= 0 ? 0 : count(bounds.length, seconds) * 1e9 / nanos;
    }

    /**
     * In the last seconds, within a bucket as if its times were spread evenly.
     *
     * @param part for instance 0.99
     * @return in milliseconds; null if there was nothing
     */
    Double percentile(double part, int seconds) {
        long all = count(bounds.length, seconds);
        if (all == 0) {
            return null;
        }
        double wanted = part * all;
        long before = 0;
        for (int i = 0; i < bounds.length; i++) {
            long upTo = count(i, seconds);
            if (upTo >= wanted) {
                double low = i == 0 ? 0 : bounds[i - 1];
                return upTo == before ? bounds[i] : low + (bounds[i] - low) * (wanted - before) / (upTo - before);
            }
            before = upTo;
        }
        return bounds[bounds.length - 1];
    }
}
