package io.github.camelreverseproxy.upstream;

import io.github.camelreverseproxy.forwarding.ProxyRequest;
import org.apache.camel.Exchange;

/**
 * A call that a breaker has let through, for whoever comes next on the exchange's way: the breaker's EIP, if the upstream was
 * chosen before, since it has to be known then that it takes the call; and the client, which tells how far the call is. One
 * within another tells that too. Travels with the exchange. Confined to the exchange.
 */
final class Admission implements ProxyRequest.Watcher {
    private final UpstreamBreaker breaker;
    private final Permit permit;
    private final ProxyRequest.Watcher outer;
    private boolean taken;

    private Admission(UpstreamBreaker breaker, Permit permit, ProxyRequest.Watcher outer) {
        this.breaker = breaker;
        this.permit = permit;
        this.outer = outer;
    }

    static Admission give(Exchange exchange, UpstreamBreaker breaker, Permit permit) {
        Admission admission = new Admission(breaker, permit, exchange.getProperty(PROPERTY, ProxyRequest.Watcher.class));
        exchange.setProperty(PROPERTY, admission);
        return admission;
    }

    /** The permit for a call of this breaker: the one that the exchange brings, or a new one; null if there is none. */
    static Permit take(Exchange exchange, UpstreamBreaker breaker) {
        if (exchange.getProperty(PROPERTY) instanceof Admission admission && admission.breaker == breaker && !admission.taken) {
            admission.taken = true;
            return admission.permit;
        }
        Permit permit = breaker.tryCall(ProxyRequest.of(exchange).isSuspect(), System.nanoTime());
        if (permit != null) {
            give(exchange, breaker, permit).taken = true;
        }
        return permit;
    }

    /** The call has ended, as far as the exchange goes. */
    static void end(Exchange exchange, Permit permit) {
        if (exchange.getProperty(PROPERTY) instanceof Admission admission && admission.permit == permit) {
            exchange.setProperty(PROPERTY, admission.outer);
        }
    }

    /** @return whether there was something to give back: the exchange was let through, and has not come to the breaker's EIP */
    static boolean giveBack(Exchange exchange) {
        if (!(exchange.getProperty(PROPERTY) instanceof Admission admission) || !admission.giveBack()) {
            return false;
        }
        end(exchange, admission.permit);
        return true;
    }

    boolean giveBack() {
        if (taken) {
            return false;
        }
        taken = true;
        breaker.abandoned(permit);
        return true;
    }

    @Override
    public void uploading() {
        breaker.uploading(permit);
        if (outer != null) {
            outer.uploading();
        }
    }

    @Override
    public void uploaded() {
        breaker.uploaded(permit);
        if (outer != null) {
            outer.uploaded();
        }
    }

    @Override
    public void answering() {
        breaker.answering(permit);
        if (outer != null) {
            outer.answering();
        }
    }
}
