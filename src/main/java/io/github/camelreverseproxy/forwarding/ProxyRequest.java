package io.github.camelreverseproxy.forwarding;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

import io.github.camelreverseproxy.message.Failure;
import io.github.camelreverseproxy.message.ProxyException;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import org.apache.camel.Exchange;

/**
 * One request of a client, from its hand-over to a route to the last byte of its response: who waits for it, what is under
 * way for it, and whether it has been ended before its time. Where its bytes are meanwhile:
 *
 * <pre>
 *  client --&gt; RequestDecoder     raw: what is pipelined behind it, 64 KiB at most
 *         --&gt; RequestBody        whole: a byte[], charged; or a {@link BodyStream}, which has none of its own
 *         --&gt; the route          an exchange with either as its body; wholeBody makes one of the other
 *         --&gt; UpstreamConnection what the upstream has not taken, charged ({@link Outlet})
 *  upstream
 *         --&gt; ResponseParser     whole: a byte[] of 64 KiB at most, charged; or a {@link BodyStream}
 *         --&gt; the route          goes on as soon as the head is here
 *         --&gt; ResponseBody       what the client has not taken, charged ({@link Outlet})
 *  client
 * </pre>
 *
 * <p>Travels with the exchange, and with copies of it. Thread-safe.
 */
public final class ProxyRequest {
    /** Something that is under way for a request and can be ended before its time. */
    public interface Cancellable {
        /** May be called on any thread, and when it has ended already. */
        void cancel(ProxyException why);

        /** Whether it is under way for this very exchange, and not for a copy. */
        boolean isFor(Exchange exchange);
    }

    /** Who wants to know how far the attempt is that an exchange makes. All is said on the attempt's thread. */
    public interface Watcher {
        /** The exchange property that has it. */
        String PROPERTY = Watcher.class.getName();

        /** The body of the request goes out as it comes. */
        void uploading();

        /** All of it has gone out. */
        void uploaded();

        /** The head of the response has come, and the body is on its way. */
        void answering();
    }

    private static final String PROPERTY = ProxyRequest.class.getName();

    private final ClientConnection client;
    private final HttpHeaders fields;
    private final RequestRecord record;
    private Exchange exchange;
    private Object made;
    private List<Object> madeToo;
    private Cancellable attempt;
    private List<Cancellable> others;
    private volatile ProxyException cancelled;
    private volatile boolean suspect;
    private volatile boolean answering;

    /**
     * @param client null for an exchange that no client's request has begun
     * @param fields those that the client has sent
     * @param record null for an exchange that no client's request has begun
     */
    public ProxyRequest(ClientConnection client, HttpHeaders fields, RequestRecord record) {
        this.client = client;
        this.fields = fields;
        this.record = record;
    }

    /** That of an exchange; one without a client, if it comes from elsewhere. */
    public static ProxyRequest of(Exchange exchange) {
        if (exchange.getProperty(PROPERTY) instanceof ProxyRequest request) {
            return request;
        }
        ProxyRequest request = new ProxyRequest(null, EmptyHttpHeaders.INSTANCE, null);
        exchange.setProperty(PROPERTY, request);
        return request;
    }

    /** Travels with this exchange from now on. */
    public void begin(Exchange of) {
        exchange = of;
        of.setProperty(PROPERTY, this);
        if (record != null) {
            record.identify(of.getExchangeId());
        }
    }

    /** Whether an exchange is the one that answers it, and not a copy. */
    public boolean isAnsweredBy(Exchange other) {
        return exchange == other;
    }

    /** The connection of the client, or null. */
    public ClientConnection client() {
        return client;
    }

    /** What is told of it outside; null for an exchange that no client's request has begun. */
    public RequestRecord record() {
        return record;
    }

    /** A value of a header that was made for the upstream; in an answer it has no place. */
    public void made(Object value) {
        if (made == null) {
            made = value;
        } else {
            madeToo = madeToo == null ? new ArrayList<>(2) : madeToo;
            madeToo.add(value);
        }
    }

    /** Whether the value of a header is the client's own, or was made for the upstream, rather than set for the answer. */
    public boolean has(String name, Object value) {
        if (value == made || madeToo != null && madeToo.stream().anyMatch(one -> one == value)) {
            return true;
        }
        if (value instanceof Collection<?> several) {
            return !several.isEmpty() && several.stream().allMatch(one -> has(name, one));
        }
        return fields.getAll(name).stream().anyMatch(sent -> sent == value);
    }

    /** The Host that the client has asked for, or null. */
    public String host() {
        String host = fields.get(HttpHeaderNames.HOST);
        return host == null || host.isEmpty() ? null : host;
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

    /** The head of a response has come. */
    public void answering() {
        answering = true;
    }

    /** Whether the body of a response is on its way. */
    public boolean isAnswering() {
        return answering;
    }

    /** An attempt has ended. */
    public synchronized void ended(Cancellable ended) {
        answering = false;
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

    /** The answer has gone out: an upstream's that the route has put another in place of is left. */
    public void finish() {
        List<Cancellable> left;
        synchronized (this) {
            if (attempt == null && others == null) {
                return;
            }
            left = others == null ? new ArrayList<>(1) : new ArrayList<>(others);
            if (attempt != null) {
                left.add(attempt);
            }
        }
        for (Cancellable one : left) {
            if (one.isFor(exchange)) {
                one.cancel(new ProxyException(Failure.CLIENT_GONE));
            }
        }
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
