package io.github.camelreverseproxy.upstream;

import org.apache.camel.CamelContext;
import org.apache.camel.CamelContextAware;
import org.apache.camel.Exchange;
import org.apache.camel.Predicate;
import org.apache.camel.support.SynchronizationAdapter;

/**
 * Whether it is time for the active check of an upstream: when its breaker is open and may be probed. The check that
 * this is true for is the probe. Thread-safe once configured.
 */
public final class UpstreamCheck implements Predicate, CamelContextAware {
    private CamelContext camelContext;
    private String name;

    /** @param name of the upstream */
    public void setName(String name) {
        this.name = name;
    }

    @Override
    public CamelContext getCamelContext() {
        return camelContext;
    }

    @Override
    public void setCamelContext(CamelContext camelContext) {
        this.camelContext = camelContext;
    }

    /** From now on it makes the probes. */
    public void register() {
        Breakers.of(camelContext).check(name);
    }

    @Override
    public boolean matches(Exchange exchange) {
        UpstreamBreaker breaker = Breakers.of(exchange.getContext()).get(name);
        Permit probe = breaker == null ? null : breaker.tryCheck();
        if (probe == null) {
            return false;
        }
        Admission admission = Admission.give(exchange, breaker, probe);
        // In case that the check does not come to the breaker's EIP.
        exchange.getExchangeExtension().addOnCompletion(new SynchronizationAdapter() {
            @Override
            public void onDone(Exchange done) {
                admission.giveBack();
            }
        });
        return true;
    }
}
