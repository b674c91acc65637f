package io.github.camelreverseproxy.client;

import java.util.Collection;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;

import io.github.camelreverseproxy.forwarding.AttemptRecord;
import io.github.camelreverseproxy.forwarding.BodyStream;
import io.github.camelreverseproxy.forwarding.ProxyRequest;
import io.github.camelreverseproxy.message.EndToEndFields;
import io.github.camelreverseproxy.message.Failure;
import io.github.camelreverseproxy.message.OptionException;
import io.github.camelreverseproxy.message.ProxyException;
import io.github.camelreverseproxy.message.Tokens;
import org.apache.camel.Exchange;
import org.apache.camel.Message;

/**
 * What the requests to an upstream look like: method, target, fields and body of a message, and what is set for this
 * upstream alone. Thread-safe.
 */
final class UpstreamRequests {
    private final UpstreamUrl url;
    private final String method;
    private final String host;
    private final String fieldName;
    private final String fieldValue;

    /**
     * @param method of a message that has none; if empty, POST with a body and GET without
     * @param field  that each request carries, {@code name: value}; may be empty
     * @param host   {@code upstream}, {@code client} or a name
     * @throws IllegalArgumentException if one cannot be sent
     */
    UpstreamRequests(UpstreamUrl url, String method, String field, String host) {
        this.url = url;
        this.method = method;
        this.host = host.equals("upstream") ? url.authority() : host.equals("client") ? null : host;
        int colon = field.indexOf(':');
        fieldName = colon < 0 ? null : field.substring(0, colon).strip();
        fieldValue = colon < 0 ? null : field.substring(colon + 1).strip();
        if (!method.isEmpty() && !Tokens.isToken(method)) {
            throw new OptionException("method", "method: no method: " + method);
        }
        if (!field.isEmpty() && fieldName == null) {
            throw new OptionException("header", "header: not a name, a colon and a value: " + field);
        }
        if (fieldName != null) {
            Tokens.requireField(fieldName, fieldValue);
        }
        if (!host.matches("[A-Za-z0-9._:\\[\\]-]+")) {
            throw new OptionException("host", "host: not upstream, client or a name: " + host);
        }
    }

    /** The upstream is told which attempt of which trace it is (W3C Trace Context, section 3.2), if there is one. */
    static void trace(Message message, AttemptRecord attempt, ProxyRequest request) {
        if (attempt.span() != null) {
            String traceparent = attempt.span().traceparent();
            message.setHeader("traceparent", traceparent);
            request.made(traceparent);
            if (!attempt.span().continued()) {
                // That of a trace that could not be read (section 4.3).
                message.removeHeader("tracestate");
            }
        }
    }

    /** For the Host field. */
    String host(Message message) {
        return host != null ? host : message.getHeader("Host") instanceof String sent && !sent.isEmpty() ? sent : url.authority();
    }

    /** Whether Host is other than the URL's. */
    boolean hasOwnHost() {
        return !url.authority().equals(host);
    }

    /** @return a byte array, a {@link BodyStream}, or null for none, which is not the same as an empty one */
    Object body(Message message) {
        if (message.getBody() instanceof BodyStream stream) {
            return stream.whole() != null ? stream.whole() : stream;
        }
        return message.getBody(byte[].class);
    }

    /** @throws ProxyException if it is no method */
    String method(Message message, Object body) throws ProxyException {
        Object own = message.getHeader(Exchange.HTTP_METHOD);
        if (own == null) {
            return !method.isEmpty() ? method : body != null ? "POST" : "GET";
        }
        String name = own.toString();
        if (!Tokens.isToken(name)) {
            throw unsendable(Exchange.HTTP_METHOD);
        }
        return name;
    }

    /**
     * Byte for byte what {@code CamelHttpPath} and {@code CamelHttpRawQuery} hold; a path without a slash before it gets one.
     *
     * @throws ProxyException if one of them has a character that would end the target, or the path leads out of the base
     */
    String target(Message message) throws ProxyException {
        String path = message.getHeader(Exchange.HTTP_PATH, "/", String.class);
        String query = message.getHeader(Exchange.HTTP_RAW_QUERY, String.class);
        requireVisible(path, Exchange.HTTP_PATH);
        String base = url.path();
        String target = path.startsWith("/") ? base + path : path.equals("*") ? path : base + '/' + path;
        if (!base.isEmpty() && PathDepth.leavesBase(path)) {
            throw new ProxyException(Failure.BAD_REQUEST, "the path leads out of where it may lead");
        }
        if (query == null) {
            return target;
        }
        requireVisible(query, Exchange.HTTP_RAW_QUERY);
        return target + '?' + query;
    }

    private static void requireVisible(String text, String header) throws ProxyException {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c <= ' ' || c == 0x7f || c > 0xff) {
                throw unsendable(header);
            }
        }
    }

    private static ProxyException unsendable(String header) {
        return new ProxyException(Failure.INTERNAL, Failure.INTERNAL.text(), new IllegalArgumentException("the header " + header + " cannot be sent"));
    }

    /**
     * Sets what is this upstream's own as headers, for a client that makes a request of them.
     *
     * @throws ProxyException if it cannot be sent
     */
    void prepare(Message message) throws ProxyException {
        // The client puts the base before the path itself.
        target(message);
        message.setHeader(Exchange.HTTP_METHOD, method(message, message.getBody()));
        message.removeHeader(Exchange.HTTP_URI);
        message.setHeader("Host", host(message));
        if (fieldName != null) {
            message.setHeader(fieldName, fieldValue);
        }
        // camel-http would make the text [a, b] of several lines; one line says the same (RFC 9110, section 5.3; RFC 6265, section 5.4).
        message.getHeaders().replaceAll((name, value) -> value instanceof Collection<?> lines
                ? lines.stream().map(String::valueOf).collect(Collectors.joining(name.equalsIgnoreCase("Cookie") ? "; " : ", ")) : value);
    }

    /** Hands all fields to the wire, one call for each field line. */
    void fields(Message message, Object body, BiConsumer<String, String> wire) {
        wire.accept("Host", host(message));
        EndToEndFields.write(message.getHeaders(), (name, value) -> {
            if (!name.equalsIgnoreCase("Host") && !name.equalsIgnoreCase(fieldName)) {
                wire.accept(name, value);
            }
        });
        if (fieldName != null) {
            wire.accept(fieldName, fieldValue);
        }
        if (body instanceof byte[] whole) {
            wire.accept("Content-Length", Integer.toString(whole.length));
        } else if (body instanceof BodyStream stream && stream.length() >= 0) {
            wire.accept("Content-Length", Long.toString(stream.length()));
        } else if (body != null) {
            wire.accept("Transfer-Encoding", "chunked");
        }
    }
}
