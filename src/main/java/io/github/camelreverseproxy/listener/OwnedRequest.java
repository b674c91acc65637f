package io.github.camelreverseproxy.listener;

import io.github.camelreverseproxy.forwarding.ProxyRequest;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.FullHttpRequest;

/** A request on its way to a route, with what is known of its life. Not thread-safe. */
final class OwnedRequest extends DefaultFullHttpRequest {
    private final ProxyRequest owner;

    OwnedRequest(FullHttpRequest request, ProxyRequest owner) {
        super(request.protocolVersion(), request.method(), request.uri(), request.content(), request.headers(), EmptyHttpHeaders.INSTANCE);
        this.owner = owner;
    }

    ProxyRequest owner() {
        return owner;
    }
}
