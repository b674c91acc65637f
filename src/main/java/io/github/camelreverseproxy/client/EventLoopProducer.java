package io.github.camelreverseproxy.client;

import io.github.camelreverseproxy.forwarding.ClientConnection;
import io.github.camelreverseproxy.forwarding.Kept;
import io.github.camelreverseproxy.forwarding.ProxyRequest;
import io.netty.channel.EventLoop;
import org.apache.camel.AsyncCallback;
import org.apache.camel.Exchange;
import org.apache.camel.support.DefaultAsyncProducer;

/**
 * The client that does not wait: a request goes out and its response comes in on the event loop of the connection that
 * the request came in by, so that as a rule no thread hands it to another. Each loop has connections of its own. Thread-safe.
 */
final class EventLoopProducer extends DefaultAsyncProducer {
    private final UpstreamEndpoint endpoint;
    private final Upstream upstream;
    private UpstreamPools pools;

    EventLoopProducer(UpstreamEndpoint endpoint, Upstream upstream) {
        super(endpoint);
        this.endpoint = endpoint;
        this.upstream = upstream;
    }

    @Override
    protected void doStart() throws Exception {
        super.doStart();
        pools = Kept.of(endpoint.getCamelContext()).get("connections " + endpoint.key(), UpstreamPools.class,
                () -> new UpstreamPools(upstream, endpoint.component().names()));
    }

    @Override
    public boolean process(Exchange exchange, AsyncCallback callback) {
        try {
            EventLoop loop = loop(exchange);
            Attempt attempt = new Attempt(exchange, upstream, endpoint.component().journal(), loop, callback);
            ConnectionPool pool = pools.of(loop);
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
}
