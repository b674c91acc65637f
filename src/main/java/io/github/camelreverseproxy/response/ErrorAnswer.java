package io.github.camelreverseproxy.response;

import java.util.function.Supplier;

import io.github.camelreverseproxy.forwarding.ProxyRequest;
import io.github.camelreverseproxy.message.Failure;
import io.github.camelreverseproxy.message.ProxyException;
import io.github.camelreverseproxy.message.ViaEntry;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpResponseStatus;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.Processor;

/**
 * Answers with an error: for a route as its processor, for the connection pipeline as a whole response. The client
 * learns the kind of failure and an event id; causes stay in the log, under the same id. Thread-safe.
 */
public final class ErrorAnswer implements Processor {
    private final FailureLog log = new FailureLog();
    private final Supplier<String> ids;
    private final ViaEntry via;

    /**
     * @param ids for answers to requests that no route has seen
     * @param via the entry of their {@code Via}
     */
    public ErrorAnswer(Supplier<String> ids, ViaEntry via) {
        this.ids = ids;
        this.via = via;
    }

    /** Replaces the message by the error document for the exception that the exchange was caught with. */
    @Override
    public void process(Exchange exchange) {
        Throwable cause = exchange.getProperty(Exchange.EXCEPTION_CAUGHT, exchange.getException(), Throwable.class);
        Failure failure = Failure.of(cause);
        Message message = exchange.getMessage();
        Object accept = message.getHeader("Accept");
        ProxyException told = ProxyException.in(cause);
        String text = told == null ? failure.text() : told.getMessage();
        log.write(failure, exchange.getExchangeId(), text, cause);
        ProxyRequest request = ProxyRequest.of(exchange);
        if (request.record() != null && request.isAnsweredBy(exchange)) {
            request.record().failed(failure);
        }
        ErrorDocument document = ErrorDocument.of(failure, text, exchange.getExchangeId(), accept == null ? null : accept.toString(),
                told == null ? 1 : told.retryAfter());
        message.getHeaders().clear();
        message.setHeader(Exchange.HTTP_RESPONSE_CODE, failure.status());
        message.setHeader(Exchange.HTTP_RESPONSE_TEXT, status(failure).reasonPhrase());
        document.fields().forEach(message::setHeader);
        message.setBody(document.body());
    }

    /** The answer to a request whose route has left nothing that could be sent. */
    public FullHttpResponse response(String id, Throwable cause) {
        Failure failure = ProxyException.in(cause) == null ? Failure.INTERNAL : ProxyException.in(cause).failure();
        return response(failure, failure.text(), null, false, id, cause);
    }

    /**
     * The answer to a request that reaches no route.
     *
     * @param accept the request's {@code Accept}, or null
     * @param close  whether the connection ends with it
     */
    public FullHttpResponse response(Failure failure, String text, String accept, boolean close) {
        return response(failure, text, accept, close, ids.get(), null);
    }

    /** A response whose head has gone out already has broken off. */
    public void brokenOff(ProxyException why, String id) {
        log.write(why.failure(), id, "the response broke off: " + why.getMessage(), why);
    }

    private FullHttpResponse response(Failure failure, String text, String accept, boolean close, String id, Throwable cause) {
        log.write(failure, id, text, cause);
        ErrorDocument document = ErrorDocument.of(failure, text, id, accept, 1);
        FullHttpResponse response = new ErrorResponse(failure, id, Unpooled.wrappedBuffer(document.body()));
        document.fields().forEach(response.headers()::set);
        response.headers().set(HttpHeaderNames.VIA, via.of(false));
        response.headers().setInt(HttpHeaderNames.CONTENT_LENGTH, response.content().readableBytes());
        if (close) {
            response.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        }
        return response;
    }

    /** With the reason phrases of RFC 9110, of RFC 5842 for 508, and of nginx for 499. */
    static HttpResponseStatus status(Failure failure) {
        return switch (failure) {
            case CONTENT_TOO_LARGE -> new HttpResponseStatus(413, "Content Too Large");
            case TARGET_TOO_LONG -> new HttpResponseStatus(414, "URI Too Long");
            case PATCH_FAILED -> new HttpResponseStatus(422, "Unprocessable Content");
            case CLIENT_GONE -> new HttpResponseStatus(499, "Client Closed Request");
            case LOOP_DETECTED -> new HttpResponseStatus(508, "Loop Detected");
            default -> HttpResponseStatus.valueOf(failure.status());
        };
    }
}
