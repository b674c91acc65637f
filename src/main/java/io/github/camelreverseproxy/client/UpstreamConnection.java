package io.github.camelreverseproxy.client;

import java.net.InetAddress;
import java.util.concurrent.TimeUnit;

import io.github.camelreverseproxy.message.ProxyException;
import io.github.camelreverseproxy.forwarding.ClientConnection;
import io.github.camelreverseproxy.forwarding.Deadline;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslCloseCompletionEvent;

/**
 * A connection to an upstream, which takes one request at a time. It goes back to its pool when a response is complete
 * and nothing stands against another request; one on which a client has logged in stays with that client. (Netty's
 * SimpleChannelPool has a health check, but no connection that belongs to one client, and no idle time-out.) Not thread-safe; runs on its event loop.
 */
final class UpstreamConnection extends ChannelInboundHandlerAdapter implements ClientConnection.Login {
    private static final long IDLE_MILLIS = 180_000;

    private final ConnectionPool pool;
    private final Upstream upstream;
    private final ResponseParser responses = new ResponseParser();
    private final long born = System.nanoTime();
    private ChannelHandlerContext context;
    private Deadline deadline;
    private InetAddress address;
    /** Of whoever has logged in on it. */
    private ClientConnection owner;
    private UpstreamExchange exchange;
    private boolean used;

    UpstreamConnection(ConnectionPool pool, Upstream upstream) {
        this.pool = pool;
        this.upstream = upstream;
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
    boolean isStale(UpstreamAddress now, long time) {
        return TimeUnit.NANOSECONDS.toMillis(time - born) >= upstream.rules().maxAge() || !now.has(address)
                || ((UpstreamChannel) context.channel()).isStale();
    }

    /** Whether it waits for a request. */
    boolean isIdle() {
        return exchange == null && context.channel().isActive();
    }

    /** Whether it has brought a response before. */
    boolean isUsed() {
        return used;
    }

    @Override
    public void close() {
        exchange = null;
        context.close();
    }

    void send(Attempt attempt) {
        exchange = new UpstreamExchange(this, upstream, context, deadline, responses, attempt);
        ByteBuf head;
        try {
            head = attempt.head(context.alloc(), exchange);
        } catch (ProxyException | RuntimeException | Error e) {
            close();
            attempt.fail(e);
            return;
        }
        exchange.begin(head);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf in = (ByteBuf) message;
        try {
            if (exchange == null) {
                end();
            } else {
                exchange.read(in);
            }
        } finally {
            in.release();
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        if (exchange != null) {
            exchange.readComplete();
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (exchange != null) {
            exchange.look();
        }
    }

    /** With TLS the upstream says that it closes the connection before it does; or somebody has cut it (RFC 9112, section 9.8). */
    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof SslCloseCompletionEvent closed) {
            if (exchange == null) {
                end();
            } else if (closed.isSuccess()) {
                exchange.inputEnded();
            } else {
                exchange.fail(closed.cause());
            }
        }
        ctx.fireUserEventTriggered(event);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        deadline.end();
        remove();
        if (exchange != null) {
            exchange.inputEnded();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (exchange == null) {
            end();
        } else {
            exchange.fail(cause);
        }
    }

    private void late() {
        if (exchange == null) {
            end();
        } else {
            exchange.late();
        }
    }

    /**
     * A response is complete: the next request may come.
     *
     * @param stays whether nothing stands against it so far
     */
    void goOn(Attempt done, UpstreamResponse response, boolean stays) {
        exchange = null;
        used = true;
        boolean login = owner != null || done.isLogin() || Login.isAskedFor(response);
        if (!stays || !context.channel().isActive() || login && (done.client() == null || done.isOfCopy())) {
            close();
            return;
        }
        context.channel().config().setAutoRead(true);
        deadline.in(response.keepAliveMillis(IDLE_MILLIS));
        if (login) {
            owner = done.client();
            owner.keep(pool, upstream.name(), this);
        } else {
            pool.add(this);
        }
    }

    /** The upstream had closed it before anything of a response came. */
    void closedBefore(Attempt attempt, Throwable cause) {
        pool.closedBefore(attempt, cause);
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
}
