package io.github.camelreverseproxy.client;

import java.net.SocketTimeoutException;

import io.github.camelreverseproxy.forwarding.AttemptRecord;
import io.github.camelreverseproxy.forwarding.BodyStream;
import io.github.camelreverseproxy.forwarding.ByteBudget;
import io.github.camelreverseproxy.forwarding.ClientConnection;
import io.github.camelreverseproxy.forwarding.Journal;
import io.github.camelreverseproxy.forwarding.ProxyRequest;
import io.github.camelreverseproxy.forwarding.ResponseMessage;
import io.github.camelreverseproxy.forwarding.UpstreamException;
import io.github.camelreverseproxy.message.EndToEndFields;
import io.github.camelreverseproxy.message.Failure;
import io.github.camelreverseproxy.message.Methods;
import io.github.camelreverseproxy.message.ProxyException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
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

    private final Exchange exchange;
    private final ProxyRequest request;
    private final Upstream upstream;
    private final AsyncCallback callback;
    private final EventLoop loop;
    private final Object body;
    private final String method;
    private final String target;
    private final String upgrade;
    private final Journal journal;
    private AttemptRecord record;
    private UpstreamExchange sent;
    /** The response's body, if it is a stream. */
    private BodyStream response;
    private boolean ended;

    /** @throws ProxyException if the message cannot be sent as it is */
    Attempt(Exchange exchange, Upstream upstream, Journal journal, EventLoop loop, AsyncCallback callback) throws ProxyException {
        this.exchange = exchange;
        this.journal = journal;
        this.request = ProxyRequest.of(exchange);
        this.upstream = upstream;
        this.loop = loop;
        this.callback = callback;
        this.body = upstream.requests().body(exchange.getMessage());
        this.method = upstream.requests().method(exchange.getMessage(), body);
        this.target = upstream.requests().target(exchange.getMessage());
        this.upgrade = !request.isAnsweredBy(exchange) || body != null || isHead() ? null : exchange.getMessage().getHeader("Upgrade", String.class);
        if (body instanceof BodyStream stream) {
            stream.requireFor(exchange);
        }
    }

    /** Makes itself known to its request, which may end it at once. */
    void begin() {
        record();
        request.begun(this);
    }

    private void record() {
        record = journal.attempt(request, upstream.name(), isOfCopy());
        UpstreamRequests.trace(exchange.getMessage(), record, request);
    }

    /** The connection that it went by was closed before anything of a response came; it goes by another one. */
    void again() {
        record.failed(Failure.CONNECTION_CLOSED);
        record();
    }

    boolean isHead() {
        return method.equals("HEAD");
    }

    /** Whether it asks for another protocol. */
    boolean isUpgrade() {
        return upgrade != null;
    }

    boolean isEnded() {
        return ended;
    }

    /** Whether nobody waits for what comes of it. */
    boolean isOfCopy() {
        return !request.isAnsweredBy(exchange);
    }

    @Override
    public boolean isFor(Exchange other) {
        return exchange == other;
    }

    /** What the bytes of its body are charged to, or null. */
    ByteBudget budget() {
        return client() == null ? null : client().budget();
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
        return Methods.isIdempotent(method) && stream() == null;
    }

    /**
     * The head, and the body if it is small.
     *
     * @throws ProxyException if a field cannot be sent
     */
    ByteBuf head(ByteBufAllocator allocator, UpstreamExchange by) throws ProxyException {
        RequestHead head = new RequestHead(allocator, method, target);
        try {
            upstream.requests().fields(exchange.getMessage(), body, head::field);
            if (upgrade != null) {
                head.field("Connection", "upgrade");
                head.field("Upgrade", upgrade);
            }
            sent = by;
            return head.end(body instanceof byte[] whole && rest() == null ? whole : UpstreamResponse.NO_BODY);
        } catch (IllegalArgumentException e) {
            head.release();
            throw new ProxyException(Failure.INTERNAL, Failure.INTERNAL.text(), e);
        } catch (RuntimeException | Error e) {
            head.release();
            throw e;
        }
    }

    /** The whole body that is to follow, or null. */
    byte[] rest() {
        return body instanceof byte[] whole && whole.length > SMALL_BODY ? whole : null;
    }

    /** The body that is to follow as it comes, or null. */
    BodyStream stream() {
        return body instanceof BodyStream stream ? stream : null;
    }

    /** The head of a response has come, and not all of its body. */
    void answering() {
        request.answering();
        if (watcher() != null) {
            watcher().answering();
        }
    }

    /** The body takes its time, which is the client's. */
    void uploading() {
        if (watcher() != null) {
            watcher().uploading();
        }
    }

    /** The body has gone out: from now on it is the upstream that is waited for. */
    void uploaded() {
        if (watcher() != null) {
            watcher().uploaded();
        }
    }

    private ProxyRequest.Watcher watcher() {
        return exchange.getProperty(ProxyRequest.Watcher.PROPERTY) instanceof ProxyRequest.Watcher watcher ? watcher : null;
    }

    /** Early hints are passed on (RFC 8297); other interim responses are this hop's own. */
    void interim(UpstreamResponse interim) {
        if (interim.status() == HttpResponseStatus.EARLY_HINTS.code() && request.isAnsweredBy(exchange) && !ended) {
            FullHttpResponse hints = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.EARLY_HINTS, Unpooled.EMPTY_BUFFER);
            EndToEndFields.read(interim.fields(), interim.values("Connection"), (name, value) -> hints.headers().add(name, value));
            client().inform(hints);
        }
    }

    /** @param content of the response, a byte array or a {@link BodyStream} */
    void succeed(UpstreamResponse head, Object content) {
        if (ended) {
            return;
        }
        record.answered(head.status());
        Message message = new ResponseMessage(exchange);
        head.readFields(message.getHeaders());
        Location.rewrite(upstream, message.getHeaders(), request);
        if (head.isHttp10()) {
            message.setHeader(Exchange.HTTP_PROTOCOL_VERSION, "HTTP/1.0");
        }
        if (head.isTunnel()) {
            message.setHeader("Upgrade", String.join(", ", head.values("Upgrade")));
        }
        message.setHeader(Exchange.HTTP_RESPONSE_CODE, head.status());
        message.setHeader(Exchange.HTTP_RESPONSE_TEXT, head.reason());
        message.setBody(content);
        exchange.setMessage(message);
        if (content instanceof BodyStream body) {
            ended = true;
            response = body;
            request.answering();
            body.whenEnded(why -> {
                if (body.isTaken()) {
                    request.ended(this);
                }
            });
            if (!request.isAnsweredBy(exchange)) {
                body.leaveWith(exchange);
            }
            callback.done(false);
        } else {
            end();
        }
    }

    /** @param sent whether the upstream may have acted upon it */
    void fail(Throwable cause, boolean sent) {
        fail(new UpstreamException(upstream.name(), Faults.of(cause, sent), cause, sent));
    }

    /** A connection that had been used before was closed with nothing of a response: nobody is to blame. */
    void failOnClosedConnection(Throwable cause) {
        fail(new UpstreamException(upstream.name(), Failure.CONNECTION_CLOSED, cause, true));
    }

    /** It says nothing of the upstream. */
    void fail(Throwable cause) {
        if (!ended) {
            record.failed(Failure.of(cause));
            exchange.setException(cause);
            end();
        }
    }

    @Override
    public void cancel(ProxyException why) {
        if (!loop.inEventLoop()) {
            loop.execute(() -> cancel(why));
        } else if (ended) {
            // Its response is on its way, or has gone out.
            if (response != null) {
                // It has answered, so that nothing is its fault.
                sent.abort(new ProxyException(Failure.CLIENT_GONE));
                response.leave(why);
            }
        } else {
            UpstreamExchange open = sent;
            if (open != null && why.failure() == Failure.TIMEOUT) {
                fail(new SocketTimeoutException("no response in all the time that there is for the request"), true);
            } else {
                fail(why);
            }
            // Not before: what cannot be written any more would be taken for the upstream's failure.
            if (open != null) {
                open.abort(why);
            }
        }
    }

    private void end() {
        ended = true;
        request.ended(this);
        callback.done(false);
    }
}
