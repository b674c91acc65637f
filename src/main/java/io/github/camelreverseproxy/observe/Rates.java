package io.github.camelreverseproxy.observe;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** How fast totals grow, over the last seconds. Confined to a thread. */
final class Rates {
    private static final int SECONDS = 5;

    private record Samples(long[] times, long[] totals, int[] taken) {
    }

    private final Map<String, Samples> byKey = new HashMap<>();

    void sample(String key, long total, long now) {
        Samples samples = byKey.computeIfAbsent(key, one -> new Samples(new long[SECONDS + 1], new long[SECONDS + 1], new int[1]));
        int at = samples.taken[0]++ % (SECONDS + 1);
        samples.times[at] = now;
        samples.totals[at] = total;
    }

    double perSecond(String key) {
        Samples samples = byKey.get(key);
        if (samples == null || samples.taken[0] < 2) {
            return 0;
        }
        int last = (samples.taken[0] - 1) % (SECONDS + 1);
        int first = samples.taken[0] > SECONDS ? samples.taken[0] % (SECONDS + 1) : 0;
        return Math.max(0, (samples.totals[last] - samples.totals[first]) * 1e9 / (samples.times[last] - samples.times[first]));
    }

    void keep(Set<String> keys) {
        byKey.keySet().retainAll(keys);
    }
}
