package io.github.camelreverseproxy.client;

import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import io.github.camelreverseproxy.Failure;
import io.github.camelreverseproxy.ProxyException;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ConnectTimeoutException;
import io.netty.channel.EventLoop;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeTimeoutException;
import io.netty.util.concurrent.Future;

/** The connections of an event loop to an upstream; the one used last is used next. Confined to the loop. */
final class ConnectionPool {
    private final EventLoop loop;
    private final UpstreamAddress address;
    private final UpstreamEndpoint endpoint;
    private final Runnable failed;
    private final Deque<UpstreamConnection> idle = new ArrayDeque<>();

    /** @param failed is run whenever an attempt has failed */
    ConnectionPool(EventLoop loop, UpstreamAddress address, UpstreamEndpoint endpoint, Runnable failed) {
        this.loop = loop;
        this.address = address;
        this.endpoint = endpoint;
        this.failed = failed;
    }

    /** By an idle connection that is still good, or by a new one. */
    void send(Attempt attempt) {
        try {
            sendOrConnect(attempt);
        } catch (RuntimeException | Error e) {
            attempt.fail(e);
        }
    }

    private void sendOrConnect(Attempt attempt) {
        for (UpstreamConnection last = idle.pollLast(); last != null; last = idle.pollLast()) {
            if (!last.isStale()) {
                last.send(attempt);
                return;
            }
            last.close();
        }
        address.lookUp().copy().orTimeout(endpoint.connectTimeout(), TimeUnit.MILLISECONDS).whenComplete((found, error) -> {
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
                connect(attempt, found, 0);
            } catch (RuntimeException | Error e) {
                attempt.fail(e);
            }
        } else if (error instanceof TimeoutException) {
            fail(attempt, new ConnectTimeoutException("name not looked up in time"));
        } else {
            fail(attempt, error instanceof CompletionException wrapped ? wrapped.getCause() : error);
        }
    }

    /** Address after address, until one takes the connection. */
    private void connect(Attempt attempt, InetAddress[] addresses, int index) {
        ChannelFuture connecting = new Bootstrap().group(loop).channelFactory(UpstreamChannel::new)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, endpoint.connectTimeout())
                .option(ChannelOption.TCP_NODELAY, true)
                // An upstream that takes no more of a request may have answered it.
                .option(ChannelOption.AUTO_CLOSE, false)
                .handler(new Initializer())
                .connect(new InetSocketAddress(addresses[index], address.port()));
        if (connecting.cause() instanceof ChannelException noSocket) {
            // The proxy itself has come to a limit, of its descriptors most likely. Its listeners would run on another thread.
            attempt.fail(new ProxyException(Failure.OVERLOADED, Failure.OVERLOADED.text(), noSocket), UpstreamException.Progress.NOT_SENT);
            return;
        }
        connecting.addListener((ChannelFuture connected) -> {
            if (connected.isSuccess()) {
                begin(attempt, connected.channel());
            } else if (index + 1 < addresses.length) {
                connect(attempt, addresses, index + 1);
            } else {
                fail(attempt, connected.cause());
            }
        });
    }

    private void begin(Attempt attempt, Channel channel) {
        UpstreamConnection connection = channel.pipeline().get(UpstreamConnection.class);
        SslHandler tls = channel.pipeline().get(SslHandler.class);
        if (tls == null) {
            connection.send(attempt);
            return;
        }
        tls.handshakeFuture().addListener((Future<Channel> handshake) -> {
            if (handshake.isSuccess()) {
                connection.send(attempt);
            } else {
                connection.close();
                fail(attempt, (handshake.cause() instanceof SslHandshakeTimeoutException ? new ConnectTimeoutException("no TLS in time")
                        : new ConnectException("no TLS")).initCause(handshake.cause()));
            }
        });
    }

    private void fail(Attempt attempt, Throwable cause) {
        failed.run();
        attempt.fail(cause, UpstreamException.Progress.NOT_SENT);
    }

    /** An attempt has failed on a connection. */
    void failed() {
        failed.run();
    }

    void add(UpstreamConnection connection) {
        idle.addLast(connection);
    }

    void remove(UpstreamConnection connection) {
        idle.remove(connection);
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
            connection.close();
        }
    }

    private final class Initializer extends ChannelInitializer<Channel> {
        @Override
        protected void initChannel(Channel channel) {
            if (address.tls() != null) {
                SslHandler tls = address.tls().newHandler(channel.alloc(), address.host(), address.port());
                tls.setHandshakeTimeoutMillis(endpoint.connectTimeout());
                channel.pipeline().addLast(tls);
            }
            channel.pipeline().addLast(new UpstreamConnection(ConnectionPool.this, endpoint));
        }
    }
}
