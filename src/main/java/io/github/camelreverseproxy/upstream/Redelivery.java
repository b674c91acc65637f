package io.github.camelreverseproxy.upstream;


import io.github.camelreverseproxy.message.Failure;
import io.github.camelreverseproxy.message.Failure.Blame;
import io.github.camelreverseproxy.message.ProxyException;
import io.github.camelreverseproxy.forwarding.BodyStream;
import io.github.camelreverseproxy.forwarding.UpstreamException;
import io.github.camelreverseproxy.forwarding.ProxyRequest;
import io.github.camelreverseproxy.message.Methods;
import org.apache.camel.Exchange;
import org.apache.camel.Predicate;

/**
 * Whether a failed request goes to another upstream, and when: at once while there are upstreams that it has not tried;
 * then, if nothing of it has been sent, or an upstream is merely full, after the back-off steps, until the deadline. Only a
 * request that cannot have been acted upon, or may be twice, is sent again: one that was not sent yet, or one whose method
 * is idempotent (RFC 9110, section 9.2.2) and whose body is still here; never one that has been ended. Thread-safe.
 */
public final class Redelivery implements Predicate {
    private final long[] steps;
    private final long deadline;

    /**
     * @param steps    delays between the rounds, in milliseconds
     * @param deadline since the first attempt after which no further round begins, in milliseconds
     */
    public Redelivery(long[] steps, long deadline) {
        this.steps = steps;
        this.deadline = deadline;
    }

    /** Sets the header with the delay too, which the error handler heeds. */
    @Override
    public boolean matches(Exchange exchange) {
        Exception failed = exchange.getException();
        if (failed == null) {
            failed = exchange.getProperty(Exchange.EXCEPTION_CAUGHT, Exception.class);
        }
        Delivery delivery = Delivery.of(exchange, System.nanoTime());
        if (delivery.isStopped() || !isSafe(exchange, failed)) {
            delivery.giveUp();
            return false;
        }
        long delay = 0;
        if (!delivery.isLeft()) {
            delay = steps[Math.min(delivery.rounds(), steps.length - 1)];
            if (!delivery.mayWait() || delivery.millis() + delay > deadline) {
                delivery.giveUp();
                return false;
            }
            delivery.again();
        }
        exchange.getIn().setHeader(Exchange.REDELIVERY_DELAY, delay);
        return true;
    }

    /**
     * An exchange that has failed comes back from a route. Camel takes what the error handler of one route has not
     * handled out of the hands of all others; but that there is no upstream for a request is for the route to answer that has sent it there.
     */
    public static void comesBack(Exchange exchange) {
        if (exchange.getException() != null && Delivery.known(exchange) != null && Delivery.known(exchange).isGivenUp()) {
            anew(exchange);
        }
    }

    /** What error handlers have made of the failure so far does not count. */
    static void anew(Exchange exchange) {
        exchange.getExchangeExtension().setFailureHandled(false);
        exchange.getExchangeExtension().setErrorHandlerHandled(null);
        exchange.getExchangeExtension().setRedeliveryExhausted(false);
    }

    static boolean isSafe(Exchange exchange, Exception failed) {
        if (ProxyRequest.of(exchange).cancelled() != null) {
            return false;
        }
        Failure failure = Failure.of(failed);
        if (failure == Failure.UNAVAILABLE) {
            return true;
        }
        if (!(ProxyException.in(failed) instanceof UpstreamException attempt)) {
            return false;
        }
        if (isGone(exchange.getIn().getBody())) {
            return false;
        }
        return !attempt.isSent() || failure.blame() != Blame.NOBODY
                && Methods.isIdempotent(String.valueOf(exchange.getIn().getHeader(Exchange.HTTP_METHOD)));
    }

    /** A stream of which something has gone out. */
    private static boolean isGone(Object body) {
        return body instanceof BodyStream stream && stream.isTaken() && stream.whole() == null;
    }
}
