package io.github.camelreverseproxy.client;

import java.io.IOException;
import java.net.InetAddress;
import java.net.SocketTimeoutException;
import java.util.concurrent.TimeUnit;

import io.github.camelreverseproxy.message.Failure;
import io.github.camelreverseproxy.message.ProxyException;
import io.github.camelreverseproxy.forwarding.BodyStream;
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
 * and nothing stands against another request; one on which a client has logged in stays with that client. A response
 * whose body is not collected goes on as soon as its head is here, and the connection is read as its client takes it.
 * Not thread-safe; runs on its event loop.
 */
final class UpstreamConnection extends ChannelInboundHandlerAdapter
        implements ClientConnection.Login, ResponseParser.Listener, BodyStream.Source {
    private static final long IDLE_MILLIS = 180_000;
    /** A larger body goes out piece by piece: Netty copies what it is given into direct memory, which is scarce. */
    private static final int PIECE = 256 * 1024;
    /** A response this small is not worth counting: the place of its request is. */
    private static final int SMALL_BODY = 4096;
    /** How long an upstream that takes no more of a request may still have an answer on the way. */
    private static final long EARLY_ANSWER_MILLIS = 1000;

    private final ConnectionPool pool;
    private final UpstreamEndpoint endpoint;
    private final ResponseParser responses = new ResponseParser(this);
    private final long born = System.nanoTime();
    private ChannelHandlerContext context;
    private Deadline deadline;
    private InetAddress address;
    /** Of whoever has logged in on it. */
    private ClientConnection owner;
    private Attempt attempt;
    private Upload upload;
    /** The body of the response, if it is not collected. */
    private BodyStream stream;
    /** The head of such a response, until it goes on. */
    private UpstreamResponse head;
    private long patience;
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
        ByteBuf request;
        try {
            request = next.head(context.alloc(), this);
        } catch (ProxyException | RuntimeException | Error e) {
            close();
            next.fail(e);
            return;
        }
        attempt = next;
        notWritten = null;
        answering = false;
        held = 0;
        responses.expect(next.isHead(), next.isUpgrade());
        deadline.in(endpoint.responseTimeout());
        if (next.stream() != null) {
            upload(next, request);
            return;
        }
        writing = true;
        if (next.rest() == null) {
            write(next, request, null, 0);
        } else {
            context.write(request);
            writePiece(next, next.rest(), 0);
        }
    }

    private void upload(Attempt of, ByteBuf request) {
        BodyStream body = of.stream();
        upload = new Upload(context, this, body, body.length() < 0 ? Upload.Framing.CHUNKED : Upload.Framing.LENGTH, of.budget());
        context.writeAndFlush(request);
        await();
        body.to(upload);
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
    void notWritten(Throwable cause) {
        if (cause instanceof IOException && (context.channel().isActive() || responses.isBegun())) {
            notWritten = cause;
            deadline.in(Math.min(endpoint.responseTimeout(), EARLY_ANSWER_MILLIS));
        } else {
            fail(cause);
        }
    }

    /** The request's body has broken off, through no fault of the upstream. */
    void requestFailed(ProxyException why) {
        Attempt failed = attempt;
        if (failed != null) {
            close(why);
            failed.fail(why);
        }
    }

    /** The client's request has been ended, of which it may have the response already. */
    void abort(Attempt of, ProxyException why) {
        if (attempt == of) {
            close(why);
        }
    }

    private void close(ProxyException why) {
        attempt = null;
        BodyStream broken = stream;
        stream = null;
        head = null;
        if (upload != null) {
            upload.stop();
        }
        close();
        if (broken != null) {
            broken.fail(why);
        }
    }

    /** Sets the deadline for whatever comes next; while it is the client's turn there is none. */
    void await() {
        if (attempt == null || notWritten != null) {
            return;
        }
        boolean clients = stream == null ? upload != null && upload.isWaiting() : patience == 0 || !context.channel().config().isAutoRead();
        if (clients) {
            deadline.drop();
        } else {
            deadline.in(stream == null ? endpoint.responseTimeout() : patience);
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
                await();
                if (!answering && stream == null) {
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

    @Override
    public void interim(UpstreamResponse interim) {
        attempt.interim(interim);
    }

    @Override
    public void begins(UpstreamResponse response, long length) {
        head = response;
        stream = new BodyStream(context.channel().eventLoop(), this, length, endpoint.maxResponseBody(), Failure.RESPONSE_TOO_LARGE);
        patience = endpoint.responseTimeout();
        if (response.isTunnel()) {
            patience = 0;
            ClientConnection client = attempt.client();
            stream.tunnel(back -> {
                upload = new Upload(context, this, back, Upload.Framing.NONE, client.budget());
                back.to(upload);
            });
        } else if (response.isEventStream()) {
            patience = endpoint.streamTimeout();
        }
        read(false);
    }

    @Override
    public void piece(ByteBuf bytes) {
        stream.piece(bytes);
    }

    @Override
    public void read(boolean more) {
        context.channel().config().setAutoRead(more);
        await();
    }

    @Override
    public void abandon() {
        stream = null;
        close(new ProxyException(Failure.CLIENT_GONE));
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
        } else if (stream != null) {
            deliver();
        }
    }

    private void deliver() {
        BodyStream on = stream;
        if (head != null) {
            UpstreamResponse response = head;
            head = null;
            attempt.succeed(response, on);
        }
        on.flush();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (upload != null) {
            upload.look();
            await();
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
        UpstreamResponse response = responses.take();
        Attempt done = attempt;
        BodyStream streamed = stream;
        if (streamed != null) {
            deliver();
            stream = null;
            attempt = null;
            streamed.end(responses.trailers());
        }
        attempt = null;
        complete = false;
        used = true;
        goOn(done, response, streamed != null);
        if (streamed == null) {
            done.succeed(response, response.body());
        }
    }

    /** With the next request, if nothing stands against it. */
    private void goOn(Attempt done, UpstreamResponse response, boolean streamed) {
        boolean sent = !writing && notWritten == null && (upload == null || upload.isDone());
        if (upload != null) {
            upload.stop();
            upload = null;
        }
        boolean stays = alone && sent && (streamed || !done.isEnded()) && response.keepsConnection() && context.channel().isActive();
        boolean login = owner != null || done.isLogin() || Login.isAskedFor(response);
        if (!stays || login && done.client() == null) {
            close();
            return;
        }
        context.channel().config().setAutoRead(true);
        deadline.in(response.keepAliveMillis(IDLE_MILLIS));
        if (login) {
            owner = done.client();
            owner.keep(pool, endpoint.name(), this);
        } else {
            pool.add(this);
        }
    }

    private void fail(Throwable cause) {
        Attempt failed = attempt;
        if (failed == null) {
            return;
        }
        if (failed.isEnded()) {
            close(new ProxyException(Faults.of(cause, true), Faults.of(cause, true).text(), cause));
            return;
        }
        boolean begun = responses.isBegun();
        BodyStream unseen = stream;
        stream = null;
        if (unseen != null) {
            // Nobody has it.
            unseen.fail(new ProxyException(Failure.RESPONSE_INCOMPLETE));
        }
        close(new ProxyException(Failure.RESPONSE_INCOMPLETE));
        if (cause instanceof Error || cause instanceof ProxyException own && own.failure() == Failure.OVERLOADED) {
            failed.fail(cause);
        } else if (used && !begun && !(cause instanceof SocketTimeoutException)) {
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
