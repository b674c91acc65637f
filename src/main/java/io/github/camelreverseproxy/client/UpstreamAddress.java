package io.github.camelreverseproxy.client;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

import io.netty.handler.ssl.SslContext;
import io.netty.util.NetUtil;
import org.apache.hc.client5.http.DnsResolver;

/**
 * Where an upstream is. Its name is looked up off the event loops, for all who ask meanwhile at once, and as often as the
 * JVM's own cache of names says. Thread-safe.
 */
final class UpstreamAddress {
    private static final ExecutorService LOOKUPS = Executors.newCachedThreadPool(lookup -> {
        Thread thread = new Thread(lookup, "upstream-lookup");
        thread.setDaemon(true);
        return thread;
    });

    private final String host;
    private final int port;
    private final SslContext tls;
    private final DnsResolver names;
    private final boolean literal;
    private CompletableFuture<InetAddress[]> lookup;

    /**
     * @param tls   null for none
     * @param names looks names up
     */
    UpstreamAddress(String host, int port, SslContext tls, DnsResolver names) {
        this.host = host;
        this.port = port;
        this.tls = tls;
        this.names = names;
        InetAddress known = NetUtil.createInetAddressFromIpAddressString(host);
        this.literal = known != null;
        this.lookup = literal ? CompletableFuture.completedFuture(new InetAddress[] {known}) : null;
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

    /** @return all addresses, at least one; or, exceptionally, {@link UnknownHostException} */
    synchronized CompletableFuture<InetAddress[]> lookUp() {
        if (!literal && (lookup == null || lookup.isDone())) {
            lookup = CompletableFuture.supplyAsync(this::addresses, LOOKUPS);
        }
        return lookup;
    }

    private InetAddress[] addresses() {
        try {
            return names.resolve(host);
        } catch (UnknownHostException e) {
            throw new CompletionException(e);
        }
    }
}
