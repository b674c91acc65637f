package io.github.camelreverseproxy.upstream;

import java.util.List;

import org.apache.camel.AsyncCallback;
import org.apache.camel.AsyncProcessor;
import org.apache.camel.Exchange;
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
    private final UpstreamBreaker breaker;
    private final AsyncProcessor steps;
    private String id;
    private String routeId;

    /** @param steps those inside the EIP */
    BreakerProcessor(Processor steps, UpstreamBreaker breaker) {
        this.breaker = breaker;
        this.steps = AsyncProcessorConverterHelper.convert(steps);
    }

    @Override
    public boolean process(Exchange exchange, AsyncCallback callback) {
        Permit permit = Admission.take(exchange, breaker);
        if (permit == null) {
            exchange.setException(breaker.refusal());
            callback.done(true);
            return true;
        }
        Call call = new Call(exchange, permit, callback);
        try {
            return steps.process(exchange, call);
        } catch (RuntimeException | Error e) {
            // The permit would be lost.
            if (call.ended) {
                throw e;
            }
            exchange.setException(e);
            call.done(true);
            return true;
        }
    }

    /** A call, which ends once. */
    private final class Call implements AsyncCallback {
        private final Exchange exchange;
        private final Permit permit;
        private final AsyncCallback callback;
        private boolean ended;

        Call(Exchange exchange, Permit permit, AsyncCallback callback) {
            this.exchange = exchange;
            this.permit = permit;
            this.callback = callback;
        }

        @Override
        public void done(boolean sync) {
            ended = true;
            breaker.ended(permit, exchange);
            callback.done(sync);
        }
    }

    @Override
    public List<Processor> next() {
        return List.of(steps);
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
        ServiceHelper.startService(steps);
    }

    @Override
    protected void doStop() throws Exception {
        ServiceHelper.stopService(steps);
    }
}
