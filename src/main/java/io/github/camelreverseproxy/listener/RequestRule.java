package io.github.camelreverseproxy.listener;

import io.github.camelreverseproxy.message.ProxyException;
import io.netty.handler.codec.http.HttpRequest;

/** One rule that the head of a request has to obey. Stateless and shared by all connections. */
@FunctionalInterface
interface RequestRule {
    /**
     * May bring the request into the form that later stations expect.
     *
     * @throws ProxyException the refusal: the request is answered with it and the connection closed
     */
    void check(HttpRequest request) throws ProxyException;
}
