package io.github.camelreverseproxy.http;

import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

import io.github.camelreverseproxy.Failure;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.ChannelInputShutdownReadComplete;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.LastHttpContent;

/**
 * Ends connections whose client takes too long: with 408 while a head or a body is incomplete (RFC 9110, section
 * 15.5.9), silently between requests and when nothing of a response is taken any more. A client that waits for its
 * upstream is never timed out here. One timer for each connection, which is only set anew when a deadline comes nearer.
 * Not sharable; runs on the channel's event loop.
 */
final class RequestTimeouts extends ChannelDuplexHandler {
    /** All in milliseconds. */
    record Limits(long head, long body, long idle) {
    }

    private enum Awaiting { REQUEST, HEAD, BODY, RESPONSE, TAKING }

    private final RequestDecoder decoder;
    private final Limits limits;
    private Awaiting awaiting = Awaiting.REQUEST;
    private boolean inBody;
    private int unanswered;
    private int writing;
    private long progress;
    private long deadline;
    private long alarm;
    private ScheduledFuture<?> timer;

    RequestTimeouts(RequestDecoder decoder, Limits limits) {
        this.decoder = decoder;
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
        if (message instanceof HttpRequest) {
            unanswered++;
            inBody = true;
        }
        if (message instanceof LastHttpContent) {
            inBody = false;
        }
        ctx.fireChannelRead(message);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        if (inBody && unanswered == 1) {
            await(ctx, Awaiting.BODY, limits.body);
        } else {
            look(ctx);
        }
        ctx.fireChannelReadComplete();
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
            writing++;
            written = promise.unvoid();
            written.addListener((ChannelFutureListener) done -> {
                writing--;
                unanswered = Math.max(0, unanswered - 1);
                look(ctx);
            });
        }
        ctx.write(message, written);
        if (writing > 0 && awaiting != Awaiting.TAKING) {
            await(ctx, Awaiting.TAKING, limits.body);
        }
    }

    /** What is awaited after a read, or a response that has gone out. */
    private void look(ChannelHandlerContext ctx) {
        if (writing > 0) {
            return;
        }
        if (unanswered > 0) {
            if (inBody && unanswered == 1) {
                await(ctx, Awaiting.BODY, limits.body);
            } else {
                awaiting = Awaiting.RESPONSE;
            }
        } else if (!decoder.isWithinHead()) {
            await(ctx, Awaiting.REQUEST, limits.idle);
        } else if (awaiting != Awaiting.HEAD) {
            await(ctx, Awaiting.HEAD, limits.head);
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
        } else if (awaiting == Awaiting.TAKING && takes(ctx)) {
            await(ctx, Awaiting.TAKING, limits.body);
            set(ctx, limits.body);
        } else if (awaiting == Awaiting.REQUEST || awaiting == Awaiting.TAKING) {
            ctx.close();
        } else {
            if (awaiting == Awaiting.HEAD) {
                unanswered++;
            }
            inBody = false;
            awaiting = Awaiting.RESPONSE;
            set(ctx, limits.body);
            ctx.fireChannelRead(new Refusal(Failure.REQUEST_TIMEOUT, null));
        }
    }

    /** Whether any byte of the responses has gone out since the last look. */
    private boolean takes(ChannelHandlerContext ctx) {
        ChannelOutboundBuffer buffer = ctx.channel().unsafe().outboundBuffer();
        long before = progress;
        progress = buffer == null ? 0 : buffer.currentProgress() + ((long) System.identityHashCode(buffer.current()) << 32);
        return progress != before;
    }
}
