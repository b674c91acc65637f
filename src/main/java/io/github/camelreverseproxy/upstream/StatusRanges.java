package io.github.camelreverseproxy.upstream;

import java.util.BitSet;

/** A set of response statuses, written {@code 429,500-599}. Immutable. */
public final class StatusRanges {
    private final BitSet statuses = new BitSet(600);

    private StatusRanges() {
    }

    /** @throws IllegalArgumentException if it is not a list of statuses and ranges between 100 and 599 */
    public static StatusRanges of(String ranges) {
        StatusRanges set = new StatusRanges();
        for (String range : ranges.split(",")) {
            String[] ends = range.strip().split("-", 2);
            int first = status(ends[0]);
            int last = status(ends[ends.length - 1]);
            if (last < first) {
                throw new IllegalArgumentException("empty range: " + range);
            }
            set.statuses.set(first, last + 1);
        }
        return set;
    }

    public boolean contains(int status) {
        return statuses.get(status);
    }

    private static int status(String text) {
        if (!text.strip().matches("[1-5][0-9]{2}")) {
            throw new IllegalArgumentException("not a status: " + text);
        }
        return Integer.parseInt(text.strip());
    }
}
