package io.github.camelreverseproxy.client;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

import javax.net.ssl.SSLException;

import io.netty.channel.EventLoop;
import io.netty.handler.ssl.SslContext;
import org.apache.hc.client5.http.DnsResolver;

/**
 * The connections to an upstream, a pool for each event loop. They outlive the routes that use them, as long as there are
 * others that say the same of the upstream. Thread-safe.
 */
final class UpstreamPools implements Runnable {
    private final Upstream upstream;
    private final UpstreamAddress address;
    private final Map<EventLoop, ConnectionPool> pools = new ConcurrentHashMap<>();
    private final AtomicInteger open = new AtomicInteger();
    private final AtomicInteger idle = new AtomicInteger();

    UpstreamPools(Upstream upstream, DnsResolver names) {
        this.upstream = upstream;
        this.address = new UpstreamAddress(upstream.url(), tls(upstream), names, upstream.rules().dnsRefresh());
    }

    private static SslContext tls(Upstream upstream) {
        try {
            return upstream.url().tls() ? upstream.tls().context() : null;
        } catch (SSLException e) {
            throw new IllegalArgumentException(upstream.name() + ": " + e.getMessage(), e);
        }
    }

    ConnectionPool of(EventLoop loop) {
        return pools.computeIfAbsent(loop, one -> new ConnectionPool(one, address, upstream, this));
    }

    /** @param more open connections, or fewer */
    void open(int more) {
        open.addAndGet(more);
    }

    /** @param more connections that wait for a request, or fewer */
    void idle(int more) {
        idle.addAndGet(more);
    }

    PoolState now() {
        return new PoolState(upstream.name(), open.get(), idle.get());
    }

    /** Idle connections are no better than one that has failed, most likely, and not every request may be sent again; or nobody needs them. */
    @Override
    public void run() {
        pools.values().forEach(ConnectionPool::closeIdle);
    }
}
