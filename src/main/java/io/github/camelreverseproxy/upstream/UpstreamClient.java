package io.github.camelreverseproxy.upstream;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.util.concurrent.TimeUnit;

import io.github.camelreverseproxy.CamelBean;
import io.github.camelreverseproxy.EndToEndFields;
import io.github.camelreverseproxy.upstream.ReuseGuard.StaleConnectionException;
import io.github.camelreverseproxy.upstream.UpstreamException.Progress;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.component.http.HttpActivityListener;
import org.apache.camel.component.http.HttpClientConfigurer;
import org.apache.hc.client5.http.DnsResolver;
import org.apache.hc.client5.http.classic.ExecChain;
import org.apache.hc.client5.http.classic.ExecChainHandler;
import org.apache.hc.client5.http.classic.ExecRuntime;
import org.apache.hc.client5.http.impl.DefaultClientConnectionReuseStrategy;
import org.apache.hc.client5.http.impl.DefaultConnectionKeepAliveStrategy;
import org.apache.hc.client5.http.impl.classic.HttpClientBuilder;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManager;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.HttpConnection;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.HttpHost;
import org.apache.hc.core5.http.HttpRequest;
import org.apache.hc.core5.http.HttpResponse;
import org.apache.hc.core5.http.HttpStatus;
import org.apache.hc.core5.http.ProtocolException;
import org.apache.hc.core5.http.io.HttpResponseInformationCallback;
import org.apache.hc.core5.http.message.BasicClassicHttpRequest;
import org.apache.hc.core5.http.protocol.HttpContext;
import org.apache.hc.core5.util.TimeValue;
import org.apache.hc.core5.util.Timeout;

/**
 * One upstream's side of camel-http: what is sent and what is made of the answer. Plugged in before HttpClient's own
 * stations, it takes their place, so that there is no redirect, retry, cookie, authentication or decompression between
 * the message and the wire, and every byte of the request is written here. Thread-safe once configured.
 */
public final class UpstreamClient extends CamelBean implements HttpClientConfigurer, HttpActivityListener, ExecChainHandler {
    private static final long FOREVER = TimeUnit.DAYS.toMillis(1000);

    private PoolingHttpClientConnectionManager connections;
    private String method = "";
    private String fieldName;
    private String fieldValue;
    private int maxResponseBody = Integer.MAX_VALUE;

    /** @param method of a message that has none; if empty, POST with a body and GET without */
    public void setMethod(String method) {
        this.method = method;
    }

    /** @param line a field that each request carries, {@code name: value}; it replaces the client's; may be empty */
    public void setHeader(String line) {
        int colon = line.indexOf(':');
        fieldName = colon < 0 ? null : line.substring(0, colon).strip();
        fieldValue = colon < 0 ? null : line.substring(colon + 1).strip();
    }

    /** @param bytes largest response body */
    public void setMaxResponseBody(int bytes) {
        maxResponseBody = bytes;
    }

    @Override
    public void configureHttpClient(HttpClientBuilder builder) {
        DnsResolver resolver = getCamelContext().getRegistry().findSingleByType(DnsResolver.class);
        connections = UpstreamConnections.pool(resolver);
        builder.setConnectionManager(connections).addExecInterceptorFirst("upstream", this);
    }

    @Override
    public ClassicHttpResponse execute(ClassicHttpRequest endpoint, ExecChain.Scope scope, ExecChain chain) throws IOException {
        Exchange exchange = (Exchange) scope.clientContext.getAttribute("org.apache.camel.Exchange");
        ClassicHttpRequest request = request(exchange.getMessage(), scope.route.getTargetHost(), endpoint.getPath());
        while (true) {
            try {
                return attempt(exchange, request, scope.execRuntime, scope);
            } catch (StaleConnectionException e) {
                connections.closeIdle(TimeValue.ZERO_MILLISECONDS);
            }
        }
    }

    private ClassicHttpResponse attempt(Exchange exchange, ClassicHttpRequest request, ExecRuntime connection, ExecChain.Scope scope)
            throws IOException {
        Timeout patience = scope.clientContext.getRequestConfigOrDefault().getResponseTimeout();
        Attempt attempt = new Attempt(patience == null ? FOREVER : patience.toMilliseconds(), connection);
        boolean released = false;
        try {
            connection.acquireEndpoint(scope.exchangeId, scope.route, null, scope.clientContext);
            if (!connection.isEndpointConnected()) {
                connection.connectEndpoint(scope.clientContext);
            }
            attempt.progress = Progress.SENT;
            ResponseHead head = (ResponseHead) attempt.head(request, scope);
            attempt.progress = Progress.ANSWERING;
            ClassicHttpResponse whole = UpstreamResponse.read(head, request, maxResponseBody, out(exchange).getHeaders());
            boolean reusable = DefaultClientConnectionReuseStrategy.INSTANCE.keepAlive(request, head, scope.clientContext);
            if (reusable && !head.isFollowed()) {
                connection.markConnectionReusable(null,
                        DefaultConnectionKeepAliveStrategy.INSTANCE.getKeepAliveDuration(head, scope.clientContext));
            } else {
                connection.markConnectionNonReusable();
            }
            connection.releaseEndpoint();
            released = true;
            return whole;
        } catch (StaleConnectionException e) {
            throw e;
        } catch (IOException | HttpException e) {
            // The others in the pool are no better, most likely, and not every request may be sent again.
            connections.closeIdle(TimeValue.ZERO_MILLISECONDS);
            throw new UpstreamException(e, e instanceof ResponseBegunException ? Progress.ANSWERING : attempt.progress);
        } finally {
            if (!released) {
                connection.discardEndpoint();
            }
        }
    }

    /** How far it has come; an interim response is the beginning of one. */
    private static final class Attempt extends Watchdog.Watched implements HttpResponseInformationCallback {
        private static final int MAX_INTERIM = 10;

        private final ExecRuntime connection;
        private Progress progress = Progress.NOT_SENT;
        private int interim;

        Attempt(long patience, ExecRuntime connection) {
            super(patience, connection::discardEndpoint);
            this.connection = connection;
        }

        /** Sends the request and waits for a response to begin. */
        ClassicHttpResponse head(ClassicHttpRequest request, ExecChain.Scope scope) throws IOException, HttpException {
            Watchdog.watch(this);
            try {
                ClassicHttpResponse head = connection.execute(scope.exchangeId, request, this, scope.clientContext);
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

        @Override
        public void execute(HttpResponse response, HttpConnection on, HttpContext context) throws HttpException {
            progress = Progress.ANSWERING;
            if (++interim > MAX_INTERIM || response.getCode() == HttpStatus.SC_SWITCHING_PROTOCOLS) {
                throw new ProtocolException("unexpected interim response");
            }
        }
    }

    private ClassicHttpRequest request(Message message, HttpHost host, String base) {
        byte[] body = message.getBody(byte[].class);
        ClassicHttpRequest request = new BasicClassicHttpRequest(method(message, body), host, target(message, base));
        request.addHeader("Host", host.getPort() < 0 ? host.getHostName() : host.toHostString());
        EndToEndFields.write(message.getHeaders(), (name, value) -> {
            if (!name.equalsIgnoreCase("Host") && !name.equalsIgnoreCase(fieldName)) {
                request.addHeader(name, value);
            }
        });
        if (fieldName != null) {
            request.addHeader(fieldName, fieldValue);
        }
        if (body != null) {
            request.addHeader("Content-Length", Integer.toString(body.length));
            if (body.length > 0) {
                request.setEntity(new WholeBody(body));
            }
        }
        return request;
    }

    private String method(Message message, byte[] body) {
        Object own = message.getHeader(Exchange.HTTP_METHOD);
        if (own != null) {
            return own.toString();
        }
        return !method.isEmpty() ? method : body != null ? "POST" : "GET";
    }

    /** Byte for byte what {@code CamelHttpPath} and {@code CamelHttpRawQuery} hold, after the path of the upstream's URL. */
    private static String target(Message message, String base) {
        String path = message.getHeader(Exchange.HTTP_PATH, "/", String.class);
        String query = message.getHeader(Exchange.HTTP_RAW_QUERY, String.class);
        String prefix = base.endsWith("/") ? base.substring(0, base.length() - 1) : base;
        String target = path.startsWith("/") ? prefix + path : path;
        return query == null ? target : target + '?' + query;
    }

    /** camel-http answers with the out message, and fills in the status and the body. */
    @SuppressWarnings("deprecation")
    private static Message out(Exchange exchange) {
        return exchange.getOut();
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
