package io.github.camelreverseproxy.listener;

import java.nio.charset.StandardCharsets;
import java.util.Map;

import io.github.camelreverseproxy.forwarding.BodyStream;
import io.github.camelreverseproxy.message.EndToEndFields;
import io.github.camelreverseproxy.message.Failure;
import io.github.camelreverseproxy.message.ProxyException;
import io.github.camelreverseproxy.message.Tokens;
import io.github.camelreverseproxy.response.ErrorAnswer;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.component.netty.http.DefaultNettyHttpBinding;
import org.apache.camel.component.netty.http.NettyHttpConfiguration;

/**
 * Between the wire and the message: the target, split but otherwise as sent, in {@code CamelHttpPath} and
 * {@code CamelHttpRawQuery}; the end-to-end fields as headers, and nothing else as headers, no query parameter above
 * all, but {@code Upgrade} for a connection that may become something else; the body as a byte array, as a stream, or null for none. Back from the message to the wire the same way. Thread-safe once
 * configured.
 */
public final class ProxyBinding extends DefaultNettyHttpBinding {
    /** Every name and value is looked at here, more strictly than Netty does. */
    private static final DefaultHttpHeadersFactory UNCHECKED = DefaultHttpHeadersFactory.headersFactory().withValidation(false);

    /** Exchange property: the request is a HEAD. */
    private static final String HEAD = ProxyBinding.class.getName() + ".head";

    private final ErrorAnswer errors;

    public ProxyBinding(ErrorAnswer errors) {
        this.errors = errors;
    }

    @Override
    public Message toCamelMessage(FullHttpRequest request, Exchange exchange, NettyHttpConfiguration configuration) {
        Message message = exchange.getIn();
        Map<String, Object> headers = message.getHeaders();
        EndToEndFields.readRequest(request.headers(), request.headers().getAll(HttpHeaderNames.CONNECTION), headers);
        headers.remove("Expect");
        if (request.protocolVersion().equals(HttpVersion.HTTP_1_0)) {
            headers.remove("Host", "");
        }
        ReceivedRequest received = (ReceivedRequest) request;
        received.owner().begin(exchange);
        String upgrade = upgrade(request);
        if (upgrade != null) {
            headers.put("Upgrade", upgrade);
        }
        String target = request.uri();
        int query = target.indexOf('?');
        headers.put(Exchange.HTTP_METHOD, request.method().name());
        headers.put(Exchange.HTTP_PATH, query < 0 ? target : target.substring(0, query));
        if (query >= 0) {
            headers.put(Exchange.HTTP_RAW_QUERY, target.substring(query + 1));
        }
        if (request.protocolVersion().equals(HttpVersion.HTTP_1_0)) {
            headers.put(Exchange.HTTP_PROTOCOL_VERSION, "HTTP/1.0");
        }
        if (request.method().equals(HttpMethod.HEAD)) {
            exchange.setProperty(HEAD, Boolean.TRUE);
        }
        if (received.stream() != null) {
            received.stream().belongsTo(exchange);
        }
        message.setBody(received.body());
        return message;
    }

    /** What a request asks its connection to become, if it may (RFC 9110, section 7.8): not HTTP/2, and not with a body; or null. */
    private static String upgrade(HttpRequest request) {
        HttpHeaders fields = request.headers();
        if (!fields.contains(HttpHeaderNames.UPGRADE) || request.method().equals(HttpMethod.HEAD) || !request.protocolVersion().equals(HttpVersion.HTTP_1_1)
                || HttpUtil.getContentLength(request, 0L) > 0 || HttpUtil.isTransferEncodingChunked(request)) {
            return null;
        }
        String protocols = String.join(", ", fields.getAll(HttpHeaderNames.UPGRADE));
        boolean asked = Tokens.isListed(String.join(",", fields.getAll(HttpHeaderNames.CONNECTION)), "upgrade");
        return asked && !Tokens.isListed(protocols, "h2c") ? protocols : null;
    }

    /** Whatever a route has made of the exchange, there is an answer; Camel would leave the client without one. */
    @Override
    public HttpResponse toNettyResponse(Message message, NettyHttpConfiguration configuration) {
        Exchange exchange = message.getExchange();
        Throwable cause = exchange.getException();
        try {
            if (cause == null) {
                return response(message);
            }
        } catch (IllegalArgumentException e) {
            cause = new ProxyException(Failure.INTERNAL, Failure.INTERNAL.text(), e);
        } catch (Exception | Error e) {
            cause = e;
        }
        return errors.response(exchange.getExchangeId(), cause);
    }

    private static HttpResponse response(Message message) {
        BodyStream stream = message.getBody() instanceof BodyStream body ? body : null;
        if (stream != null && message.getExchange().getProperty(HEAD) == null) {
            return streamed(message, stream);
        }
        byte[] whole = stream != null ? null : body(message);
        FullHttpResponse response = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, status(message),
                whole == null ? Unpooled.EMPTY_BUFFER : Unpooled.wrappedBuffer(whole),
                UNCHECKED, UNCHECKED);
        EndToEndFields.write(message.getHeaders(), (name, value) -> response.headers().add(Tokens.requireField(name, value), value));
        Object length = length(message, response.content().readableBytes());
        if (length != null) {
            response.headers().set(HttpHeaderNames.CONTENT_LENGTH, length);
        }
        return response;
    }

    private static HttpResponse streamed(Message message, BodyStream stream) {
        stream.requireFor(message.getExchange());
        StreamedResponse response = new StreamedResponse(status(message), UNCHECKED, stream, message.getExchange().getExchangeId());
        HttpHeaders fields = response.headers();
        EndToEndFields.write(message.getHeaders(), (name, value) -> fields.add(Tokens.requireField(name, value), value));
        if (stream.back() != null) {
            fields.set(HttpHeaderNames.CONNECTION, HttpHeaderValues.UPGRADE);
            fields.set(HttpHeaderNames.UPGRADE, message.getHeader("Upgrade"));
        } else if (stream.length() >= 0) {
            fields.set(HttpHeaderNames.CONTENT_LENGTH, Long.toString(stream.length()));
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

    /** Text is UTF-8, whatever charset the client has named in its Content-Type. */
    private static byte[] body(Message message) {
        return message.getBody() instanceof String text ? text.getBytes(StandardCharsets.UTF_8) : message.getBody(byte[].class);
    }

    private static HttpResponseStatus status(Message message) {
        boolean tunnel = message.getBody() instanceof BodyStream stream && stream.back() != null;
        if (tunnel) {
            return HttpResponseStatus.SWITCHING_PROTOCOLS;
        }
        Object given = message.getHeader(Exchange.HTTP_RESPONSE_CODE);
        int code = given == null ? 200 : number(given);
        HttpResponseStatus known = HttpResponseStatus.valueOf(code);
        String reason = message.getHeader(Exchange.HTTP_RESPONSE_TEXT, String.class);
        if (reason == null || reason.equals(known.reasonPhrase())) {
            return known;
        }
        Tokens.requireField("CamelHttpResponseText", reason);
        return new HttpResponseStatus(code, reason);
    }

    private static int number(Object code) {
        if (code instanceof Integer number && number >= 200 && number <= 999) {
            return number;
        }
        String text = code.toString().strip();
        if (!text.matches("[2-9][0-9]{2}")) {
            throw new IllegalArgumentException("the header " + Exchange.HTTP_RESPONSE_CODE + " is no status: " + text);
        }
        return Integer.parseInt(text);
    }
}
