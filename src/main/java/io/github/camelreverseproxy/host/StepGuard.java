package io.github.camelreverseproxy.host;

import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.LongAdder;

import io.github.camelreverseproxy.client.UpstreamEndpoint;
import io.github.camelreverseproxy.observe.Arrows;
import io.github.camelreverseproxy.upstream.EipFactory;
import io.github.camelreverseproxy.upstream.Redelivery;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.EventExecutor;
import org.apache.camel.AsyncCallback;
import org.apache.camel.AsyncProcessor;
import org.apache.camel.AsyncProducer;
import org.apache.camel.CamelContext;
import org.apache.camel.CamelExecutionException;
import org.apache.camel.Endpoint;
import org.apache.camel.Exchange;
import org.apache.camel.NamedNode;
import org.apache.camel.Processor;
import org.apache.camel.Producer;
import org.apache.camel.spi.WrapAwareProcessor;
import org.apache.camel.component.direct.DirectEndpoint;
import org.apache.camel.model.AggregateDefinition;
import org.apache.camel.model.CircuitBreakerDefinition;
import org.apache.camel.model.DelayDefinition;
import org.apache.camel.model.DynamicRouterDefinition;
import org.apache.camel.model.EndpointRequiredDefinition;
import org.apache.camel.model.EnrichDefinition;
import org.apache.camel.model.PollDefinition;
import org.apache.camel.model.PollEnrichDefinition;
import org.apache.camel.model.ProcessorDefinitionHelper;
import org.apache.camel.model.RecipientListDefinition;
import org.apache.camel.model.ResequenceDefinition;
import org.apache.camel.model.RoutingSlipDefinition;
import org.apache.camel.model.SagaDefinition;
import org.apache.camel.model.ThrottleDefinition;
import org.apache.camel.model.ToDynamicDefinition;
import org.apache.camel.model.TransactedDefinition;
import org.apache.camel.model.WireTapDefinition;
import org.apache.camel.processor.SendProcessor;
import org.apache.camel.spi.InterceptStrategy;
import org.apache.camel.support.SynchronousDelegateProducer;
import org.apache.camel.support.processor.DelegateAsyncProcessor;
import org.apache.camel.support.processor.DelegateSyncProcessor;

/**
 * Stands around each step of a route. A step that throws an {@link Error} is answered like one that throws an exception:
 * Camel's routing catches exceptions alone; it would lose the exchange, and the client would wait for an answer. And a step
 * that waits does so on the workers: an event loop has other clients to serve. Thread-safe.
 */
final class StepGuard implements InterceptStrategy {
    /** EIPs that wait, or that send to whatever a message names. */
    private static final Set<Class<?>> WAITING = Set.of(ThrottleDefinition.class, DelayDefinition.class, AggregateDefinition.class, ResequenceDefinition.class,
            EnrichDefinition.class, PollEnrichDefinition.class, PollDefinition.class, RecipientListDefinition.class, RoutingSlipDefinition.class,
            DynamicRouterDefinition.class, ToDynamicDefinition.class, TransactedDefinition.class, SagaDefinition.class);

    private final EventLoopGroup eventLoops;
    private final Executor workers;

    StepGuard(EventLoopGroup eventLoops, Executor workers) {
        this.eventLoops = eventLoops;
        this.workers = workers;
    }

    @Override
    public Processor wrapProcessorInInterceptors(CamelContext context, NamedNode definition, Processor target, Processor next) throws Exception {
        // What these two lead to is guarded itself, or neither throws an Error nor waits.
        if (target instanceof SendProcessor send && send.getEndpoint() instanceof UpstreamEndpoint) {
            Arrows.of(context).add(ProcessorDefinitionHelper.getRouteId(definition), definition.getId(), definition.getDescriptionText(),
                    send.getEndpoint().getEndpointUri());
            return target;
        }
        if (target instanceof SendProcessor send && send.getEndpoint() instanceof DirectEndpoint) {
            return new Returning(target, arrow(context, definition, send.getEndpoint().getEndpointUri()));
        }
        LongAdder sent = definition instanceof EndpointRequiredDefinition sending
                ? arrow(context, definition, target instanceof SendProcessor send ? send.getEndpoint().getEndpointUri() : sending.getEndpointUri()) : null;
        return waits(definition, target) ? new Moved(target, sent) : new Guarded(target, sent);
    }

    /** Where a step sends to, for those who look at the routes from outside. */
    private static LongAdder arrow(CamelContext context, NamedNode step, String to) {
        return Arrows.of(context).add(context, ProcessorDefinitionHelper.getRouteId(step), step.getId(), step.getDescriptionText(), to);
    }

    private static boolean waits(NamedNode definition, Processor target) throws Exception {
        if (definition instanceof CircuitBreakerDefinition) {
            return !EipFactory.isOfUpstream(target);
        }
        return target instanceof SendProcessor send ? !isAsynchronous(send.getEndpoint())
                : WAITING.stream().anyMatch(eip -> eip.isInstance(definition)) && !(definition instanceof WireTapDefinition);
    }

    /** Whether its producer hands an exchange back when it has an answer, rather than waiting for one. */
    private static boolean isAsynchronous(Endpoint endpoint) throws Exception {
        Producer producer = endpoint.createProducer();
        return producer instanceof AsyncProducer && !(producer instanceof SynchronousDelegateProducer) && !endpoint.getEndpointUri().startsWith("seda:");
    }

    /** A step that is another route. */
    private static final class Returning extends DelegateAsyncProcessor implements WrapAwareProcessor {
        private final Processor step;
        private final LongAdder sent;

        Returning(Processor step, LongAdder sent) {
            super(step);
            this.step = step;
            this.sent = sent;
        }

        @Override
        public boolean process(Exchange exchange, AsyncCallback callback) {
            sent.increment();
            return super.process(exchange, done -> {
                Redelivery.comesBack(exchange);
                callback.done(done);
            });
        }

        @Override
        public Processor getWrapped() {
            return step;
        }
    }

    private static class Guarded extends DelegateAsyncProcessor implements WrapAwareProcessor {
        private final Processor step;
        private final boolean synchronous;
        private final LongAdder sent;

        /** @param sent counts; null for a step that does not send */
        Guarded(Processor step, LongAdder sent) {
            super(step);
            this.sent = sent;
            this.step = step;
            this.synchronous = !(step instanceof AsyncProcessor) || step instanceof DelegateSyncProcessor;
        }

        @Override
        public boolean process(Exchange exchange, AsyncCallback callback) {
            if (sent != null) {
                sent.increment();
            }
            try {
                if (!synchronous) {
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

    private final class Moved extends Guarded {
        Moved(Processor step, LongAdder sent) {
            super(step, sent);
        }

        @Override
        public boolean process(Exchange exchange, AsyncCallback callback) {
            if (!isOnEventLoop()) {
                return super.process(exchange, callback);
            }
            try {
                workers.execute(() -> super.process(exchange, done -> {
                    Redelivery.comesBack(exchange);
                    callback.done(false);
                }));
                return false;
            } catch (RejectedExecutionException e) {
                exchange.setException(e);
                callback.done(true);
                return true;
            }
        }

        private boolean isOnEventLoop() {
            for (EventExecutor loop : eventLoops) {
                if (loop.inEventLoop()) {
                    return true;
                }
            }
            return false;
        }
    }
}
