package io.github.camelreverseproxy.upstream;

import io.github.camelreverseproxy.message.Failure;
import io.github.camelreverseproxy.message.ProxyException;
import io.github.resilience4j.bulkhead.BulkheadFullException;
import io.github.resilience4j.circuitbreaker.CallNotPermittedException;
import org.apache.camel.AsyncCallback;
import org.apache.camel.CamelContext;
import org.apache.camel.CamelContextAware;
import org.apache.camel.Exchange;
import org.apache.camel.NamedNode;
import org.apache.camel.Processor;
import org.apache.camel.Route;
import org.apache.camel.component.resilience4j.ResilienceProcessor;
import org.apache.camel.model.CircuitBreakerDefinition;
import org.apache.camel.model.Resilience4jConfigurationDefinition;
import org.apache.camel.processor.DefaultProcessorFactory;
import org.apache.camel.reifier.ProcessorReifier;
import org.apache.camel.support.processor.DelegateAsyncProcessor;

/** Makes a {@link BreakerProcessor} of each circuitBreaker EIP that names an {@link UpstreamBreaker}; any other stays Camel's. Thread-safe. */
public final class BreakerFactory extends DefaultProcessorFactory {
    private final CamelContext camelContext;

    public BreakerFactory(CamelContext camelContext) {
        this.camelContext = camelContext;
    }

    @Override
    public Processor createProcessor(Route route, NamedNode node) throws Exception {
        if (node instanceof CircuitBreakerDefinition eip) {
            Guarded guarded = new Guarded(route, eip);
            if (guarded.breaker() != null) {
                return guarded.createProcessor();
            }
        }
        Processor made = super.createProcessor(route, node);
        CamelContextAware.trySetCamelContext(made, camelContext);
        return made instanceof ResilienceProcessor eip ? new Refusing(eip) : made;
    }

    /** The EIP with the breaker that its {@code resilience4jConfiguration} names. */
    private static final class Guarded extends ProcessorReifier<CircuitBreakerDefinition> {
        Guarded(Route route, CircuitBreakerDefinition eip) {
            super(route, eip);
        }

        UpstreamBreaker breaker() {
            Resilience4jConfigurationDefinition options = definition.getResilience4jConfiguration();
            String name = options == null || options.getCircuitBreaker() == null ? null : parseString(options.getCircuitBreaker());
            return name != null && lookupByName(name) instanceof UpstreamBreaker breaker ? breaker : null;
        }

        @Override
        public Processor createProcessor() throws Exception {
            return new BreakerProcessor(createChildProcessor(true), breaker());
        }
    }

    /** A circuitBreaker EIP of Resilience4j's own: what it refuses has reached no upstream, and may go to another. */
    private static final class Refusing extends DelegateAsyncProcessor {
        Refusing(ResilienceProcessor eip) {
            super(eip);
        }

        @Override
        public boolean process(Exchange exchange, AsyncCallback callback) {
            return super.process(exchange, done -> {
                if (exchange.getException(CallNotPermittedException.class) != null || exchange.getException(BulkheadFullException.class) != null) {
                    exchange.setException(new ProxyException(Failure.UNAVAILABLE, Failure.UNAVAILABLE.text(), exchange.getException()));
                }
                callback.done(done);
            });
        }
    }
}
