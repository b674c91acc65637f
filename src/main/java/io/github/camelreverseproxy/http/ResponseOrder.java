package io.github.camelreverseproxy.http;

import java.util.ArrayDeque;
import java.util.Queue;

import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;

/**
 * Answers pipelined requests in their order (RFC 9112, section 9.3.2) by letting one request at a time go on: the next
 * one waits here until the response before it has been written. When more than a few messages wait, nothing more is
 * read from the connection; after a response that ends the connection, nothing that came goes on. Not sharable; runs on the channel's event loop.
 */
final class ResponseOrder extends ChannelDuplexHandler {
    private static final int MAX_WAITING = 64;

    private final Queue<Object> waiting = new ArrayDeque<>(4);
    private boolean busy;
    private boolean complete = true;
    private boolean ended;

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (ended) {
            ReferenceCountUtil.release(message);
            return;
        }
        if (waiting.isEmpty() && mayGo(message)) {
            ctx.fireChannelRead(message);
            return;
        }
        waiting.add(message);
        if (waiting.size() >= MAX_WAITING) {
            ctx.channel().config().setAutoRead(false);
        }
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        ended |= message instanceof HttpResponse response
                && response.headers().containsValue(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE, true);
        ctx.write(message, promise);
        if (ResponseFraming.endsResponse(message)) {
            busy = false;
            if (!waiting.isEmpty()) {
                ctx.executor().execute(() -> release(ctx));
            }
        }
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        drop();
    }

    private void drop() {
        waiting.forEach(ReferenceCountUtil::release);
        waiting.clear();
    }

    private void release(ChannelHandlerContext ctx) {
        if (ended) {
            drop();
        }
        while (!waiting.isEmpty() && mayGo(waiting.peek())) {
            ctx.fireChannelRead(waiting.poll());
        }
        if (waiting.isEmpty()) {
            ctx.channel().config().setAutoRead(true);
        }
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
