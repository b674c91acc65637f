package io.github.camelreverseproxy.listener;

import java.util.concurrent.TimeUnit;

import io.github.camelreverseproxy.message.Failure;
import io.github.camelreverseproxy.message.ProxyException;
import io.github.camelreverseproxy.forwarding.BodyStream;
import io.github.camelreverseproxy.forwarding.ClientConnection;
import io.github.camelreverseproxy.forwarding.Deadline;
import io.github.camelreverseproxy.forwarding.ProxyRequest;
import io.github.camelreverseproxy.response.ErrorAnswer;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.ChannelInputShutdownReadComplete;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.util.ReferenceCountUtil;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The request that the connection has handed to a route belongs to the connection: it takes its place under the limit of
 * requests in flight, and whatever ends it gives that place back, once: the last byte of its response, the client's end, or
 * the end of the time that there is for it. What is still under way for it then is ended too; if the route has
 * lost it and gives no answer, the answer is made here. Sees one request at a time, because {@link ResponseOrder} stands
 * before it. Not sharable; runs on the channel's event loop.
 */
final class RequestOwner extends ChannelDuplexHandler {
    private static final Logger LOG = LoggerFactory.getLogger(RequestOwner.class);
    /** For a route to answer a request that has been ended. */
    private static final long LAST_WORDS_MILLIS = 1000;

    private final InFlight inFlight;
    private final Limits limits;
    private final ErrorAnswer errors;
    private final ClientConnection client;
    private final RequestBody body;
    private ResponseBody response;
    private Deadline deadline;
    private ProxyRequest current;
    private BodyStream requestBody;
    private boolean http10;
    private boolean answered;
    private boolean halfClosed;
    private HttpHeaders fields;

    RequestOwner(ClientConnection client, RequestBody body, InFlight inFlight, Limits limits, ErrorAnswer errors) {
        this.client = client;
        this.body = body;
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
        ReceivedRequest request = (ReceivedRequest) message;
        fields = request.headers();
        requestBody = request.stream();
        if (!inFlight.begin()) {
            ctx.writeAndFlush(errors.response(Failure.OVERLOADED, Failure.OVERLOADED.text(), accept(fields), false));
            dropBody();
            client.release();
            return;
        }
        http10 = request.protocolVersion().equals(HttpVersion.HTTP_1_0);
        current = new ProxyRequest(client, fields, client.record());
        answered = false;
        request.ownedBy(current);
        deadline.in(halfClosed ? limits.halfClosed() : limits.total());
        ctx.fireChannelRead(request);
    }

    private static String accept(HttpHeaders fields) {
        return String.join(",", fields.getAll(HttpHeaderNames.ACCEPT));
    }

    /** A client that sends nothing more may wait for its answer, or may have gone: nothing tells one from the other. */
    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownReadComplete) {
            halfClosed = true;
            if (current != null && (!answered || response != null)) {
                deadline.in(Math.min(limits.halfClosed(), limits.total()));
            }
        }
        ctx.fireUserEventTriggered(event);
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        if (current == null || answered && message instanceof HttpResponse || http10 && isInterim(message)) {
            // The route answers a request that was answered here, or whose client has gone.
            ReferenceCountUtil.release(message);
            promise.trySuccess();
            return;
        }
        if (isInterim(message)) {
            ctx.write(message, promise);
            return;
        }
        answered = true;
        deadline.drop();
        if (message instanceof StreamedResponse streamed) {
            stream(ctx, streamed, promise);
            return;
        }
        ctx.write(message, ending(message, promise));
    }

    private static boolean isInterim(Object message) {
        return message instanceof HttpResponse response && ResponseFraming.interim(response);
    }

    private ChannelPromise ending(Object message, ChannelPromise promise) {
        if (!ResponseFraming.endsResponse(message)) {
            return promise;
        }
        return promise.unvoid().addListener((ChannelFutureListener) written -> end());
    }

    private void stream(ChannelHandlerContext ctx, StreamedResponse head, ChannelPromise promise) {
        BodyStream stream = head.stream();
        response = new ResponseBody(ctx, client.budget(), stream, new ResponseBody.Ends() {
            @Override
            public void last(Object message) {
                ctx.writeAndFlush(message, ending(message, ctx.newPromise()));
            }

            @Override
            public void broken(ProxyException why) {
                if (client.record() != null && why.failure() != Failure.CLIENT_GONE) {
                    client.record().brokeOff(why.failure());
                }
                if (why.failure() == Failure.CLIENT_GONE || why.failure() == Failure.OVERLOADED) {
                    ctx.close();
                } else {
                    // What has come goes out first.
                    ctx.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
                }
                errors.brokenOff(why, head.id());
            }
        });
        ctx.write(head, promise);
        if (stream.back() != null) {
            tunnel(ctx, stream);
        }
        if (halfClosed) {
            deadline.in(limits.halfClosed());
        }
        stream.to(response);
    }

    /** What is HTTP about the connection ends (RFC 9110, section 7.8). */
    private void tunnel(ChannelHandlerContext ctx, BodyStream stream) {
        ctx.flush();
        requestBody = body.tunnel();
        stream.back().accept(requestBody);
        response.tunnel();
        deadline.in(limits.tunnel());
        HttpPipeline.tunnel(ctx.pipeline());
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (response != null) {
            response.look();
        }
        ctx.fireChannelWritabilityChanged();
    }

    /** The time is over; what is under way ends, and with it the exchange, as a rule at once. */
    private void late(ChannelHandlerContext ctx) {
        if (current == null) {
            return;
        }
        if (response != null) {
            idle(ctx);
            return;
        }
        if (answered) {
            return;
        }
        if (!halfClosed && current.cancelled() == null && isUnderWay()) {
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

    /** A body that comes piece by piece takes its time: what counts is from its last piece to the response, and then from piece to piece. */
    private boolean isUnderWay() {
        long left = current.isAnswering() ? limits.total() : requestBody == null ? 0 : limits.total() - millisSince(requestBody.moved());
        if (left > 0) {
            deadline.in(left);
        }
        return left > 0;
    }

    private static long millisSince(long nanos) {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - nanos);
    }

    /** A tunnel, or a stream to a client that may have gone, which would show if something was written to it. */
    private void idle(ChannelHandlerContext ctx) {
        long limit = halfClosed ? limits.halfClosed() : limits.tunnel();
        long moved = requestBody == null ? response.stream().moved() : Math.max(response.stream().moved(), requestBody.moved());
        long left = limit - millisSince(moved);
        if (left > 0 || response.isPending()) {
            deadline.in(Math.max(left, limits.halfClosed()));
        } else {
            ctx.close();
        }
    }

    /** Those of a tunnel end here; those of HTTP are somebody else's. */
    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (response != null && response.isTunnel()) {
            ctx.close();
        } else {
            ctx.fireExceptionCaught(cause);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        deadline.end();
        client.end();
        ProxyRequest gone = current;
        end();
        if (gone != null) {
            gone.cancel(new ProxyException(Failure.CLIENT_GONE));
        }
        ctx.fireChannelInactive();
    }

    /** The place is given back, and what nobody has taken is left; copies of the exchange may go on. */
    private void end() {
        if (current != null) {
            ProxyRequest ended = current;
            current = null;
            inFlight.end();
            if (response != null) {
                response.end();
                response = null;
            }
            ended.finish();
            dropBody();
            client.release();
        }
    }

    private void dropBody() {
        if (requestBody != null) {
            requestBody.cancel(new ProxyException(Failure.CLIENT_GONE));
            requestBody = null;
        }
    }
}
