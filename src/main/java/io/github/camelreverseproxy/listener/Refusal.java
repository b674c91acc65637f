package io.github.camelreverseproxy.listener;

import io.github.camelreverseproxy.message.Failure;
import io.github.camelreverseproxy.message.ProxyException;
import io.netty.handler.codec.http.HttpRequest;

/**
 * Stands in the pipeline for a request that goes no further, at the place that the request had, so that it is answered
 * in its turn.
 *
 * @param close   whether the connection ends with the answer: always, once the rest of the input cannot be trusted
 * @param request the head, as far as it was understood, or null
 */
record Refusal(Failure failure, String text, boolean close, HttpRequest request) {
    Refusal(Failure failure, HttpRequest request) {
        this(failure, failure.text(), true, request);
    }

    Refusal(ProxyException cause, HttpRequest request) {
        this(cause.failure(), cause.getMessage(), true, request);
    }
}
