package io.github.camelreverseproxy.listener;

import java.util.concurrent.TimeUnit;

import io.github.camelreverseproxy.message.Failure;
import io.github.camelreverseproxy.forwarding.Deadline;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.ChannelInputShutdownReadComplete;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.LastHttpContent;

/**
 * Ends connections whose client takes too long: with 408 while a head or a body is incomplete (RFC 9110, section
 * 15.5.9) or comes too slowly, silently between requests and when nothing of a response is taken any more, or too little. A
 * client that waits for its upstream, or that is not read because the upstream takes no more, is never timed out here.
 * Not sharable; runs on the channel's event loop.
 */
final class RequestTimeouts extends ChannelDuplexHandler {
    /** From when on the rate of a body counts. */
    private static final long GRACE_MILLIS = 5000;

    private enum Awaiting { REQUEST, HEAD, BODY, RESPONSE, TAKING }

    private final RequestDecoder decoder;
    private final Limits limits;
    private Awaiting awaiting = Awaiting.REQUEST;
    private Deadline deadline;
    /** From a head, or a refusal, to the last byte of its response. */
    private boolean inRequest;
    private int requests;
    private boolean inBody;
    private long bodyBegan;
    private long pausedSince;
    private long received;
    private long takingBegan;
    private long takenLast;
    private long sent;
    private long taken;

    RequestTimeouts(RequestDecoder decoder, Limits limits) {
        this.decoder = decoder;
        this.limits = limits;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        deadline = new Deadline(ctx.executor(), () -> late(ctx));
        await(Awaiting.REQUEST, limits.idle());
        ctx.fireChannelActive();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        deadline.end();
        ctx.fireChannelInactive();
    }

    /** The connection is a tunnel from now on. */
    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        deadline.end();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (message instanceof HttpRequest) {
            inRequest = true;
            requests++;
            inBody = true;
            bodyBegan = 0;
            pausedSince = 0;
            received = 0;
        }
        if (message instanceof HttpContent content) {
            received += content.content().readableBytes();
        }
        if (message instanceof LastHttpContent) {
            inBody = false;
        }
        ctx.fireChannelRead(message);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        ctx.fireChannelReadComplete();
        look(ctx);
    }

    /** The connection is read again, if it was not. */
    @Override
    public void read(ChannelHandlerContext ctx) {
        if (pausedSince != 0) {
            bodyBegan += System.nanoTime() - pausedSince;
            pausedSince = 0;
            look(ctx);
        }
        ctx.read();
    }

    /** A body whose rest will never come. */
    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownReadComplete && inBody) {
            inBody = false;
            ctx.fireChannelRead(new Refusal(Failure.BAD_REQUEST, "the body is incomplete", true, null));
        }
        ctx.fireUserEventTriggered(event);
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        ChannelPromise written = promise;
        if (ResponseFraming.endsResponse(message)) {
            written = promise.unvoid();
            int ended = requests;
            written.addListener((ChannelFutureListener) done -> {
                // The next one may have begun.
                inRequest &= ended != requests;
                look(ctx);
            });
        }
        if (awaiting == Awaiting.TAKING) {
            sent += size(message);
        }
        ctx.write(message, written);
        if (awaiting != Awaiting.TAKING && pending(ctx) > 0) {
            takingBegan = System.nanoTime();
            takenLast = takingBegan;
            sent = pending(ctx);
            taken = 0;
            await(Awaiting.TAKING, Math.min(limits.body(), GRACE_MILLIS));
        }
    }

    private static int size(Object message) {
        return message instanceof HttpContent content ? content.content().readableBytes() : message instanceof ByteBuf bytes ? bytes.readableBytes() : 0;
    }

    /** All has gone out, if it has. */
    @Override
    public void flush(ChannelHandlerContext ctx) {
        ctx.flush();
        if (awaiting == Awaiting.TAKING && inRequest && pending(ctx) == 0) {
            awaiting = Awaiting.RESPONSE;
            look(ctx);
        }
    }

    /** What is awaited after a read, or a response that has gone out. */
    private void look(ChannelHandlerContext ctx) {
        if (inRequest && awaiting == Awaiting.TAKING) {
            return;
        }
        if (inRequest) {
            if (inBody && ctx.channel().config().isAutoRead()) {
                bodyBegan = bodyBegan == 0 ? System.nanoTime() : bodyBegan;
                await(Awaiting.BODY, Math.min(limits.body(), millisToTooSlow(bodyBegan, received)));
            } else {
                if (inBody) {
                    pausedSince = pausedSince == 0 ? System.nanoTime() : pausedSince;
                    bodyBegan = bodyBegan == 0 ? pausedSince : bodyBegan;
                }
                awaiting = Awaiting.RESPONSE;
                deadline.drop();
            }
        } else if (!decoder.isWithinHead()) {
            await(Awaiting.REQUEST, limits.idle());
        } else if (awaiting != Awaiting.HEAD) {
            await(Awaiting.HEAD, limits.head());
        }
    }

    /** When the average falls below the rate if nothing more comes; not before the grace has passed. */
    private long millisToTooSlow(long began, long bytes) {
        long allowed = Math.max(GRACE_MILLIS, bytes * 1000 / limits.minBodyRate());
        return Math.max(0, allowed - TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began));
    }

    private void await(Awaiting what, long millis) {
        awaiting = what;
        deadline.in(millis);
    }

    private void late(ChannelHandlerContext ctx) {
        if (awaiting == Awaiting.TAKING && pending(ctx) == 0) {
            awaiting = Awaiting.RESPONSE;
            look(ctx);
        } else if (awaiting == Awaiting.TAKING && takes(ctx)) {
            await(Awaiting.TAKING, Math.min(limits.body(), GRACE_MILLIS));
        } else if (awaiting == Awaiting.REQUEST || awaiting == Awaiting.TAKING) {
            ctx.close();
        } else {
            inRequest = true;
            requests += awaiting == Awaiting.HEAD ? 1 : 0;
            inBody = false;
            awaiting = Awaiting.RESPONSE;
            ctx.fireChannelRead(new Refusal(Failure.REQUEST_TIMEOUT, null));
        }
    }

    /** Whether anything of the response has gone out of late, and enough of it since it began. */
    private boolean takes(ChannelHandlerContext ctx) {
        long now = System.nanoTime();
        long before = taken;
        taken = sent - pending(ctx);
        takenLast = taken == before ? takenLast : now;
        long millis = TimeUnit.NANOSECONDS.toMillis(now - takingBegan);
        boolean slow = millis >= GRACE_MILLIS && taken * 1000 < millis * limits.minBodyRate();
        return !slow && TimeUnit.NANOSECONDS.toMillis(now - takenLast) < limits.body();
    }

    /** How many bytes the client has not taken yet. */
    private static long pending(ChannelHandlerContext ctx) {
        ChannelOutboundBuffer buffer = ctx.channel().unsafe().outboundBuffer();
        return buffer == null ? 0 : buffer.totalPendingWriteBytes() - buffer.currentProgress();
    }
}
