package io.github.camelreverseproxy.response;

import io.github.camelreverseproxy.message.Failure;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.HttpVersion;

/** The answer to a request that reaches no route, or that its route has left without one. Not thread-safe. */
public final class ErrorResponse extends DefaultFullHttpResponse {
    private final Failure failure;
    private final String id;

    ErrorResponse(Failure failure, String id, ByteBuf document) {
        super(HttpVersion.HTTP_1_1, ErrorAnswer.status(failure), document);
        this.failure = failure;
        this.id = id;
    }

    @Override
    public ErrorResponse replace(ByteBuf document) {
        ErrorResponse other = new ErrorResponse(failure, id, document);
        other.headers().set(headers());
        return other;
    }

    public Failure failure() {
        return failure;
    }

    /** The event id of the document. */
    public String id() {
        return id;
    }
}
