package io.github.camelreverseproxy.client;

import io.github.camelreverseproxy.client.UpstreamException.Progress;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import org.apache.camel.AsyncCallback;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.support.DefaultMessage;

/** A request on its way to an upstream, and what becomes of it. Ends once; confined to its event loop. */
final class Attempt {
    private final Exchange exchange;
    private final UpstreamEndpoint endpoint;
    private final AsyncCallback callback;
    private final byte[] body;
    private final String method;

    Attempt(Exchange exchange, UpstreamEndpoint endpoint, AsyncCallback callback) {
        this.exchange = exchange;
        this.endpoint = endpoint;
        this.callback = callback;
        this.body = endpoint.requests().body(exchange.getMessage());
        this.method = endpoint.requests().method(exchange.getMessage(), body);
    }

    boolean isHead() {
        return method.equals("HEAD");
    }

    /** @return null for none */
    byte[] body() {
        return body;
    }

    /** @throws IllegalArgumentException if a field has a character that is none of a field's (RFC 9110, section 5.5) */
    ByteBuf head(ByteBufAllocator allocator) {
        ByteBuf head = allocator.directBuffer(512);
        try {
            write(head, method);
            head.writeByte(' ');
            write(head, endpoint.requests().target(exchange.getMessage(), endpoint.base()));
            write(head, " HTTP/1.1");
            endpoint.requests().fields(exchange.getMessage(), endpoint.authority(), body, (name, value) -> {
                head.writeShort(CRLF);
                write(head, name);
                head.writeShort(COLON_SPACE);
                write(head, value);
            });
            return head.writeShort(CRLF).writeShort(CRLF);
        } catch (RuntimeException e) {
            head.release();
            throw e;
        }
    }

    private static final int CRLF = '\r' << 8 | '\n';
    private static final int COLON_SPACE = ':' << 8 | ' ';

    private static void write(ByteBuf head, String text) {
        head.ensureWritable(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < ' ' && c != '\t' || c == 0x7f || c > 0xff) {
                throw new IllegalArgumentException("control character in a request");
            }
            head.writeByte(c);
        }
    }

    void succeed(UpstreamResponse response) {
        Message message = new DefaultMessage(exchange);
        response.readFields(message.getHeaders());
        message.setHeader(Exchange.HTTP_RESPONSE_CODE, response.status());
        message.setHeader(Exchange.HTTP_RESPONSE_TEXT, response.reason());
        message.setBody(response.body());
        exchange.setMessage(message);
        callback.done(false);
    }

    /** @param progress how far it had come */
    void fail(Throwable cause, Progress progress) {
        exchange.setException(new UpstreamException(cause, progress));
        callback.done(false);
    }

    /** It was not for the upstream. */
    void fail(RuntimeException cause) {
        exchange.setException(cause);
        callback.done(false);
    }
}
