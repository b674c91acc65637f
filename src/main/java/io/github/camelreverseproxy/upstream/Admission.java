package io.github.camelreverseproxy.upstream;

import io.github.camelreverseproxy.forwarding.ProxyRequest;
import org.apache.camel.Exchange;

/**
 * A call that was let through before its exchange comes to the breaker's EIP: whoever chooses an upstream has to know that
 * it takes the call. Travels with the exchange, whose next EIP uses it. Confined to the exchange.
 */
final class Admission implements ProxyRequest.Watcher {
    private final UpstreamBreaker breaker;
    private final Permit given;
    private Permit permit;

    private Admission(UpstreamBreaker breaker, Permit permit) {
        this.breaker = breaker;
        this.given = permit;
        this.permit = permit;
    }

    static Admission give(Exchange exchange, UpstreamBreaker breaker, Permit permit) {
        Admission admission = new Admission(breaker, permit);
        exchange.setProperty(PROPERTY, admission);
        return admission;
    }

    /** The permit for a call of this breaker: the one that the exchange brings, or a new one; null if there is none. */
    static Permit take(Exchange exchange, UpstreamBreaker breaker) {
        if (exchange.getProperty(PROPERTY) instanceof Admission admission && admission.breaker == breaker && admission.permit != null) {
            Permit permit = admission.permit;
            admission.permit = null;
            return permit;
        }
        return breaker.tryCall(ProxyRequest.of(exchange).isSuspect(), System.nanoTime());
    }

    @Override
    public void uploading() {
        breaker.uploading(given);
    }

    @Override
    public void uploaded() {
        breaker.uploaded(given);
    }

    @Override
    public void answering() {
        breaker.answering(given);
    }

    /** @return whether there was something to give back: the exchange was let through, and has not come to the breaker's EIP */
    static boolean giveBack(Exchange exchange) {
        return exchange.getProperty(PROPERTY) instanceof Admission admission && admission.giveBack();
    }

    boolean giveBack() {
        if (permit == null) {
            return false;
        }
        breaker.abandoned(permit);
        permit = null;
        return true;
    }
}
