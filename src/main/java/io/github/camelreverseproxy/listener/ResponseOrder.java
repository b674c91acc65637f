package io.github.camelreverseproxy.listener;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.TimeUnit;

import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.ChannelInputShutdownReadComplete;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;

/**
 * Answers pipelined requests in their order (RFC 9112, section 9.3.2) by letting one request at a time go on: the next
 * one waits here until the response before it has gone out. When more than a few messages wait, nothing more is read
 * from the connection; after a response that ends the connection, nothing that came goes on; and a client that has
 * nothing more to send is answered before its connection is closed. Not sharable; runs on the channel's event loop.
 */
final class ResponseOrder extends ChannelDuplexHandler {
    private static final int MAX_WAITING = 64;
    private static final int MOST_WAITING = 512;
    private static final long LOOK_MILLIS = 500;

    private final Queue<Object> waiting = new ArrayDeque<>(4);
    private boolean busy;
    private boolean complete = true;
    private boolean ended;
    private boolean inputEnded;
    private boolean looking;

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (ended) {
            ReferenceCountUtil.release(message);
        } else if (waiting.isEmpty() && mayGo(message)) {
            ctx.fireChannelRead(message);
        } else {
            waiting.add(message);
            if (waiting.size() >= MAX_WAITING && ctx.channel().config().isAutoRead()) {
                ctx.channel().config().setAutoRead(false);
                look(ctx);
            }
        }
    }

    /** Whether the client is still there is not seen without reading: reads a little now and then, up to a limit. */
    private void look(ChannelHandlerContext ctx) {
        if (looking) {
            return;
        }
        looking = true;
        ctx.executor().schedule(() -> {
            looking = false;
            if (ctx.channel().isActive() && !ctx.channel().config().isAutoRead() && waiting.size() < MOST_WAITING) {
                ctx.read();
                look(ctx);
            }
        }, LOOK_MILLIS, TimeUnit.MILLISECONDS);
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        ended |= message instanceof HttpResponse response
                && response.headers().containsValue(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE, true);
        ChannelPromise written = promise;
        if (ResponseFraming.endsResponse(message)) {
            written = promise.unvoid();
            written.addListener((ChannelFutureListener) done -> next(ctx));
        }
        ctx.write(message, written);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownReadComplete) {
            inputEnded = true;
            closeIfDone(ctx);
        }
        ctx.fireUserEventTriggered(event);
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        drop();
    }

    /** A response has gone out: the next request may go on. */
    private void next(ChannelHandlerContext ctx) {
        busy = false;
        if (ended) {
            drop();
        }
        while (!waiting.isEmpty() && mayGo(waiting.peek())) {
            ctx.fireChannelRead(waiting.poll());
        }
        if (waiting.isEmpty()) {
            if (!ctx.channel().config().isAutoRead()) {
                ctx.channel().config().setAutoRead(true);
            }
            closeIfDone(ctx);
        }
    }

    private void closeIfDone(ChannelHandlerContext ctx) {
        if (inputEnded && !busy && waiting.isEmpty()) {
            ctx.close();
        }
    }

    private void drop() {
        waiting.forEach(ReferenceCountUtil::release);
        waiting.clear();
    }

    /** The next request has to wait; the refusal of a request whose body is not complete takes that request's place. */
    private boolean mayGo(Object message) {
        boolean refused = message instanceof Refusal;
        if ((refused && complete || message instanceof HttpRequest) && busy) {
            return false;
        }
        busy |= refused || message instanceof HttpRequest;
        complete = refused || message instanceof LastHttpContent;
        return true;
    }
}
