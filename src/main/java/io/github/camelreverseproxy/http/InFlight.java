package io.github.camelreverseproxy.http;

import java.util.concurrent.atomic.AtomicInteger;

import org.apache.camel.Exchange;
import org.apache.camel.support.SynchronizationAdapter;

/**
 * The requests in flight and their limit, which together with the caps on bodies bounds the memory. There are two counts,
 * since either side may last longer: a request, from its head to the last byte of its response or the end of its
 * connection; and its exchange, which goes on if the client has gone. Thread-safe.
 */
public final class InFlight extends SynchronizationAdapter {
    private final AtomicInteger requests = new AtomicInteger();
    private final AtomicInteger exchanges = new AtomicInteger();
    private int max = Integer.MAX_VALUE;

    /** @param max requests in flight at once */
    public void setMax(int max) {
        this.max = max;
    }

    int count() {
        return Math.max(requests.get(), exchanges.get());
    }

    /** @return false if there are too many */
    boolean beginRequest() {
        boolean admitted = requests.incrementAndGet() <= max && exchanges.get() < max;
        if (!admitted) {
            requests.decrementAndGet();
        }
        return admitted;
    }

    void endRequest() {
        requests.decrementAndGet();
    }

    void begin(Exchange exchange) {
        exchanges.incrementAndGet();
        exchange.getExchangeExtension().addOnCompletion(this);
    }

    @Override
    public void onDone(Exchange exchange) {
        exchanges.decrementAndGet();
    }

    /** Stays with the exchange it was added to: a copy would count down twice. */
    @Override
    public boolean allowHandover() {
        return false;
    }
}
