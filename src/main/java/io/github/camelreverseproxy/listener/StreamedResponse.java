package io.github.camelreverseproxy.listener;

import io.github.camelreverseproxy.forwarding.BodyStream;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;

/** The head of a response, whose body is on its way. Not thread-safe. */
final class StreamedResponse extends DefaultHttpResponse {
    private final BodyStream stream;
    private final String id;

    /** @param id of the exchange, for the log */
    StreamedResponse(HttpResponseStatus status, DefaultHttpHeadersFactory fields, BodyStream stream, String id) {
        super(HttpVersion.HTTP_1_1, status, fields);
        this.stream = stream;
        this.id = id;
    }

    BodyStream stream() {
        return stream;
    }

    String id() {
        return id;
    }
}
