package io.github.camelreverseproxy.client;

import java.io.IOException;
import java.net.InetAddress;
import java.net.SocketTimeoutException;
import java.util.concurrent.TimeUnit;

import io.github.camelreverseproxy.message.Failure;
import io.github.camelreverseproxy.message.ProxyException;
import io.github.camelreverseproxy.forwarding.ClientConnection;
import io.github.camelreverseproxy.forwarding.Deadline;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslCloseCompletionEvent;

/**
 * A connection to an upstream, which takes one request at a time. It goes back to its pool when a response is complete
 * and nothing stands against another request; one on which a client has logged in stays with that client. Not
 * thread-safe; runs on its event loop.
 */
final class UpstreamConnection extends ChannelInboundHandlerAdapter implements ClientConnection.Login {
    private static final long IDLE_MILLIS = 180_000;
    /** A larger body goes out piece by piece: Netty copies what it is given into direct memory, which is scarce. */
    private static final int PIECE = 256 * 1024;
    /** A response this small is not worth counting: the place of its request is. */
    private static final int SMALL_BODY = 4096;
    /** How long an upstream that takes no more of a request may still have an answer on the way. */
    private static final long EARLY_ANSWER_MILLIS = 1000;

    private final ConnectionPool pool;
    private final UpstreamEndpoint endpoint;
    private final ResponseParser responses;
    private final long born = System.nanoTime();
    private ChannelHandlerContext context;
    private Deadline deadline;
    private InetAddress address;
    /** Of whoever has logged in on it. */
    private ClientConnection owner;
    private Attempt attempt;
    private boolean used;
    private boolean writing;
    private Throwable notWritten;
    private boolean answering;
    private int held;
    private boolean complete;
    private boolean alone;

    UpstreamConnection(ConnectionPool pool, UpstreamEndpoint endpoint) {
        this.pool = pool;
        this.endpoint = endpoint;
        this.responses = new ResponseParser(endpoint.maxResponseBody());
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
        deadline = new Deadline(ctx.executor(), this::late);
    }

    /** @param to where it leads */
    void connected(InetAddress to) {
        address = to;
    }

    /** Whether it takes no further request: it has ended, it is too old, or the name stands for other addresses now. */
    boolean isStale(UpstreamAddress upstream, long now) {
        return TimeUnit.NANOSECONDS.toMillis(now - born) >= endpoint.maxAge() || !upstream.has(address)
                || ((UpstreamChannel) context.channel()).isStale();
    }

    /** Whether it waits for a request. */
    boolean isIdle() {
        return attempt == null && context.channel().isActive();
    }

    @Override
    public void close() {
        context.close();
    }

    void send(Attempt next) {
        ByteBuf head;
        try {
            head = next.head(context.alloc(), this);
        } catch (ProxyException | RuntimeException | Error e) {
            close();
            next.fail(e);
            return;
        }
        attempt = next;
        notWritten = null;
        answering = false;
        held = 0;
        responses.expect(next.isHead());
        deadline.in(endpoint.responseTimeout());
        writing = true;
        if (next.rest() == null) {
            write(next, head, null, 0);
        } else {
            context.write(head);
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
            deadline.in(Math.min(endpoint.responseTimeout(), EARLY_ANSWER_MILLIS));
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
                hold();
                complete = true;
                alone = !in.isReadable();
            } else if (responses.isWithinBody()) {
                hold();
                deadline.in(endpoint.responseTimeout());
                if (!answering) {
                    answering = true;
                    attempt.answering();
                }
            }
        } catch (ProxyException e) {
            fail(e);
        } finally {
            in.release();
        }
    }

    /** The body takes room, and as much again when it goes out. */
    private void hold() throws ProxyException {
        int allocated = responses.allocated();
        if (allocated - held > SMALL_BODY || held > 0 && allocated > held) {
            attempt.hold(2L * (allocated - held));
            held = allocated;
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
        deadline.end();
        remove();
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
        used = true;
        UpstreamResponse response = responses.take();
        boolean stays = alone && !writing && notWritten == null && !done.isEnded() && response.keepsConnection()
                && context.channel().isActive();
        boolean login = owner != null || done.isLogin() || Login.isAskedFor(response);
        if (!stays || login && done.client() == null) {
            close();
        } else {
            deadline.in(response.keepAliveMillis(IDLE_MILLIS));
            if (login) {
                owner = done.client();
                owner.keep(pool, endpoint.name(), this);
            } else {
                pool.add(this);
            }
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
        if (failed.isEnded()) {
            return;
        }
        if (cause instanceof Error || cause instanceof ProxyException own && own.failure() == Failure.OVERLOADED) {
            failed.fail(cause);
        } else if (used && !responses.isBegun() && !(cause instanceof SocketTimeoutException)) {
            pool.closedBefore(failed, cause);
        } else {
            failed.fail(cause instanceof IOException ? cause : new ProxyException(Failure.NO_RESPONSE, Failure.NO_RESPONSE.text(), cause), true);
        }
    }

    /** It is idle, and no longer good. */
    private void end() {
        remove();
        close();
    }

    private void remove() {
        if (owner == null) {
            pool.remove(this);
        } else {
            owner.forget(pool, this);
        }
    }

    private void late() {
        if (attempt == null) {
            end();
        } else {
            fail(notWritten != null ? notWritten : new SocketTimeoutException("no response in time"));
        }
    }
}
