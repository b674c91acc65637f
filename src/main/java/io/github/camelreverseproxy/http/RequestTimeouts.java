package io.github.camelreverseproxy.http;

import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

import io.github.camelreverseproxy.Failure;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.LastHttpContent;

/**
 * Ends connections whose client takes too long: with 408 while a head or a body is incomplete (RFC 9110, section
 * 15.5.9), silently between requests. A client that waits for its upstream is never timed out here. One timer for each
 * connection, which is only set anew when a deadline comes nearer. Not sharable; runs on the channel's event loop.
 */
final class RequestTimeouts extends ChannelDuplexHandler {
    /** All in milliseconds. */
    record Limits(long head, long body, long idle) {
    }

    private enum Awaiting { REQUEST, HEAD, BODY, RESPONSE }

    private final Limits limits;
    private Awaiting awaiting = Awaiting.REQUEST;
    private boolean inBody;
    private boolean decoded;
    private int unanswered;
    private long deadline;
    private long alarm;
    private ScheduledFuture<?> timer;

    RequestTimeouts(Limits limits) {
        this.limits = limits;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        await(ctx, Awaiting.REQUEST, limits.idle);
        ctx.fireChannelActive();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        if (timer != null) {
            timer.cancel(false);
        }
        ctx.fireChannelInactive();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        decoded = true;
        if (message instanceof HttpRequest) {
            unanswered++;
            inBody = true;
        }
        if (message instanceof LastHttpContent) {
            inBody = false;
        }
        ctx.fireChannelRead(message);
    }

    /** After each read: bytes that did not complete a message are the beginning of a head, or more of a body. */
    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        if (inBody && unanswered <= 1) {
            await(ctx, Awaiting.BODY, limits.body);
        } else if (unanswered > 0) {
            awaiting = Awaiting.RESPONSE;
        } else if (!decoded && awaiting != Awaiting.HEAD) {
            await(ctx, Awaiting.HEAD, limits.head);
        }
        decoded = false;
        ctx.fireChannelReadComplete();
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        ctx.write(message, promise);
        if (ResponseFraming.endsResponse(message) && unanswered > 0 && --unanswered <= 1) {
            if (inBody) {
                await(ctx, Awaiting.BODY, limits.body);
            } else if (unanswered == 0) {
                await(ctx, Awaiting.REQUEST, limits.idle);
            }
        }
    }

    private void await(ChannelHandlerContext ctx, Awaiting what, long millis) {
        awaiting = what;
        deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        if (timer == null || deadline - alarm < 0) {
            if (timer != null) {
                timer.cancel(false);
            }
            set(ctx, millis);
        }
    }

    private void set(ChannelHandlerContext ctx, long millis) {
        alarm = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        timer = ctx.executor().schedule(() -> ring(ctx), millis, TimeUnit.MILLISECONDS);
    }

    private void ring(ChannelHandlerContext ctx) {
        long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
        if (awaiting == Awaiting.RESPONSE) {
            set(ctx, limits.head);
        } else if (left > 0) {
            set(ctx, left);
        } else if (awaiting == Awaiting.REQUEST) {
            ctx.close();
        } else {
            if (awaiting == Awaiting.HEAD) {
                unanswered++;
            }
            awaiting = Awaiting.RESPONSE;
            ctx.fireChannelRead(new Refusal(Failure.REQUEST_TIMEOUT, null));
        }
    }
}
