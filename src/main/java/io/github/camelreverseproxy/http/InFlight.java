package io.github.camelreverseproxy.http;

import java.util.concurrent.atomic.AtomicInteger;

import org.apache.camel.Exchange;
import org.apache.camel.support.SynchronizationAdapter;

/**
 * The requests in flight and their limit, which together with the caps on bodies bounds the memory. A request counts
 * from the binding to the completion of its exchange, even if its client has gone. Thread-safe.
 */
public final class InFlight extends SynchronizationAdapter {
    private final AtomicInteger count = new AtomicInteger();
    private int max = Integer.MAX_VALUE;

    /** @param max requests in flight at once */
    public void setMax(int max) {
        this.max = max;
    }

    boolean isFull() {
        return count.get() >= max;
    }

    int count() {
        return count.get();
    }

    void add(Exchange exchange) {
        count.incrementAndGet();
        exchange.getExchangeExtension().addOnCompletion(this);
    }

    @Override
    public void onDone(Exchange exchange) {
        count.decrementAndGet();
    }

    /** Stays with the exchange it was added to: a copy would count down twice. */
    @Override
    public boolean allowHandover() {
        return false;
    }
}
