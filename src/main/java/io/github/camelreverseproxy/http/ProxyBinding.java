package io.github.camelreverseproxy.http;

import java.util.Map;

import io.github.camelreverseproxy.EndToEndFields;
import io.github.camelreverseproxy.Failure;
import io.github.camelreverseproxy.response.ErrorAnswer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.component.netty.http.DefaultNettyHttpBinding;
import org.apache.camel.component.netty.http.NettyHttpConfiguration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Between the wire and the message: the target, split but otherwise as sent, in {@code CamelHttpPath} and
 * {@code CamelHttpRawQuery}; the end-to-end fields as headers, and nothing else as headers, no query parameter above
 * all; the body as a byte array, or null for none. Back from the message to the wire the same way. Thread-safe once
 * configured.
 */
public final class ProxyBinding extends DefaultNettyHttpBinding {
    private static final Logger LOG = LoggerFactory.getLogger(ProxyBinding.class);

    /** Exchange property: the request is a HEAD. */
    private static final String HEAD = ProxyBinding.class.getName() + ".head";

    private InFlight inFlight = new InFlight();
    private ErrorAnswer errors = new ErrorAnswer();

    public void setInFlight(InFlight inFlight) {
        this.inFlight = inFlight;
    }

    public void setErrors(ErrorAnswer errors) {
        this.errors = errors;
    }

    @Override
    public Message toCamelMessage(FullHttpRequest request, Exchange exchange, NettyHttpConfiguration configuration) {
        inFlight.begin(exchange);
        Message message = exchange.getIn();
        Map<String, Object> headers = message.getHeaders();
        EndToEndFields.read(request.headers(), request.headers().getAll(HttpHeaderNames.CONNECTION), headers);
        headers.remove("Expect");
        if (request.protocolVersion().equals(HttpVersion.HTTP_1_0)) {
            headers.remove("Host", "");
        }
        String target = request.uri();
        int query = target.indexOf('?');
        headers.put(Exchange.HTTP_METHOD, request.method().name());
        headers.put(Exchange.HTTP_PATH, query < 0 ? target : target.substring(0, query));
        if (query >= 0) {
            headers.put(Exchange.HTTP_RAW_QUERY, target.substring(query + 1));
        }
        if (request.method().equals(HttpMethod.HEAD)) {
            exchange.setProperty(HEAD, Boolean.TRUE);
        }
        ByteBuf content = request.content();
        if (content.isReadable() || request.headers().contains(HttpHeaderNames.CONTENT_LENGTH)) {
            message.setBody(ByteBufUtil.getBytes(content));
        }
        return message;
    }

    @Override
    public HttpResponse toNettyResponse(Message message, NettyHttpConfiguration configuration) {
        Exchange exchange = message.getExchange();
        try {
            if (exchange.getException() == null) {
                return response(message);
            }
        } catch (IllegalArgumentException e) {
            LOG.warn("{} response cannot be written: {}", exchange.getExchangeId(), e.toString());
            return errors.response(Failure.BAD_RESPONSE, Failure.BAD_RESPONSE.text(), null, false);
        }
        LOG.error("{} failed outside of the error handling", exchange.getExchangeId(), exchange.getException());
        return errors.response(Failure.INTERNAL, Failure.INTERNAL.text(), null, false);
    }

    private static FullHttpResponse response(Message message) {
        byte[] body = message.getBody(byte[].class);
        FullHttpResponse response = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, status(message),
                body == null ? Unpooled.EMPTY_BUFFER : Unpooled.wrappedBuffer(body));
        EndToEndFields.write(message.getHeaders(), response.headers()::add);
        Object length = length(message, response.content().readableBytes());
        if (length != null) {
            response.headers().set(HttpHeaderNames.CONTENT_LENGTH, length);
        }
        return response;
    }

    /** The body's, but for responses that have none by definition: what the upstream said (RFC 9110, section 8.6). */
    private static Object length(Message message, int body) {
        Exchange exchange = message.getExchange();
        boolean bodiless = exchange.getProperty(HEAD) != null
                || Integer.valueOf(304).equals(message.getHeader(Exchange.HTTP_RESPONSE_CODE));
        return bodiless && body == 0 ? message.getHeader("Content-Length") : Integer.valueOf(body);
    }

    private static HttpResponseStatus status(Message message) {
        int code = message.getHeader(Exchange.HTTP_RESPONSE_CODE, 200, int.class);
        HttpResponseStatus known = HttpResponseStatus.valueOf(code);
        String reason = message.getHeader(Exchange.HTTP_RESPONSE_TEXT, String.class);
        return reason == null || reason.equals(known.reasonPhrase()) ? known : new HttpResponseStatus(code, reason);
    }
}
