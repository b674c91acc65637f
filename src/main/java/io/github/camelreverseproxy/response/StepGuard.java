package io.github.camelreverseproxy.response;

import io.github.camelreverseproxy.client.UpstreamEndpoint;
import org.apache.camel.AsyncCallback;
import org.apache.camel.AsyncProcessor;
import org.apache.camel.CamelContext;
import org.apache.camel.CamelExecutionException;
import org.apache.camel.Exchange;
import org.apache.camel.NamedNode;
import org.apache.camel.Processor;
import org.apache.camel.component.direct.DirectEndpoint;
import org.apache.camel.processor.SendProcessor;
import org.apache.camel.spi.InterceptStrategy;
import org.apache.camel.spi.WrapAwareProcessor;
import org.apache.camel.support.processor.DelegateAsyncProcessor;
import org.apache.camel.support.processor.DelegateSyncProcessor;

/**
 * Turns an {@link Error} that a step of a route throws into an exception of its exchange. Camel's routing catches
 * exceptions alone; it would lose the exchange, and the client would wait for an answer. Thread-safe.
 */
public final class StepGuard implements InterceptStrategy {
    @Override
    public Processor wrapProcessorInInterceptors(CamelContext context, NamedNode definition, Processor target, Processor next) {
        // What these two lead to is guarded itself, or cannot throw one.
        boolean safe = target instanceof SendProcessor send
                && (send.getEndpoint() instanceof DirectEndpoint || send.getEndpoint() instanceof UpstreamEndpoint);
        return safe ? target : new Guarded(target);
    }

    private static final class Guarded extends DelegateAsyncProcessor implements WrapAwareProcessor {
        private final Processor step;
        private final boolean waits;

        Guarded(Processor step) {
            super(step);
            this.step = step;
            this.waits = !(step instanceof AsyncProcessor) || step instanceof DelegateSyncProcessor;
        }

        @Override
        public boolean process(Exchange exchange, AsyncCallback callback) {
            try {
                if (!waits) {
                    return super.process(exchange, callback);
                }
                // Camel's own bridge goes on with the route before the Error is seen.
                step.process(exchange);
            } catch (Exception e) {
                exchange.setException(e);
            } catch (Error e) {
                exchange.setException(new CamelExecutionException("a step has failed", exchange, e));
            }
            callback.done(true);
            return true;
        }

        @Override
        public Processor getWrapped() {
            return step;
        }
    }
}
