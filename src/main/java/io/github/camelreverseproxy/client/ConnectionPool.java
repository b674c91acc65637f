package io.github.camelreverseproxy.client;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.GeneralSecurityException;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import io.github.camelreverseproxy.message.Failure;
import io.github.camelreverseproxy.message.ProxyException;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeTimeoutException;
import io.netty.util.concurrent.Future;

/** The connections of an event loop to an upstream; the one used last is used next. Confined to the loop. */
final class ConnectionPool {
    private final EventLoop loop;
    private final UpstreamAddress address;
    private final Upstream upstream;
    private final UpstreamPools all;
    private final Deque<UpstreamConnection> idle = new ArrayDeque<>();

    /** @param all of the upstream; told whenever connections have turned out to be no good */
    ConnectionPool(EventLoop loop, UpstreamAddress address, Upstream upstream, UpstreamPools all) {
        this.loop = loop;
        this.address = address;
        this.upstream = upstream;
        this.all = all;
    }

    /** By the connection that is its client's own, by an idle one that is still good, or by a new one. */
    void send(Attempt attempt) {
        try {
            UpstreamConnection connection = attempt.isEnded() ? null : good(attempt);
            if (connection != null) {
                connection.send(attempt);
            } else {
                connect(attempt);
            }
        } catch (RuntimeException | Error e) {
            attempt.fail(e);
        }
    }

    private UpstreamConnection good(Attempt attempt) {
        long now = System.nanoTime();
        address.refresh(now);
        if (attempt.client() != null && attempt.client().login(this) instanceof UpstreamConnection own) {
            if (own.isIdle() && !own.isStale(address, now)) {
                return own;
            }
            if (own.isIdle()) {
                own.close();
            }
        }
        UpstreamConnection last = attempt.mayShareConnection() ? idle.pollLast() : null;
        while (last != null && last.isStale(address, now)) {
            all.idle(-1);
            last.close();
            last = idle.pollLast();
        }
        if (last != null) {
            all.idle(-1);
        }
        return last;
    }

    private void connect(Attempt attempt) {
        address.lookUp().copy().orTimeout(upstream.connectTimeout(), TimeUnit.MILLISECONDS).whenComplete((found, error) -> {
            if (loop.inEventLoop()) {
                connect(attempt, found, error);
            } else {
                loop.execute(() -> connect(attempt, found, error));
            }
        });
    }

    private void connect(Attempt attempt, InetAddress[] found, Throwable error) {
        if (error == null) {
            try {
                connect(attempt, found, address.turn(), found.length);
            } catch (RuntimeException | Error e) {
                attempt.fail(e);
            }
        } else if (error instanceof TimeoutException) {
            fail(attempt, new ProxyException(Failure.LOOKUP_TIMEOUT));
        } else {
            fail(attempt, error instanceof CompletionException wrapped ? wrapped.getCause() : error);
        }
    }

    /** Address after address, each new connection beginning with the next, until one takes it. */
    private void connect(Attempt attempt, InetAddress[] addresses, int turn, int left) {
        if (attempt.isEnded()) {
            return;
        }
        InetAddress to = addresses[Math.floorMod(turn, addresses.length)];
        ChannelFuture connecting = new Bootstrap().group(loop).channelFactory(UpstreamChannel::new)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, upstream.connectTimeout())
                .option(ChannelOption.TCP_NODELAY, true)
                // An upstream that takes no more of a request may have answered it.
                .option(ChannelOption.AUTO_CLOSE, false)
                .handler(new Initializer())
                .connect(new InetSocketAddress(to, address.port()));
        if (connecting.cause() instanceof ChannelException noSocket) {
            // The proxy itself has come to a limit, of its descriptors most likely. Its listeners would run on another thread.
            attempt.fail(new ProxyException(Failure.OVERLOADED, Failure.OVERLOADED.text(), noSocket), false);
            return;
        }
        connecting.addListener((ChannelFuture connected) -> {
            if (connected.isSuccess()) {
                begin(attempt, connected.channel(), to);
            } else if (left > 1) {
                connect(attempt, addresses, turn + 1, left - 1);
            } else {
                address.failed();
                fail(attempt, connected.cause());
            }
        });
    }

    private void begin(Attempt attempt, Channel channel, InetAddress to) {
        UpstreamConnection connection = channel.pipeline().get(UpstreamConnection.class);
        connection.connected(to);
        all.open(1);
        channel.closeFuture().addListener(closed -> all.open(-1));
        SslHandler tls = channel.pipeline().get(SslHandler.class);
        if (tls == null) {
            begin(attempt, connection);
            return;
        }
        tls.handshakeFuture().addListener((Future<Channel> handshake) -> {
            if (handshake.isSuccess()) {
                begin(attempt, connection);
            } else {
                connection.close();
                fail(attempt, new ProxyException(tlsFailure(handshake.cause()), "no TLS", handshake.cause()));
            }
        });
    }

    private static void begin(Attempt attempt, UpstreamConnection connection) {
        if (attempt.isEnded()) {
            connection.close();
        } else {
            connection.send(attempt);
        }
    }

    private static Failure tlsFailure(Throwable thrown) {
        if (thrown instanceof SslHandshakeTimeoutException) {
            return Failure.CONNECT_TIMEOUT;
        }
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            if (cause instanceof GeneralSecurityException certificate && !(certificate instanceof NoSuchAlgorithmException)) {
                return Failure.TLS_CERTIFICATE;
            }
        }
        return Failure.TLS_FAILED;
    }

    private void fail(Attempt attempt, Throwable cause) {
        all.run();
        attempt.fail(cause, false);
    }

    /**
     * A connection that had been used before was closed by the upstream before anything of a response came: it had closed it
     * as an idle one, most likely, and the others with it. The request goes by a new one if its method allows that.
     */
    void closedBefore(Attempt attempt, Throwable cause) {
        all.run();
        if (attempt.maySendAgain()) {
            try {
                attempt.again();
                connect(attempt);
            } catch (RuntimeException | Error e) {
                attempt.fail(e);
            }
        } else {
            attempt.failOnClosedConnection(cause);
        }
    }

    void add(UpstreamConnection connection) {
        idle.addLast(connection);
        all.idle(1);
    }

    void remove(UpstreamConnection connection) {
        if (idle.remove(connection)) {
            all.idle(-1);
        }
    }

    /** May be called on any thread. */
    void closeIdle() {
        if (!loop.inEventLoop()) {
            try {
                loop.execute(this::closeIdle);
            } catch (RejectedExecutionException e) {
                // The loop has ended, and its connections with it.
            }
            return;
        }
        for (UpstreamConnection connection = idle.pollLast(); connection != null; connection = idle.pollLast()) {
            all.idle(-1);
            connection.close();
        }
    }

    private final class Initializer extends ChannelInitializer<Channel> {
        @Override
        protected void initChannel(Channel channel) {
            if (address.tls() != null) {
                SslHandler tls = upstream.tls().handler(address.tls(), channel.alloc(), upstream.url());
                tls.setHandshakeTimeoutMillis(upstream.connectTimeout());
                channel.pipeline().addLast(tls);
            }
            channel.pipeline().addLast(new UpstreamConnection(ConnectionPool.this, upstream));
        }
    }
}
