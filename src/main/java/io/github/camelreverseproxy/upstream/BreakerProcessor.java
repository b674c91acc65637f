package io.github.camelreverseproxy.upstream;

import java.util.List;

import io.github.camelreverseproxy.upstream.BreakerState.Permit;
import org.apache.camel.AsyncCallback;
import org.apache.camel.AsyncProcessor;
import org.apache.camel.Exchange;
import org.apache.camel.Navigate;
import org.apache.camel.Processor;
import org.apache.camel.component.resilience4j.ResilienceProcessor;
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
    private final ResilienceProcessor eip;
    private final UpstreamBreaker breaker;
    private final AsyncProcessor steps;

    /** @param eip what Camel has made of the EIP */
    BreakerProcessor(ResilienceProcessor eip, UpstreamBreaker breaker) {
        this.eip = eip;
        this.breaker = breaker;
        this.steps = AsyncProcessorConverterHelper.convert(eip.next().get(0));
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
        return eip.next();
    }

    @Override
    public boolean hasNext() {
        return true;
    }

    @Override
    public String getId() {
        return eip.getId();
    }

    @Override
    public void setId(String id) {
        eip.setId(id);
    }

    @Override
    public String getRouteId() {
        return eip.getRouteId();
    }

    @Override
    public void setRouteId(String routeId) {
        eip.setRouteId(routeId);
    }

    @Override
    protected void doBuild() throws Exception {
        ServiceHelper.buildService(eip);
    }

    @Override
    protected void doStart() throws Exception {
        ServiceHelper.startService(eip);
    }

    @Override
    protected void doStop() throws Exception {
        ServiceHelper.stopService(eip);
    }
}
