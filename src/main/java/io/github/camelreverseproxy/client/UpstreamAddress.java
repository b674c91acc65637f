package io.github.camelreverseproxy.client;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

import io.netty.handler.ssl.SslContext;
import io.netty.util.NetUtil;
import org.apache.hc.client5.http.DnsResolver;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where an upstream is. Its name is looked up off the event loops, for all who ask meanwhile at once, and again while it is
 * in use; its addresses are taken in turn. When a name cannot be looked up again, what it stood for before goes on.
 * Thread-safe.
 */
final class UpstreamAddress {
    private static final Logger LOG = LoggerFactory.getLogger(UpstreamAddress.class);

    /** How soon a name is looked up again when there is no connection to any of its addresses. */
    private static final long RETRY_NANOS = TimeUnit.SECONDS.toNanos(1);

    private static final ExecutorService LOOKUPS = Executors.newCachedThreadPool(lookup -> {
        Thread thread = new Thread(lookup, "upstream-lookup");
        thread.setDaemon(true);
        return thread;
    });

    private final String host;
    private final int port;
    private final SslContext tls;
    private final DnsResolver names;
    private final long refreshNanos;
    private final boolean literal;
    private final AtomicInteger turn = new AtomicInteger();
    private final AtomicBoolean refreshing = new AtomicBoolean();
    private volatile InetAddress[] known;
    private volatile long dueAt;
    private CompletableFuture<InetAddress[]> first;

    /**
     * @param tls     null for none
     * @param names   looks names up
     * @param refresh how long a name stands for the same addresses, in milliseconds
     */
    UpstreamAddress(UpstreamUrl url, SslContext tls, DnsResolver names, long refresh) {
        this.host = url.host();
        this.port = url.port();
        this.tls = tls;
        this.names = names;
        this.refreshNanos = TimeUnit.MILLISECONDS.toNanos(refresh);
        InetAddress address = NetUtil.createInetAddressFromIpAddressString(host);
        this.literal = address != null;
        this.known = literal ? new InetAddress[] {address} : null;
    }

    String host() {
        return host;
    }

    int port() {
        return port;
    }

    SslContext tls() {
        return tls;
    }

    /** Which of the addresses is next. */
    int turn() {
        return turn.getAndIncrement();
    }

    /** Whether the name stands for this address, as far as is known. */
    boolean has(InetAddress address) {
        InetAddress[] all = known;
        if (literal || all == null) {
            return true;
        }
        for (InetAddress one : all) {
            if (one.equals(address)) {
                return true;
            }
        }
        return false;
    }

    /** The name is in use: looks it up again if it is time. */
    void refresh(long now) {
        if (!literal && known != null && now - dueAt >= 0 && refreshing.compareAndSet(false, true)) {
            LOOKUPS.execute(() -> {
                try {
                    resolved(names.resolve(host));
                } catch (UnknownHostException | RuntimeException e) {
                    dueAt = System.nanoTime() + refreshNanos;
                    LOG.warn("{} cannot be looked up again: {}", host, e.toString());
                } finally {
                    refreshing.set(false);
                }
            });
        }
    }

    /** There is no connection to any of the addresses: perhaps the name has moved. */
    void failed() {
        long soon = System.nanoTime() + RETRY_NANOS;
        if (dueAt - soon > 0) {
            dueAt = soon;
        }
    }

    /** @return all addresses, at least one; or, exceptionally, {@link UnknownHostException} */
    CompletableFuture<InetAddress[]> lookUp() {
        InetAddress[] addresses = known;
        if (addresses != null) {
            return CompletableFuture.completedFuture(addresses);
        }
        synchronized (this) {
            if (first == null || first.isCompletedExceptionally()) {
                first = CompletableFuture.supplyAsync(this::addresses, LOOKUPS);
            }
            return first;
        }
    }

    private InetAddress[] addresses() {
        try {
            return resolved(names.resolve(host));
        } catch (UnknownHostException e) {
            throw new CompletionException(e);
        }
    }

    private InetAddress[] resolved(InetAddress[] addresses) throws UnknownHostException {
        if (addresses == null || addresses.length == 0) {
            throw new UnknownHostException(host);
        }
        dueAt = System.nanoTime() + refreshNanos;
        known = addresses;
        return addresses;
    }
}
