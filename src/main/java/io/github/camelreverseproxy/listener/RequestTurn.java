package io.github.camelreverseproxy.listener;

import java.util.LinkedHashSet;
import java.util.Set;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.SingleThreadEventLoop;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.FastThreadLocal;

/**
 * Lets a few requests at a time of an event loop go on; before the next few, the loop sees to what the upstreams have
 * sent it. With many connections it would otherwise begin hundreds of requests before it finishes one: each would need an
 * upstream's connection of its own, and would have left the caches when its response comes. Requests that wait go on in
 * the order in which they came, and are dropped if their client goes. Sees one request at a time, because
 * {@link ResponseOrder} and {@link Refusals} stand before it. Not sharable; runs on the channel's event loop.
 */
final class RequestTurn extends ChannelInboundHandlerAdapter {
    /** See docs/performance.md, "From 32 to 1,000 connections". */
    static final int AT_A_TIME = 16;

    private static final FastThreadLocal<Turns> TURNS = new FastThreadLocal<>() {
        @Override
        protected Turns initialValue() {
            return new Turns();
        }
    };

    private ChannelHandlerContext context;
    private Object request;

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        request = message;
        TURNS.get().come(this, (SingleThreadEventLoop) ctx.channel().eventLoop());
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        if (request != null) {
            TURNS.get().waiting.remove(this);
            ReferenceCountUtil.release(request);
            request = null;
        }
    }

    private void go() {
        Object next = request;
        request = null;
        if (context.channel().isOpen()) {
            context.fireChannelRead(next);
        } else {
            ReferenceCountUtil.release(next);
        }
    }

    /** The turns of an event loop, and who waits for one. */
    private static final class Turns {
        private final Set<RequestTurn> waiting = new LinkedHashSet<>();
        private int taken;

        void come(RequestTurn turn, SingleThreadEventLoop loop) {
            waiting.add(turn);
            resume(loop);
        }

        private void resume(SingleThreadEventLoop loop) {
            while (taken < AT_A_TIME && !waiting.isEmpty()) {
                if (taken == 0) {
                    loop.executeAfterEventLoopIteration(() -> end(loop));
                }
                taken++;
                RequestTurn next = waiting.iterator().next();
                waiting.remove(next);
                next.go();
            }
        }

        private void end(SingleThreadEventLoop loop) {
            taken = 0;
            if (!waiting.isEmpty()) {
                loop.execute(() -> resume(loop));
            }
        }
    }
}
