package io.github.camelreverseproxy.client;

import java.io.IOException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.util.concurrent.TimeUnit;

import io.github.camelreverseproxy.client.ReuseGuard.StaleConnectionException;
import io.github.camelreverseproxy.forwarding.ProxyRequest;
import io.github.camelreverseproxy.forwarding.ResponseMessage;
import io.github.camelreverseproxy.forwarding.UpstreamException;
import io.github.camelreverseproxy.message.Failure;
import io.github.camelreverseproxy.message.Methods;
import io.github.camelreverseproxy.message.ProxyException;
import io.github.camelreverseproxy.message.Tokens;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.component.http.HttpActivityListener;
import org.apache.camel.component.http.HttpClientConfigurer;
import org.apache.hc.client5.http.classic.ExecChain;
import org.apache.hc.client5.http.classic.ExecChainHandler;
import org.apache.hc.client5.http.classic.ExecRuntime;
import org.apache.hc.client5.http.impl.classic.HttpClientBuilder;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManager;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.HttpHost;
import org.apache.hc.core5.http.HttpRequest;
import org.apache.hc.core5.http.HttpResponse;
import org.apache.hc.core5.http.NoHttpResponseException;
import org.apache.hc.core5.http.message.BasicClassicHttpRequest;
import org.apache.hc.core5.http.message.BasicClassicHttpResponse;
import org.apache.hc.core5.util.TimeValue;
import org.apache.hc.core5.util.Timeout;

/**
 * An upstream's side of camel-http: what is sent and what is made of the answer. Plugged in before HttpClient's own
 * stations, it takes their place, so that there is no redirect, retry, cookie, authentication or decompression between
 * the message and the wire, and every byte of the request is written here. Thread-safe once configured.
 */
final class CamelHttpClient implements HttpClientConfigurer, HttpActivityListener, ExecChainHandler {
    private static final long FOREVER = TimeUnit.DAYS.toMillis(1000);
    private static final long IDLE_MILLIS = 180_000;

    private final UpstreamEndpoint endpoint;
    private PoolingHttpClientConnectionManager connections;

    CamelHttpClient(UpstreamEndpoint endpoint) {
        this.endpoint = endpoint;
    }

    @Override
    public void configureHttpClient(HttpClientBuilder builder) {
        connections = CamelHttpConnections.pool(endpoint);
        builder.setConnectionManager(connections).addExecInterceptorFirst("upstream", this);
    }

    @Override
    public ClassicHttpResponse execute(ClassicHttpRequest asked, ExecChain.Scope scope, ExecChain chain) throws IOException {
        Exchange exchange = (Exchange) scope.clientContext.getAttribute("org.apache.camel.Exchange");
        ClassicHttpRequest request = request(exchange.getMessage(), scope.route.getTargetHost());
        while (true) {
            try {
                return attempt(exchange, request, scope.execRuntime, scope);
            } catch (StaleConnectionException e) {
                requireNotCancelled(ProxyRequest.of(exchange));
                connections.closeIdle(TimeValue.ZERO_MILLISECONDS);
            }
        }
    }

    private ClassicHttpResponse attempt(Exchange exchange, ClassicHttpRequest request, ExecRuntime connection, ExecChain.Scope scope)
            throws IOException {
        Timeout patience = scope.clientContext.getRequestConfigOrDefault().getResponseTimeout();
        Call call = new Call(patience == null ? FOREVER : patience.toMilliseconds(), connection);
        ProxyRequest of = ProxyRequest.of(exchange);
        boolean released = false;
        boolean used = false;
        of.begun(call);
        try {
            requireNotCancelled(of);
            connection.acquireEndpoint(scope.exchangeId, scope.route, null, scope.clientContext);
            used = connection.isEndpointConnected();
            if (!connection.isEndpointConnected()) {
                connection.connectEndpoint(scope.clientContext);
            }
            requireNotCancelled(of);
            call.sent = true;
            ResponseReader.Head head = (ResponseReader.Head) call.head(request, scope);
            UpstreamResponse whole = head.whole();
            if (of.client() != null && !of.client().hold(2L * whole.body().length)) {
                throw new ProxyException(Failure.OVERLOADED, "no room for the response");
            }
            boolean login = Login.isIn(exchange.getMessage().getHeader("Authorization")) || Login.isAskedFor(whole);
            if (whole.keepsConnection() && !head.isFollowed() && !login) {
                connection.markConnectionReusable(null, TimeValue.ofMilliseconds(whole.keepAliveMillis(IDLE_MILLIS)));
            } else {
                connection.markConnectionNonReusable();
            }
            connection.releaseEndpoint();
            released = true;
            return response(whole, exchange);
        } catch (StaleConnectionException e) {
            throw e;
        } catch (IOException | HttpException | IllegalStateException e) {
            if (of.cancelled() != null) {
                throw of.cancelled();
            }
            if (e instanceof IllegalStateException own) {
                throw own;
            }
            // The others in the pool are no better, most likely, and not every request may be sent again.
            connections.closeIdle(TimeValue.ZERO_MILLISECONDS);
            if (used && (e instanceof NoHttpResponseException || e instanceof SocketException)) {
                if (Methods.isIdempotent(request.getMethod())) {
                    throw new StaleConnectionException();
                }
                throw new UpstreamException(endpoint.name(), Failure.CONNECTION_CLOSED, e, true);
            }
            throw new UpstreamException(endpoint.name(), Faults.of(e, call.sent), e, call.sent);
        } finally {
            of.ended(call);
            if (!released) {
                connection.discardEndpoint();
            }
        }
    }

    private static void requireNotCancelled(ProxyRequest request) throws ProxyException {
        if (request.cancelled() != null) {
            throw request.cancelled();
        }
    }

    /** How far it has come. */
    private static final class Call extends Watchdog.Watched implements ProxyRequest.Cancellable {
        private final ExecRuntime connection;
        private boolean sent;

        Call(long patience, ExecRuntime connection) {
            super(patience, connection::discardEndpoint);
            this.connection = connection;
        }

        @Override
        public void cancel(ProxyException why) {
            connection.discardEndpoint();
        }

        /** Sends the request and waits for a response to begin. */
        ClassicHttpResponse head(ClassicHttpRequest request, ExecChain.Scope scope) throws IOException, HttpException {
            Watchdog.watch(this);
            try {
                ClassicHttpResponse head = connection.execute(scope.exchangeId, request, null, scope.clientContext);
                if (Watchdog.release(this)) {
                    return head;
                }
            } catch (IOException | HttpException | IllegalStateException e) {
                if (Watchdog.release(this)) {
                    throw e;
                }
            }
            throw new SocketTimeoutException("no response in time");
        }
    }

    /** @throws ProxyException if the message cannot be sent as it is */
    private ClassicHttpRequest request(Message message, HttpHost host) throws ProxyException {
        UpstreamRequests requests = endpoint.requests();
        byte[] body = requests.body(message);
        ClassicHttpRequest request = new BasicClassicHttpRequest(requests.method(message, body), host,
                requests.target(message, endpoint.base()));
        try {
            requests.fields(message, endpoint.authority(), body, (name, value) -> request.addHeader(Tokens.requireField(name, value), value));
        } catch (IllegalArgumentException e) {
            throw new ProxyException(Failure.INTERNAL, Failure.INTERNAL.text(), e);
        }
        if (body != null && body.length > 0) {
            request.setEntity(new WholeBody(body));
        }
        return request;
    }

    private ClassicHttpResponse response(UpstreamResponse whole, Exchange exchange) {
        Message answer = new ResponseMessage(exchange);
        whole.readFields(answer.getHeaders());
        endpoint.location().rewrite(answer.getHeaders(), ProxyRequest.of(exchange));
        if (whole.isHttp10()) {
            answer.setHeader(Exchange.HTTP_PROTOCOL_VERSION, "HTTP/1.0");
        }
        out(exchange, answer);
        ClassicHttpResponse response = new BasicClassicHttpResponse(whole.status(), whole.reason());
        if (whole.body().length > 0) {
            response.setEntity(new WholeBody(whole.body()));
        }
        return response;
    }

    /** camel-http answers with the out message, and fills in the status and the body. */
    @SuppressWarnings("deprecation")
    private static void out(Exchange exchange, Message answer) {
        exchange.setOut(answer);
    }

    /** Listens to nothing: that there is a listener makes camel-http pass the exchange on to HttpClient. */
    @Override
    public void onRequestSubmitted(Object source, Exchange exchange, HttpHost host, HttpRequest request, HttpEntity entity) {
    }

    @Override
    public void onResponseReceived(Object source, Exchange exchange, HttpHost host, HttpResponse response,
                                   HttpEntity entity, long elapsed) {
    }
}
