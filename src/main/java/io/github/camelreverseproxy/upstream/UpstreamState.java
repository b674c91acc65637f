package io.github.camelreverseproxy.upstream;

import java.util.List;
import java.util.Locale;

import org.apache.camel.CamelContext;

/**
 * An upstream behind a breaker, as it is at a moment. Immutable.
 *
 * @param name          what it is called
 * @param state         of its breaker
 * @param since         when the breaker was opened out of the closed state, in milliseconds since 1970; 0 if it is closed
 * @param openings      how often it was opened out of the closed state
 * @param millisToProbe until it may be called again
 * @param callable      whether any call can go through now, be it as a probe or for want of another upstream
 * @param inFlight      calls in flight
 * @param limit         calls at once; 0 for no limit
 * @param failures      calls that have failed
 */
public record UpstreamState(String name, String url, State state, long since, long openings, long millisToProbe, boolean callable, int inFlight, int limit,
        Failures failures) {
    /**
     * Calls that have failed.
     *
     * @param count how many
     * @param time  when the last one did, in milliseconds since 1970; 0 if there was none
     * @param cause of the last one, in words; null if there was none
     */
    public record Failures(long count, long time, String cause) {
        static final Failures NONE = new Failures(0, 0, null);

        /** One more. */
        Failures and(String why) {
            return new Failures(count + 1, System.currentTimeMillis(), why);
        }
    }

    /** Whether calls go through. */
    public enum State {
        /** All do. */
        CLOSED,
        /** None does until its time has come. */
        OPEN,
        /** None but probes. */
        HALF_OPEN;

        /** In lower case. */
        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** That of one of a context, or null if it has no breaker. May be called on any thread. */
    public static UpstreamState of(CamelContext context, String name) {
        UpstreamBreaker breaker = Breakers.of(context).get(name);
        return breaker == null ? null : breaker.now();
    }

    /** Those of a context, by their names. May be called on any thread. */
    public static List<UpstreamState> of(CamelContext context) {
        return Breakers.of(context).states();
    }
}
