package io.github.camelreverseproxy.forwarding;

import java.util.concurrent.atomic.LongAdder;

import io.netty.handler.codec.http.HttpHeaders;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The records of all requests, as they begin and end, and who reads them: whatever is told of requests outside, in the log,
 * as a number or on a page, is told by a reader. At any moment as many have begun as have ended and are in flight.
 * Thread-safe.
 */
public final class Journal {
    /** Is told on the thread on which something ends, an event loop most likely: it must not wait, nor throw. */
    public interface Reader {
        void ended(RequestRecord record);

        /** An attempt has ended that is not in the record of a request, or was not when that ended: of an active check, or of a copy. */
        default void ended(AttemptRecord attempt) {
        }
    }

    private static final Logger LOG = LoggerFactory.getLogger(Journal.class);

    private final LongAdder begun = new LongAdder();
    private final LongAdder ended = new LongAdder();
    private volatile Reader[] readers = {};
    private volatile Trace.Tracer tracer;

    /** From now on. */
    public void read(Reader... by) {
        readers = by.clone();
    }

    /** @param by null for no tracing; from now on */
    public void trace(Trace.Tracer by) {
        tracer = by;
    }

    /**
     * A request has come, or what was to be one.
     *
     * @param client its address
     * @param method null if it is not known
     * @param target null if it is not known
     * @param fields those of the request
     */
    public RequestRecord begin(String client, String method, String target, HttpHeaders fields) {
        begun.increment();
        Trace.Tracer by = tracer;
        String told = RequestRecord.toldTarget(target);
        Trace trace = by == null ? null : by.begin(method, told, fields.get("traceparent"), fields.get("tracestate"));
        return new RequestRecord(this, client, RequestRecord.toldMethod(method), told, trace);
    }

    /**
     * An attempt at an upstream begins.
     *
     * @param request that it is for
     * @param copy    whether it is one of a copy of it
     */
    public AttemptRecord attempt(ProxyRequest request, String upstream, boolean copy) {
        if (request.record() != null) {
            return request.record().attempt(upstream, copy);
        }
        AttemptRecord alone = new AttemptRecord(this, upstream, false, null);
        alone.leave();
        return alone;
    }

    void ended(RequestRecord record) {
        for (Reader reader : readers) {
            try {
                reader.ended(record);
            } catch (RuntimeException e) {
                LOG.error("A record was not read", e);
            }
        }
        ended.increment();
    }

    void ended(AttemptRecord attempt) {
        for (Reader reader : readers) {
            try {
                reader.ended(attempt);
            } catch (RuntimeException e) {
                LOG.error("A record was not read", e);
            }
        }
    }

    /** Requests that have begun. */
    public long begun() {
        return begun.sum();
    }

    /** Requests that have ended. */
    public long ended() {
        return ended.sum();
    }
}
