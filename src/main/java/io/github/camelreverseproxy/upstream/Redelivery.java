package io.github.camelreverseproxy.upstream;

import java.util.Arrays;
import java.util.Set;

import io.github.camelreverseproxy.Failure;
import io.github.camelreverseproxy.ProxyException;
import io.github.camelreverseproxy.client.UpstreamException;
import org.apache.camel.Exchange;
import org.apache.camel.Predicate;

/**
 * Whether a failed request goes to another upstream, and when: at once while there are upstreams that it has not tried,
 * then after the back-off steps, until the deadline. Only a request that cannot have been acted upon, or may be twice, is
 * sent again: one that was not sent yet, or one whose method is idempotent (RFC 9110, section 9.2.2) and of whose response
 * nothing has come. Thread-safe once configured.
 */
public final class Redelivery implements Predicate {
    private static final Set<String> IDEMPOTENT = Set.of("GET", "HEAD", "OPTIONS", "PUT", "DELETE");
    private static final String ROUNDS = Redelivery.class.getName() + ".rounds";

    private long[] steps = {100, 500, 1000, 10000};
    private long deadline = 2000;

    /** @param steps delays between the rounds, in milliseconds, comma-separated */
    public void setSteps(String steps) {
        this.steps = Arrays.stream(steps.split(",")).map(String::strip).mapToLong(Long::parseLong).toArray();
    }

    /** @param millis since the exchange began after which no further round begins */
    public void setDeadline(long millis) {
        deadline = millis;
    }

    /** Sets the header with the delay too, which the error handler heeds. */
    @Override
    public boolean matches(Exchange exchange) {
        Exception failed = exchange.getException();
        if (failed == null) {
            failed = exchange.getProperty(Exchange.EXCEPTION_CAUGHT, Exception.class);
        }
        if (!isSafe(exchange, failed)) {
            return false;
        }
        long delay = 0;
        if (!NextUpstream.isLeft(exchange)) {
            int round = exchange.getProperty(ROUNDS, 0, int.class);
            delay = steps[Math.min(round, steps.length - 1)];
            if (exchange.getClock().elapsed() + delay > deadline) {
                return false;
            }
            exchange.setProperty(ROUNDS, round + 1);
            NextUpstream.again(exchange);
        }
        exchange.getIn().setHeader(Exchange.REDELIVERY_DELAY, delay);
        return true;
    }

    private static boolean isSafe(Exchange exchange, Exception failed) {
        Failure failure = Failure.of(failed);
        if (failure == Failure.UNAVAILABLE) {
            return true;
        }
        if (!(ProxyException.in(failed) instanceof UpstreamException attempt)) {
            return false;
        }
        return switch (attempt.progress()) {
            case NOT_SENT -> true;
            case SENT -> IDEMPOTENT.contains(String.valueOf(exchange.getIn().getHeader(Exchange.HTTP_METHOD)));
            case ANSWERING -> false;
        };
    }
}
