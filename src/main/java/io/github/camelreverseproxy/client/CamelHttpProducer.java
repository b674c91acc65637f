package io.github.camelreverseproxy.client;

import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;

import io.github.camelreverseproxy.forwarding.AttemptRecord;
import io.github.camelreverseproxy.forwarding.BodyStream;
import io.github.camelreverseproxy.forwarding.ProxyRequest;
import io.github.camelreverseproxy.forwarding.ResponseMessage;
import io.github.camelreverseproxy.forwarding.UpstreamException;
import io.github.camelreverseproxy.forwarding.WholeBody;
import io.github.camelreverseproxy.forwarding.WholeBytes;
import io.github.camelreverseproxy.message.EndToEndFields;
import io.github.camelreverseproxy.message.Failure;
import io.github.camelreverseproxy.message.ProxyException;
import io.netty.buffer.Unpooled;
import org.apache.camel.AsyncCallback;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.Producer;
import org.apache.camel.component.http.HttpEndpoint;
import org.apache.camel.spi.HeaderFilterStrategy;
import org.apache.camel.support.DefaultAsyncProducer;
import org.apache.camel.support.DefaultExchange;
import org.apache.camel.support.service.ServiceHelper;
import org.apache.hc.core5.http.io.EofSensorInputStream;
import org.apache.hc.core5.util.Timeout;

/**
 * The client that waits: camel-http as it is, each request on a thread of its own, bodies whole both ways; for what
 * HttpClient can do and the other client cannot, like asking by way of a forward proxy. The component's options and the
 * endpoint's are open to the user. What differs on the wire is in the README. Thread-safe.
 */
final class CamelHttpProducer extends DefaultAsyncProducer {
    private static final int PIECE = 64 * 1024;
    /** As with the other client: the place of its request is counted. */
    private static final int UNCOUNTED = 4096;

    private final UpstreamEndpoint endpoint;
    private final Upstream upstream;
    private Producer http;

    CamelHttpProducer(UpstreamEndpoint endpoint, Upstream upstream) {
        super(endpoint);
        this.upstream = upstream;
        this.endpoint = endpoint;
    }

    @Override
    protected void doStart() throws Exception {
        super.doStart();
        if (upstream.url().host().indexOf('_') >= 0) {
            throw new IllegalArgumentException(upstream.name() + ": the client camel-http asks no host whose name has an underscore, "
                    + upstream.url().host() + "; the client event-loop does");
        }
        Map<String, Object> options = endpoint.httpOptions();
        Map.of("bridgeEndpoint", true, "throwExceptionOnFailure", false, "copyHeaders", false, "getWithBody", true, "deleteWithBody", true,
                "disableStreamCache", true, "connectTimeout", Timeout.ofMilliseconds(upstream.connectTimeout()),
                "responseTimeout", Timeout.ofMilliseconds(upstream.responseTimeout()), "preserveHostHeader", upstream.requests().hasOwnHost()).forEach(options::putIfAbsent);
        String scheme = upstream.url().tls() ? "https" : "http";
        HttpEndpoint camelHttp = (HttpEndpoint) getEndpoint().getCamelContext().getComponent(scheme)
                .createEndpoint(scheme + "://" + upstream.url().authority() + upstream.url().path(), options);
        camelHttp.setHeaderFilterStrategy(new EndToEnd());
        http = camelHttp.createProducer();
        ServiceHelper.startService(camelHttp, http);
    }

    @Override
    protected void doStop() throws Exception {
        ServiceHelper.stopService(http);
        super.doStop();
    }

    @Override
    public boolean process(Exchange exchange, AsyncCallback callback) {
        if (exchange.getMessage().getBody() instanceof BodyStream stream) {
            WholeBody.collect(stream, exchange, (body, failed) -> {
                exchange.getMessage().setBody(body);
                exchange.setException(failed);
                if (failed != null || begin(exchange, callback)) {
                    callback.done(false);
                }
            });
            return false;
        }
        if (begin(exchange, callback)) {
            callback.done(true);
            return true;
        }
        return false;
    }

    /** @return whether it has failed */
    private boolean begin(Exchange exchange, AsyncCallback callback) {
        Call call = new Call(exchange, callback);
        try {
            call.request.begun(call);
            endpoint.component().workers().execute(call);
            return false;
        } catch (RejectedExecutionException e) {
            call.request.ended(call);
            call.record.failed(Failure.OVERLOADED);
            exchange.setException(e);
            return !call.ended.getAndSet(true);
        }
    }

    /** A request on its thread; one that was ended before its time is left to itself. */
    private final class Call implements Runnable, ProxyRequest.Cancellable {
        private final Exchange exchange;
        private final AsyncCallback callback;
        private final ProxyRequest request;
        private final AtomicBoolean ended = new AtomicBoolean();
        private final AttemptRecord record;
        private volatile EofSensorInputStream reading;

        Call(Exchange exchange, AsyncCallback callback) {
            this.exchange = exchange;
            this.callback = callback;
            this.request = ProxyRequest.of(exchange);
            this.record = endpoint.component().journal().attempt(request, upstream.name(), !request.isAnsweredBy(exchange));
        }

        @Override
        public void run() {
            try {
                Message response = ended.get() ? null : ask();
                if (!ended.getAndSet(true)) {
                    record.answered(response.getHeader(Exchange.HTTP_RESPONSE_CODE, 0, Integer.class));
                    exchange.setMessage(response);
                    finish();
                }
            } catch (ProxyException | RuntimeException | Error e) {
                fail(e);
            } catch (Exception e) {
                Failure failure = Faults.of(e, true);
                boolean sent = failure.blame() != Failure.Blame.UNREACHABLE;
                fail(new UpstreamException(upstream.name(), failure, e, sent));
            }
        }

        private void fail(Throwable e) {
            if (!ended.getAndSet(true)) {
                record.failed(Failure.of(e));
                exchange.setException(e);
                finish();
            }
        }

        @Override
        public void cancel(ProxyException why) {
            fail(why);
            EofSensorInputStream read = reading;
            if (read != null) {
                try {
                    read.abort();
                } catch (IOException e) {
                    // It has ended by itself.
                }
            }
        }

        @Override
        public boolean isFor(Exchange other) {
            return exchange == other;
        }

        private void finish() {
            request.ended(this);
            callback.done(false);
        }

        /** By an exchange of its own: what is set for this upstream must not go to another one, and nothing of HttpClient's is to run when ours ends. */
        private Message ask() throws Exception {
            Exchange asked = new DefaultExchange(exchange.getContext());
            asked.getIn().copyFrom(exchange.getMessage());
            UpstreamRequests.trace(asked.getIn(), record, request);
            upstream.requests().prepare(asked.getIn());
            http.process(asked);
            Message response = new ResponseMessage(exchange);
            response.setHeaders(asked.getMessage().getHeaders());
            EndToEndFields.dropNamed(response.getHeaders());
            Location.rewrite(upstream, response.getHeaders(), request);
            response.setBody(asked.getMessage().getBody() instanceof InputStream body ? whole(body) : asked.getMessage().getBody(byte[].class));
            return response;
        }

        private byte[] whole(InputStream body) throws IOException {
            reading = body instanceof EofSensorInputStream connection ? connection : null;
            int most = upstream.rules().maxResponseBody();
            WholeBytes whole = new WholeBytes(request.client(), most, UNCOUNTED);
            byte[] piece = new byte[PIECE];
            for (int size = body.read(piece); size >= 0; size = body.read(piece)) {
                boolean large = size > most - whole.size();
                if (ended.get() || large || !whole.add(Unpooled.wrappedBuffer(piece, 0, size), size)) {
                    if (reading != null) {
                        reading.abort();
                    }
                    throw large ? new ProxyException(Failure.RESPONSE_TOO_LARGE) : new ProxyException(Failure.OVERLOADED, "no room for the response");
                }
            }
            body.close();
            return whole.take();
        }
    }

    /** The end-to-end fields, both ways. */
    private static final class EndToEnd implements HeaderFilterStrategy {
        @Override
        public boolean applyFilterToCamelHeaders(String name, Object value, Exchange exchange) {
            return !EndToEndFields.travels(name) || name.equalsIgnoreCase("Host");
        }

        @Override
        public boolean applyFilterToExternalHeaders(String name, Object value, Exchange exchange) {
            return !EndToEndFields.travels(name) && !name.equalsIgnoreCase("Connection");
        }
    }
}
