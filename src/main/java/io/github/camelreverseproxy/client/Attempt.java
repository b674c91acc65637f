package io.github.camelreverseproxy.client;

import java.net.SocketTimeoutException;

import io.github.camelreverseproxy.forwarding.ClientConnection;
import io.github.camelreverseproxy.forwarding.ProxyRequest;
import io.github.camelreverseproxy.forwarding.ResponseMessage;
import io.github.camelreverseproxy.forwarding.UpstreamException;
import io.github.camelreverseproxy.message.Failure;
import io.github.camelreverseproxy.message.Methods;
import io.github.camelreverseproxy.message.ProxyException;
import io.github.camelreverseproxy.message.Tokens;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.EventLoop;
import org.apache.camel.AsyncCallback;
import org.apache.camel.Exchange;
import org.apache.camel.Message;

/**
 * A request on its way to an upstream, and what becomes of it. Ends once, early if the client's request is ended. Confined
 * to its event loop, but for its making and {@link #cancel}.
 */
final class Attempt implements ProxyRequest.Cancellable {
    /** A body up to this size goes out with the head in one piece. */
    private static final int SMALL_BODY = 4096;
    private static final int CRLF = '\r' << 8 | '\n';
    private static final int COLON_SPACE = ':' << 8 | ' ';

    private final Exchange exchange;
    private final ProxyRequest request;
    private final UpstreamEndpoint endpoint;
    private final AsyncCallback callback;
    private final EventLoop loop;
    private final byte[] body;
    private final String method;
    private final String target;
    private UpstreamConnection connection;
    private boolean ended;

    /** @throws ProxyException if the message cannot be sent as it is */
    Attempt(Exchange exchange, UpstreamEndpoint endpoint, EventLoop loop, AsyncCallback callback) throws ProxyException {
        this.exchange = exchange;
        this.request = ProxyRequest.of(exchange);
        this.endpoint = endpoint;
        this.loop = loop;
        this.callback = callback;
        this.body = endpoint.requests().body(exchange.getMessage());
        this.method = endpoint.requests().method(exchange.getMessage(), body);
        this.target = endpoint.requests().target(exchange.getMessage(), endpoint.base());
    }

    /** Makes itself known to its request, which may end it at once. */
    void begin() {
        request.begun(this);
    }

    boolean isHead() {
        return method.equals("HEAD");
    }

    boolean isEnded() {
        return ended;
    }

    /** The client's connection, or null. */
    ClientConnection client() {
        return request.client();
    }

    /** Whether the client logs in with it, so that the connection that it goes by is the client's alone (RFC 4559, section 6). */
    boolean isLogin() {
        return Login.isIn(exchange.getMessage().getHeader("Authorization"));
    }

    /** Whether it may go by a connection that has been used before; one that may be what breaks connections goes by its own. */
    boolean mayShareConnection() {
        return !request.isSuspect();
    }

    /** Whether it may be sent once more, to the same upstream. */
    boolean maySendAgain() {
        return Methods.isIdempotent(method);
    }

    /**
     * The head, and the body if it is small.
     *
     * @throws ProxyException if a field cannot be sent
     */
    ByteBuf head(ByteBufAllocator allocator, UpstreamConnection by) throws ProxyException {
        ByteBuf head = allocator.directBuffer(512);
        try {
            writeText(head, method);
            head.writeByte(' ');
            writeText(head, target);
            writeText(head, " HTTP/1.1");
            endpoint.requests().fields(exchange.getMessage(), endpoint.authority(), body, (name, value) -> {
                head.writeShort(CRLF);
                writeName(head, name);
                head.writeShort(COLON_SPACE);
                writeValue(head, name, value);
            });
            head.writeShort(CRLF).writeShort(CRLF);
            connection = by;
            return body == null || rest() != null ? head : head.writeBytes(body);
        } catch (IllegalArgumentException e) {
            head.release();
            throw new ProxyException(Failure.INTERNAL, Failure.INTERNAL.text(), e);
        } catch (RuntimeException | Error e) {
            head.release();
            throw e;
        }
    }

    /** The body that is to follow, or null. */
    byte[] rest() {
        return body == null || body.length <= SMALL_BODY ? null : body;
    }

    /** What has been looked at before. */
    private static void writeText(ByteBuf head, String text) {
        head.ensureWritable(text.length());
        for (int i = 0; i < text.length(); i++) {
            head.writeByte(text.charAt(i));
        }
    }

    private static void writeName(ByteBuf head, String name) {
        head.ensureWritable(name.length());
        boolean token = !name.isEmpty();
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            token &= Tokens.isTchar(c);
            head.writeByte(c);
        }
        if (!token) {
            Tokens.requireField(name, "");
        }
    }

    private static void writeValue(ByteBuf head, String name, String value) {
        head.ensureWritable(value.length());
        boolean valid = true;
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            valid &= Tokens.isFieldChar(c);
            head.writeByte(c);
        }
        if (!valid) {
            Tokens.requireField(name, value);
        }
    }

    /** @throws ProxyException if there is no room for more of the response */
    void hold(long bytes) throws ProxyException {
        if (client() != null && !client().hold(bytes)) {
            throw new ProxyException(Failure.OVERLOADED, "no room for the response");
        }
    }

    /** The head of a response has come, and not all of its body. */
    void answering() {
        request.answering();
        if (exchange.getProperty(ProxyRequest.Watcher.PROPERTY) instanceof ProxyRequest.Watcher watcher) {
            watcher.answering();
        }
    }

    void succeed(UpstreamResponse response) {
        if (ended) {
            return;
        }
        Message message = new ResponseMessage(exchange);
        response.readFields(message.getHeaders());
        endpoint.location().rewrite(message.getHeaders(), request);
        if (response.isHttp10()) {
            message.setHeader(Exchange.HTTP_PROTOCOL_VERSION, "HTTP/1.0");
        }
        message.setHeader(Exchange.HTTP_RESPONSE_CODE, response.status());
        message.setHeader(Exchange.HTTP_RESPONSE_TEXT, response.reason());
        message.setBody(response.body());
        exchange.setMessage(message);
        end();
    }

    /** @param sent whether the upstream may have acted upon it */
    void fail(Throwable cause, boolean sent) {
        fail(new UpstreamException(endpoint.name(), Faults.of(cause, sent), cause, sent));
    }

    /** A connection that had been used before was closed with nothing of a response: nobody is to blame. */
    void failOnClosedConnection(Throwable cause) {
        fail(new UpstreamException(endpoint.name(), Failure.CONNECTION_CLOSED, cause, true));
    }

    /** It says nothing of the upstream. */
    void fail(Throwable cause) {
        if (!ended) {
            exchange.setException(cause);
            end();
        }
    }

    @Override
    public void cancel(ProxyException why) {
        if (!loop.inEventLoop()) {
            loop.execute(() -> cancel(why));
        } else if (!ended) {
            UpstreamConnection open = connection;
            if (open != null && why.failure() == Failure.TIMEOUT) {
                fail(new SocketTimeoutException("no response in all the time that there is for the request"), true);
            } else {
                fail(why);
            }
            // Not before: what cannot be written any more would be taken for the upstream's failure.
            if (open != null) {
                open.close();
            }
        }
    }

    private void end() {
        ended = true;
        request.ended(this);
        callback.done(false);
    }
}
