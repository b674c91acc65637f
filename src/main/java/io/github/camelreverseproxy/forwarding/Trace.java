package io.github.camelreverseproxy.forwarding;

import io.github.camelreverseproxy.message.Failure;

/** A request as tracing tells it (W3C Trace Context). Thread-safe. */
public interface Trace {
    /** Makes them. Thread-safe. */
    interface Tracer {
        /**
         * @param traceparent as the client has sent it, or null
         * @param tracestate  as the client has sent it, or null
         */
        Trace begin(String method, String target, String traceparent, String tracestate);
    }

    /** A part of a request's way. */
    interface Span {
        /** How it is called in the field of that name. */
        String traceparent();

        /** Whether a client has begun the trace. */
        boolean continued();

        /**
         * @param status of a response; 0 if it has none
         * @param why    it has failed, or null
         */
        void end(int status, Failure why);
    }

    /**
     * @param name       of an upstream, or of a step
     * @param ofUpstream whether it is one
     */
    Span begin(String name, boolean ofUpstream);

    /** The request is over. */
    void end(RequestRecord record);
}
