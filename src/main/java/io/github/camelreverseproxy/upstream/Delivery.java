package io.github.camelreverseproxy.upstream;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import io.github.camelreverseproxy.message.Failure;
import io.github.camelreverseproxy.message.ProxyException;
import io.github.camelreverseproxy.forwarding.UpstreamException;
import org.apache.camel.Exchange;

/**
 * What an exchange has met with on its way to an upstream: which ones it has tried, which it has reached, and what came of
 * it. Travels with the exchange; a copy of the exchange begins with one of its own. Confined to the exchange.
 */
final class Delivery {
    private static final String PROPERTY = Delivery.class.getName();

    private final Exchange exchange;
    private final long begin;
    /** Asked in vain in this round. */
    private final List<String> tried = new ArrayList<>(3);
    /** Sent to; never again, since the exchange may be what makes them fail. */
    private final List<String> reached = new ArrayList<>(3);
    private Exception failed;
    private int rounds;
    private boolean came;
    private boolean left;
    private boolean full;
    private boolean givenUp;
    private boolean stopped;

    private Delivery(Exchange exchange, long begin) {
        this.exchange = exchange;
        this.begin = begin;
    }

    /** Null if it has met with nothing yet. */
    static Delivery known(Exchange exchange) {
        return exchange.getProperty(PROPERTY) instanceof Delivery delivery && delivery.exchange == exchange ? delivery : null;
    }

    /** @param begin when the attempt has begun, which is the first one if there was none before */
    static Delivery of(Exchange exchange, long begin) {
        Delivery delivery = known(exchange);
        if (delivery == null) {
            delivery = new Delivery(exchange, begin);
            exchange.setProperty(PROPERTY, delivery);
        }
        return delivery;
    }

    boolean hasTried(String upstream) {
        return tried.contains(upstream) || reached.contains(upstream);
    }

    /** An upstream was asked, and the exchange has failed there. */
    void failedAt(String upstream, Exception cause) {
        came = true;
        left = true;
        if (ProxyException.in(cause) instanceof UpstreamException attempt && attempt.isSent()) {
            reached.add(upstream);
        } else {
            tried.add(upstream);
        }
        if (Failure.of(cause) != Failure.UNAVAILABLE || failed == null) {
            failed = cause;
        }
    }

    /**
     * No upstream is left in this round.
     *
     * @param someFull whether one that was not tried is merely full
     */
    void exhausted(boolean someFull) {
        came = true;
        left = false;
        full = someFull;
    }

    /** What the exchange has failed with so far, or null. */
    Exception failed() {
        return failed;
    }

    /** Whether the attempt has come to the load balancer, and there may be an upstream that was not tried in this round; asked once. */
    boolean isLeft() {
        boolean yes = came && left;
        came = false;
        return yes;
    }

    /** Whether another round makes sense: nothing was sent so far, or an upstream that was not tried is merely full. */
    boolean mayWait() {
        return reached.isEmpty() || full;
    }

    /** Begins another round. */
    void again() {
        tried.clear();
        rounds++;
    }

    int rounds() {
        return rounds;
    }

    /** Whether another upstream may have it: what one may have acted upon is not sent again, unless that makes no difference. */
    boolean maySend() {
        return reached.isEmpty() || Redelivery.isSafe(exchange, failed);
    }

    /** Whoever has chosen upstreams for it has tried as many as it may. */
    void stop() {
        stopped = true;
    }

    boolean isStopped() {
        return stopped;
    }

    /** It is not sent again by the route that has it. */
    void giveUp() {
        givenUp = true;
    }

    /** Whether it is not; asked once. */
    boolean isGivenUp() {
        boolean yes = givenUp;
        givenUp = false;
        return yes;
    }

    /** Since the first attempt. */
    long millis() {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin);
    }
}
