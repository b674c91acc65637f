package io.github.camelreverseproxy.upstream;

import java.util.List;

import io.github.camelreverseproxy.forwarding.ProxyRequest;
import io.github.camelreverseproxy.message.Failure;
import org.apache.camel.AsyncCallback;
import org.apache.camel.AsyncProcessor;
import org.apache.camel.Exchange;
import org.apache.camel.ExchangePropertyKey;
import org.apache.camel.Navigate;
import org.apache.camel.Processor;
import org.apache.camel.spi.IdAware;
import org.apache.camel.spi.RouteIdAware;
import org.apache.camel.support.AsyncProcessorConverterHelper;
import org.apache.camel.support.AsyncProcessorSupport;
import org.apache.camel.support.service.ServiceHelper;

/**
 * The circuitBreaker EIP with an {@link UpstreamBreaker}: it does not wait for the steps inside it, and works on the
 * exchange itself where Camel's waits and works on a copy. Thread-safe.
 */
final class BreakerProcessor extends AsyncProcessorSupport implements Navigate<Processor>, IdAware, RouteIdAware {
    private static final int CLIENTS_FAULT_ENDS = 500;

    private final UpstreamBreaker breaker;
    private final AsyncProcessor steps;
    private final AsyncProcessor fallback;
    private String id;
    private String routeId;

    /**
     * @param steps    those inside the EIP
     * @param fallback those of its onFallback, or null
     */
    BreakerProcessor(Processor steps, UpstreamBreaker breaker, Processor fallback) {
        this.breaker = breaker;
        this.steps = AsyncProcessorConverterHelper.convert(steps);
        this.fallback = fallback == null ? null : AsyncProcessorConverterHelper.convert(fallback);
    }

    UpstreamBreaker breaker() {
        return breaker;
    }

    boolean fallsBack() {
        return fallback != null;
    }

    @Override
    public boolean process(Exchange exchange, AsyncCallback callback) {
        Permit permit = Admission.take(exchange, breaker);
        if (permit == null) {
            exchange.setException(breaker.refusal());
            return answer(exchange, callback, true);
        }
        Call call = new Call(exchange, permit, callback);
        try {
            return steps.process(exchange, call) && call.sync;
        } catch (RuntimeException | Error e) {
            // The permit would be lost.
            if (call.ended) {
                throw e;
            }
            exchange.setException(e);
            call.done(true);
            return call.sync;
        }
    }

    /**
     * By the fallback, if there is one and the call has failed, other than by the client's fault; if somebody still waits for it.
     *
     * @param sync how the call has ended
     * @return how the answer has
     */
    private boolean answer(Exchange exchange, AsyncCallback callback, boolean sync) {
        boolean failed = exchange.getException() != null && Failure.of(exchange.getException()).status() >= CLIENTS_FAULT_ENDS;
        if (fallback == null || !failed || ProxyRequest.of(exchange).cancelled() != null) {
            callback.done(sync);
            return sync;
        }
        exchange.setProperty(Exchange.EXCEPTION_CAUGHT, exchange.getException());
        exchange.setProperty(ExchangePropertyKey.CIRCUIT_BREAKER_RESPONSE_SUCCESSFUL_EXECUTION, false);
        exchange.setProperty(ExchangePropertyKey.CIRCUIT_BREAKER_RESPONSE_FROM_FALLBACK, true);
        exchange.setException(null);
        Redelivery.anew(exchange);
        return fallback.process(exchange, done -> callback.done(sync && done)) && sync;
    }

    /** A call, which ends once. */
    private final class Call implements AsyncCallback {
        private final Exchange exchange;
        private final Permit permit;
        private final AsyncCallback callback;
        private boolean ended;
        private boolean sync = true;

        Call(Exchange exchange, Permit permit, AsyncCallback callback) {
            this.exchange = exchange;
            this.permit = permit;
            this.callback = callback;
        }

        @Override
        public void done(boolean inTime) {
            ended = true;
            Admission.end(exchange, permit);
            breaker.ended(permit, exchange);
            sync = answer(exchange, callback, inTime);
        }
    }

    @Override
    public List<Processor> next() {
        return fallback == null ? List.of(steps) : List.of(steps, fallback);
    }

    @Override
    public boolean hasNext() {
        return true;
    }

    @Override
    public String getId() {
        return id;
    }

    @Override
    public void setId(String id) {
        this.id = id;
    }

    @Override
    public String getRouteId() {
        return routeId;
    }

    @Override
    public void setRouteId(String routeId) {
        this.routeId = routeId;
    }

    @Override
    protected void doStart() throws Exception {
        ServiceHelper.startService(steps, fallback);
    }

    @Override
    protected void doStop() throws Exception {
        ServiceHelper.stopService(steps, fallback);
    }
}
