package io.github.camelreverseproxy.client;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

import io.github.camelreverseproxy.forwarding.ClientConnection;
import io.github.camelreverseproxy.forwarding.ProxyRequest;
import io.netty.channel.EventLoop;
import io.netty.handler.ssl.SslContext;
import org.apache.camel.AsyncCallback;
import org.apache.camel.Exchange;
import org.apache.camel.support.DefaultAsyncProducer;

/**
 * The client that does not wait: a request goes out and its response comes in on the event loop of the connection that
 * the request came in by, so that as a rule no thread hands it to another. Each loop has connections of its own. Thread-safe.
 */
final class EventLoopProducer extends DefaultAsyncProducer {
    private final UpstreamEndpoint endpoint;
    private final Map<EventLoop, ConnectionPool> pools = new ConcurrentHashMap<>();
    private UpstreamAddress address;

    EventLoopProducer(UpstreamEndpoint endpoint) {
        super(endpoint);
        this.endpoint = endpoint;
    }

    @Override
    protected void doStart() throws Exception {
        super.doStart();
        SslContext tls = endpoint.url().tls() ? endpoint.tls().context() : null;
        address = new UpstreamAddress(endpoint.url(), tls, endpoint.component().names(), endpoint.rules().dnsRefresh());
    }

    @Override
    protected void doStop() throws Exception {
        closeIdle();
        super.doStop();
    }

    @Override
    public boolean process(Exchange exchange, AsyncCallback callback) {
        try {
            EventLoop loop = loop(exchange);
            Attempt attempt = new Attempt(exchange, endpoint, loop, callback);
            ConnectionPool pool = pools.computeIfAbsent(loop, this::pool);
            if (loop.inEventLoop()) {
                send(pool, attempt);
            } else {
                loop.execute(() -> send(pool, attempt));
            }
            return false;
        } catch (Exception e) {
            exchange.setException(e);
            callback.done(true);
            return true;
        }
    }

    private static void send(ConnectionPool pool, Attempt attempt) {
        attempt.begin();
        if (!attempt.isEnded()) {
            pool.send(attempt);
        }
    }

    /** That of the client's connection; any for an exchange that comes from elsewhere. */
    private EventLoop loop(Exchange exchange) {
        ClientConnection client = ProxyRequest.of(exchange).client();
        return client != null ? client.eventLoop() : endpoint.component().eventLoops().next();
    }

    private ConnectionPool pool(EventLoop loop) {
        return new ConnectionPool(loop, address, endpoint, this::closeIdle);
    }

    /** Idle connections are no better than one that has failed, most likely, and not every request may be sent again. */
    private void closeIdle() {
        pools.values().forEach(ConnectionPool::closeIdle);
    }
}
