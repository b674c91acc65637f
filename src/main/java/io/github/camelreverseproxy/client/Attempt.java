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
    /** A body up to this size goes out with the head in one piece. */
    private static final int SMALL_BODY = 4096;
    private static final int CRLF = '\r' << 8 | '\n';
    private static final int COLON_SPACE = ':' << 8 | ' ';

    private final Exchange exchange;
    private final UpstreamEndpoint endpoint;
    private final AsyncCallback callback;
    private final byte[] body;
    private final String method;
    private boolean ended;

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

    /**
     * The head, and the body if it is small.
     *
     * @throws IllegalArgumentException if a field has a character that is none of a field's (RFC 9110, section 5.5)
     */
    ByteBuf begin(ByteBufAllocator allocator) {
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
            head.writeShort(CRLF).writeShort(CRLF);
            return body == null || rest() != null ? head : head.writeBytes(body);
        } catch (RuntimeException | Error e) {
            head.release();
            throw e;
        }
    }

    /** The body that is to follow, or null. */
    byte[] rest() {
        return body == null || body.length <= SMALL_BODY ? null : body;
    }

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
        if (ended) {
            return;
        }
        Message message = new DefaultMessage(exchange);
        response.readFields(message.getHeaders());
        message.setHeader(Exchange.HTTP_RESPONSE_CODE, response.status());
        message.setHeader(Exchange.HTTP_RESPONSE_TEXT, response.reason());
        message.setBody(response.body());
        exchange.setMessage(message);
        end();
    }

    /** @param progress how far it had come */
    void fail(Throwable cause, Progress progress) {
        fail(new UpstreamException(endpoint.name(), cause, progress));
    }

    /** It says nothing of the upstream. */
    void fail(Throwable cause) {
        if (!ended) {
            exchange.setException(cause);
            end();
        }
    }

    private void end() {
        ended = true;
        callback.done(false);
    }
}
