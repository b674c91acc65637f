package io.github.camelreverseproxy.client;

import java.io.IOException;
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
import io.netty.handler.ssl.SslCloseCompletionEvent;

/**
 * A connection to an upstream, which takes one request at a time. It goes back to its pool when a response is complete
 * and nothing stands against another request. One timer, which is only set anew when a deadline comes nearer. Not
 * thread-safe; runs on its event loop.
 */
final class UpstreamConnection extends ChannelInboundHandlerAdapter {
    private static final long IDLE_MILLIS = 180_000;
    /** A larger body goes out piece by piece: Netty copies what it is given into direct memory, which is scarce. */
    private static final int PIECE = 256 * 1024;
    /** How long an upstream that takes no more of a request may still have an answer on the way. */
    private static final long EARLY_ANSWER_MILLIS = 1000;

    private final ConnectionPool pool;
    private final long patience;
    private final ResponseParser responses;
    private ChannelHandlerContext context;
    private Attempt attempt;
    private boolean writing;
    private Throwable notWritten;
    private boolean complete;
    private boolean alone;
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

    /** Whether it takes no further request. */
    boolean isStale() {
        return ((UpstreamChannel) context.channel()).isStale();
    }

    void close() {
        context.close();
    }

    void send(Attempt next) {
        ByteBuf begin;
        try {
            begin = next.begin(context.alloc());
        } catch (RuntimeException | Error e) {
            close();
            next.fail(e);
            return;
        }
        attempt = next;
        notWritten = null;
        responses.expect(next.isHead());
        await(patience);
        writing = true;
        if (next.rest() == null) {
            write(next, begin, null, 0);
        } else {
            context.write(begin);
            writePiece(next, next.rest(), 0);
        }
    }

    private void writePiece(Attempt of, byte[] rest, int at) {
        int size = Math.min(PIECE, rest.length - at);
        write(of, Unpooled.wrappedBuffer(rest, at, size), rest, at + size);
    }

    /** @param rest what follows, from a position on; or null */
    private void write(Attempt of, ByteBuf piece, byte[] rest, int at) {
        context.writeAndFlush(piece).addListener((ChannelFuture written) -> {
            if (!written.isSuccess()) {
                writing = false;
                if (attempt == of) {
                    notWritten(written.cause());
                }
            } else if (rest == null || at == rest.length) {
                writing = false;
            } else if (attempt == of) {
                writePiece(of, rest, at);
            }
        });
    }

    /** What the upstream may have said before it closed the connection comes first; its end comes after this. */
    private void notWritten(Throwable cause) {
        if (cause instanceof IOException && (context.channel().isActive() || responses.isBegun())) {
            notWritten = cause;
            await(Math.min(patience, EARLY_ANSWER_MILLIS));
        } else {
            fail(cause);
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf in = (ByteBuf) message;
        try {
            if (attempt == null) {
                end();
            } else if (complete) {
                alone &= !in.isReadable();
            } else if (responses.feed(in)) {
                complete = true;
                alone = !in.isReadable();
            } else if (responses.isWithinBody()) {
                deadline = now() + TimeUnit.MILLISECONDS.toNanos(patience);
            }
        } catch (ProxyException e) {
            fail(e);
        } finally {
            in.release();
        }
    }

    /** Not before: what has come in the same breath would be taken for the next response. */
    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        if (complete) {
            succeed();
        }
    }

    /** With TLS the upstream says that it closes the connection before it does; or somebody has cut it (RFC 9112, section 9.8). */
    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof SslCloseCompletionEvent closed) {
            if (attempt == null) {
                end();
            } else if (complete) {
                alone = false;
            } else if (closed.isSuccess()) {
                ended();
            } else {
                fail(closed.cause());
            }
        }
        ctx.fireUserEventTriggered(event);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        if (timer != null) {
            timer.cancel(false);
        }
        pool.remove(this);
        if (attempt != null) {
            ended();
        }
    }

    /** Nothing more comes. */
    private void ended() {
        try {
            responses.end();
            alone = false;
            succeed();
        } catch (ProxyException e) {
            fail(e);
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (attempt == null) {
            end();
        } else if (complete) {
            alone = false;
        } else {
            fail(cause);
        }
    }

    private void succeed() {
        Attempt done = attempt;
        attempt = null;
        complete = false;
        UpstreamResponse response = responses.take();
        if (alone && !writing && notWritten == null && response.keepsConnection() && context.channel().isActive()) {
            await(response.keepAliveMillis(IDLE_MILLIS));
            pool.add(this);
        } else {
            close();
        }
        done.succeed(response);
    }

    private void fail(Throwable cause) {
        Attempt failed = attempt;
        if (failed == null) {
            return;
        }
        attempt = null;
        close();
        if (cause instanceof Error) {
            failed.fail(cause);
            return;
        }
        pool.failed();
        Throwable told = cause instanceof IOException ? cause : new ProxyException(Failure.NO_RESPONSE, Failure.NO_RESPONSE.text(), cause);
        failed.fail(told, responses.isBegun() ? Progress.ANSWERING : Progress.SENT);
    }

    /** It is idle, and no longer good. */
    private void end() {
        pool.remove(this);
        close();
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
            end();
        } else {
            fail(notWritten != null ? notWritten : new SocketTimeoutException("no response in time"));
        }
    }
}
