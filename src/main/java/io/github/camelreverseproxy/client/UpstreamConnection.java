package io.github.camelreverseproxy.client;

import java.net.SocketTimeoutException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

import io.github.camelreverseproxy.Failure;
import io.github.camelreverseproxy.ProxyException;
import io.github.camelreverseproxy.client.UpstreamException.Progress;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;

/**
 * A connection to an upstream, which takes one request at a time. It goes back to its pool when a response is complete
 * and nothing stands against another request. One timer, which is only set anew when a deadline comes nearer. Not
 * thread-safe; runs on its event loop.
 */
final class UpstreamConnection extends ChannelInboundHandlerAdapter {
    private static final long IDLE_MILLIS = 180_000;
    /** A body up to this size goes out with the head in one piece. */
    private static final int SMALL_BODY = 4096;

    private final ConnectionPool pool;
    private final long patience;
    private final ResponseParser responses;
    private ChannelHandlerContext context;
    private Attempt attempt;
    private boolean writing;
    private long deadline;
    private long alarm;
    private ScheduledFuture<?> timer;

    UpstreamConnection(ConnectionPool pool, UpstreamEndpoint endpoint) {
        this.pool = pool;
        this.patience = endpoint.responseTimeout();
        this.responses = new ResponseParser(endpoint.maxResponseBody());
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
    }

    /** Whether it takes no further request; with TLS only the event loop can tell. */
    boolean isStale() {
        return context.pipeline().first() != this ? !context.channel().isActive() : ((UpstreamChannel) context.channel()).isStale();
    }

    void close() {
        context.close();
    }

    void send(Attempt next) {
        ByteBuf head;
        try {
            head = next.head(context.alloc());
        } catch (IllegalArgumentException e) {
            close();
            next.fail(e);
            return;
        }
        attempt = next;
        responses.expect(next.isHead());
        await(patience);
        byte[] body = next.body();
        boolean small = body != null && body.length <= SMALL_BODY;
        if (small) {
            head.writeBytes(body);
        }
        writing = true;
        ChannelFuture last = context.write(head);
        if (body != null && !small) {
            last = context.write(Unpooled.wrappedBuffer(body));
        }
        context.flush();
        last.addListener((ChannelFuture written) -> {
            writing = false;
            if (!written.isSuccess() && attempt == next) {
                // What the upstream may have said before it closed the connection comes first.
                context.executor().execute(() -> fail(next, written.cause()));
            }
        });
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf in = (ByteBuf) message;
        try {
            if (attempt == null) {
                ctx.close();
            } else if (responses.feed(in)) {
                succeed(!in.isReadable());
            } else if (responses.isWithinBody()) {
                deadline = now() + TimeUnit.MILLISECONDS.toNanos(patience);
            }
        } catch (ProxyException e) {
            fail(attempt, e);
        } finally {
            in.release();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        if (timer != null) {
            timer.cancel(false);
        }
        pool.remove(this);
        if (attempt == null) {
            return;
        }
        try {
            responses.end();
            succeed(false);
        } catch (ProxyException e) {
            fail(attempt, e);
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (attempt == null) {
            ctx.close();
        } else {
            fail(attempt, cause);
        }
    }

    /** @param alone whether nothing came after the response */
    private void succeed(boolean alone) {
        Attempt done = attempt;
        attempt = null;
        UpstreamResponse response = responses.response();
        if (alone && !writing && response.keepsConnection() && context.channel().isActive()) {
            await(response.keepAliveMillis(IDLE_MILLIS));
            pool.add(this);
        } else {
            close();
        }
        done.succeed(response);
    }

    private void fail(Attempt failed, Throwable cause) {
        if (attempt != failed) {
            return;
        }
        attempt = null;
        close();
        pool.failed();
        Throwable told = cause instanceof java.io.IOException ? cause : new ProxyException(Failure.NO_RESPONSE, Failure.NO_RESPONSE.text(), cause);
        failed.fail(told, responses.isBegun() ? Progress.ANSWERING : Progress.SENT);
    }

    private static long now() {
        return System.nanoTime();
    }

    private void await(long millis) {
        deadline = now() + TimeUnit.MILLISECONDS.toNanos(millis);
        if (timer == null || deadline - alarm < 0) {
            if (timer != null) {
                timer.cancel(false);
            }
            set(deadline - now());
        }
    }

    private void set(long nanos) {
        alarm = now() + nanos;
        timer = context.executor().schedule(this::ring, nanos, TimeUnit.NANOSECONDS);
    }

    private void ring() {
        long left = deadline - now();
        if (left > 0) {
            set(left);
        } else if (attempt == null) {
            pool.remove(this);
            close();
        } else {
            fail(attempt, new SocketTimeoutException("no response in time"));
        }
    }
}
