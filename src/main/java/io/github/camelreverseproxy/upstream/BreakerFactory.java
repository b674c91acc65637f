package io.github.camelreverseproxy.upstream;

import org.apache.camel.CamelContext;
import org.apache.camel.CamelContextAware;
import org.apache.camel.NamedNode;
import org.apache.camel.Processor;
import org.apache.camel.Route;
import org.apache.camel.component.resilience4j.ResilienceProcessor;
import org.apache.camel.processor.DefaultProcessorFactory;
import org.apache.camel.spi.ProcessorFactory;

/** Makes a {@link BreakerProcessor} of each circuitBreaker EIP that names an {@link UpstreamBreaker}. Thread-safe. */
public final class BreakerFactory extends DefaultProcessorFactory implements CamelContextAware {
    private CamelContext camelContext;

    @Override
    public CamelContext getCamelContext() {
        return camelContext;
    }

    @Override
    public void setCamelContext(CamelContext camelContext) {
        this.camelContext = camelContext;
    }

    /** Takes the place of Camel's own factory. */
    public void register() {
        camelContext.getCamelContextExtension().addContextPlugin(ProcessorFactory.class, this);
    }

    @Override
    public Processor createProcessor(Route route, NamedNode node) throws Exception {
        Processor made = super.createProcessor(route, node);
        CamelContextAware.trySetCamelContext(made, camelContext);
        return made instanceof ResilienceProcessor eip && eip.getCircuitBreaker() instanceof UpstreamBreaker breaker
                ? new BreakerProcessor(eip, breaker) : made;
    }
}
