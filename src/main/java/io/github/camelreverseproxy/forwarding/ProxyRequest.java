package io.github.camelreverseproxy.forwarding;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import io.github.camelreverseproxy.ProxyException;
import org.apache.camel.Exchange;

/**
 * One request of a client, from its hand-over to a route to the last byte of its response: who waits for it, what is under
 * way for it, and whether it has been ended before its time. Travels with the exchange, and with copies of it. Thread-safe.
 */
public final class ProxyRequest {
    /** Something that is under way for a request and can be ended before its time. */
    public interface Cancellable {
        /** May be called on any thread, and when it has ended already. */
        void cancel(ProxyException why);
    }

    private static final String PROPERTY = ProxyRequest.class.getName();

    private final ClientConnection client;
    private Map<String, Object> fields = Map.of();
    private Cancellable attempt;
    private List<Cancellable> others;
    private volatile ProxyException cancelled;
    private volatile boolean suspect;

    /** @param client null for an exchange that no client's request has begun */
    public ProxyRequest(ClientConnection client) {
        this.client = client;
    }

    /** That of an exchange; one without a client, if it comes from elsewhere. */
    public static ProxyRequest of(Exchange exchange) {
        if (exchange.getProperty(PROPERTY) instanceof ProxyRequest request) {
            return request;
        }
        ProxyRequest request = new ProxyRequest(null);
        exchange.setProperty(PROPERTY, request);
        return request;
    }

    /** @param sent the fields that the client has sent */
    public void begin(Exchange exchange, Map<String, Object> sent) {
        fields = sent;
        exchange.setProperty(PROPERTY, this);
    }

    /** The connection of the client, or null. */
    public ClientConnection client() {
        return client;
    }

    /** A header that was made for the upstream; in an answer it has no place. */
    public void made(String name, Object value) {
        if (client != null) {
            fields.put(name, value);
        }
    }

    /** Whether a header is the client's own, or was made for the upstream, rather than for the answer. */
    public boolean has(String name, Object value) {
        return fields.get(name) == value;
    }

    /** The value of a field as the client has sent it, or null. */
    public Object field(String name) {
        return fields.get(name);
    }

    /** An attempt begins; it is cancelled at once if the request has been. */
    public void begun(Cancellable begun) {
        synchronized (this) {
            if (cancelled == null) {
                if (attempt == null) {
                    attempt = begun;
                } else {
                    others = others == null ? new ArrayList<>(2) : others;
                    others.add(begun);
                }
                return;
            }
        }
        begun.cancel(cancelled);
    }

    /** An attempt has ended. */
    public synchronized void ended(Cancellable ended) {
        if (attempt == ended) {
            attempt = null;
        } else if (others != null) {
            others.remove(ended);
        }
    }

    /** Ends what is under way, and lets nothing further begin. Only the first call counts. */
    public void cancel(ProxyException why) {
        List<Cancellable> all;
        synchronized (this) {
            if (cancelled != null) {
                return;
            }
            cancelled = why;
            all = others == null ? new ArrayList<>(1) : new ArrayList<>(others);
            if (attempt != null) {
                all.add(attempt);
            }
        }
        all.forEach(one -> one.cancel(why));
    }

    /** Why it was ended before its time, or null. */
    public ProxyException cancelled() {
        return cancelled;
    }

    /** An upstream has failed at it, which may be its own doing. */
    public void suspect() {
        suspect = true;
    }

    /** Whether an upstream has failed at it: it may be that it is the request that makes them fail. */
    public boolean isSuspect() {
        return suspect;
    }
}
