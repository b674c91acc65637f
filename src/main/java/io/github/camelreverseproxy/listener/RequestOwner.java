package io.github.camelreverseproxy.listener;

import io.github.camelreverseproxy.message.Failure;
import io.github.camelreverseproxy.message.ProxyException;
import io.github.camelreverseproxy.forwarding.ClientConnection;
import io.github.camelreverseproxy.forwarding.Deadline;
import io.github.camelreverseproxy.forwarding.ProxyRequest;
import io.github.camelreverseproxy.response.ErrorAnswer;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.ChannelInputShutdownReadComplete;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.util.ReferenceCountUtil;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The request that the connection has handed to a route belongs to the connection: it takes its place under the limit of
 * requests in flight, and whatever ends it gives that place back, once: the last byte of its response, the client's end, or
 * the end of the time that there is for it. In the latter two cases what is under way for it is ended too; if the route has
 * lost it and gives no answer, the answer is made here. Sees one request at a time, because {@link ResponseOrder} stands
 * before it. Not sharable; runs on the channel's event loop.
 */
final class RequestOwner extends ChannelDuplexHandler {
    private static final Logger LOG = LoggerFactory.getLogger(RequestOwner.class);
    /** For a route to answer a request that has been ended. */
    private static final long LAST_WORDS_MILLIS = 1000;

    /**
     * All in milliseconds.
     *
     * @param total      for a response to begin
     * @param halfClosed the same, once the client has nothing more to send and so may have gone
     */
    record Limits(long total, long halfClosed) {
    }

    private final InFlight inFlight;
    private final Limits limits;
    private final ErrorAnswer errors;
    private final ClientConnection client;
    private Deadline deadline;
    private ProxyRequest current;
    private boolean answered;
    private boolean halfClosed;
    private HttpHeaders fields;

    RequestOwner(ClientConnection client, InFlight inFlight, Limits limits, ErrorAnswer errors) {
        this.client = client;
        this.inFlight = inFlight;
        this.limits = limits;
        this.errors = errors;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        deadline = new Deadline(ctx.executor(), () -> late(ctx));
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        FullHttpRequest request = (FullHttpRequest) message;
        if (!inFlight.begin()) {
            request.release();
            ctx.writeAndFlush(errors.response(Failure.OVERLOADED, Failure.OVERLOADED.text(), accept(request.headers()), false));
            return;
        }
        fields = request.headers();
        current = new ProxyRequest(client, fields);
        answered = false;
        deadline.in(halfClosed ? limits.halfClosed : limits.total);
        ctx.fireChannelRead(new OwnedRequest(request, current));
    }

    private static String accept(HttpHeaders fields) {
        return String.join(",", fields.getAll(HttpHeaderNames.ACCEPT));
    }

    /** A client that sends nothing more may wait for its answer, or may have gone: nothing tells one from the other. */
    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownReadComplete) {
            halfClosed = true;
            if (current != null && !answered) {
                deadline.in(Math.min(limits.halfClosed, limits.total));
            }
        }
        ctx.fireUserEventTriggered(event);
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        if (current == null || answered && message instanceof HttpResponse) {
            // The route answers a request that was answered here, or whose client has gone.
            ReferenceCountUtil.release(message);
            promise.trySuccess();
            return;
        }
        answered = true;
        deadline.drop();
        ChannelPromise written = promise;
        if (ResponseFraming.endsResponse(message)) {
            written = promise.unvoid();
            written.addListener((ChannelFutureListener) done -> end());
        }
        ctx.write(message, written);
    }

    /** The time is over; what is under way ends, and with it the exchange, as a rule at once. */
    private void late(ChannelHandlerContext ctx) {
        if (current == null || answered) {
            return;
        }
        if (!halfClosed && current.isAnswering() && current.cancelled() == null) {
            // From the head on the time from one piece to the next counts.
            deadline.in(limits.total);
            return;
        }
        Failure failure = halfClosed ? Failure.CLIENT_GONE : Failure.TIMEOUT;
        boolean first = current.cancelled() == null;
        current.cancel(new ProxyException(failure));
        if (current == null || answered) {
            return;
        }
        if (first) {
            deadline.in(LAST_WORDS_MILLIS);
        } else {
            LOG.info("A request whose time is over is answered without its route, which has had {} ms more", LAST_WORDS_MILLIS);
            ctx.pipeline().writeAndFlush(errors.response(failure, failure.text(), accept(fields), true));
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        deadline.end();
        client.end();
        if (current != null) {
            ProxyRequest gone = current;
            end();
            gone.cancel(new ProxyException(Failure.CLIENT_GONE));
        }
        ctx.fireChannelInactive();
    }

    private void end() {
        if (current != null) {
            current = null;
            inFlight.end();
        }
    }
}
