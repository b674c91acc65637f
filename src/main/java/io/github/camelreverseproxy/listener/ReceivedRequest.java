package io.github.camelreverseproxy.listener;

import io.github.camelreverseproxy.forwarding.BodyStream;
import io.github.camelreverseproxy.forwarding.ProxyRequest;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpRequest;

/** A request on its way to a route: Camel asks for one with its content, which is kept beside it here. Not thread-safe. */
final class ReceivedRequest extends DefaultFullHttpRequest {
    private final byte[] body;
    private final BodyStream stream;
    private ProxyRequest owner;

    /**
     * @param body   null if there is none, or if it is a stream
     * @param stream null if it is not
     */
    ReceivedRequest(HttpRequest request, byte[] body, BodyStream stream) {
        super(request.protocolVersion(), request.method(), request.uri(), Unpooled.EMPTY_BUFFER, request.headers(), EmptyHttpHeaders.INSTANCE);
        this.body = body;
        this.stream = stream;
    }

    /** A byte array, a {@link BodyStream}, or null for none. */
    Object body() {
        return stream != null ? stream : body;
    }

    BodyStream stream() {
        return stream;
    }

    ProxyRequest owner() {
        return owner;
    }

    void ownedBy(ProxyRequest request) {
        owner = request;
    }
}
