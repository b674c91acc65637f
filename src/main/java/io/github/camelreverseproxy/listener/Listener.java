package io.github.camelreverseproxy.listener;

import java.net.BindException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandler;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.util.AttributeKey;
import org.apache.camel.component.netty.NettyConfiguration;

/**
 * A socket that listens, and its connections. They outlive the routes: each request goes to those that the listener belongs
 * to at the moment in which it is handed over. Thread-safe.
 */
final class Listener {
    /**
     * Where requests go.
     *
     * @param pipeline of a new connection
     * @param routes   Camel's handler, which makes an exchange of a request
     */
    record Target(HttpPipeline pipeline, ChannelInboundHandler routes) {
    }

    private static final AttributeKey<Object> SERVER_HANDLER = AttributeKey.valueOf("serverHandler");

    private final HandOver handOver = new HandOver();
    private volatile Target target;
    private final LongAdder requests = new LongAdder();
    private volatile Channel socket;
    private volatile List<Object> options;

    /** @param first where requests go at first; nothing is accepted before {@link #open} */
    Listener(Target first) {
        target = first;
    }

    private static List<Object> ofSocket(NettyConfiguration options) {
        return List.of(options.getBacklog(), options.isReuseAddress(), options.isKeepAlive(), options.isTcpNoDelay());
    }

    /** Whether its socket is as somebody else would have it. */
    boolean isLike(NettyConfiguration other) {
        return ofSocket(other).equals(options);
    }

    /** @throws BindException if the address cannot be had */
    void bind(NettyConfiguration options, EventLoopGroup eventLoops) throws BindException, InterruptedException {
        this.options = ofSocket(options);
        ServerBootstrap bootstrap = new ServerBootstrap().group(eventLoops).channel(NioServerSocketChannel.class)
                .option(ChannelOption.SO_BACKLOG, options.getBacklog()).option(ChannelOption.SO_REUSEADDR, options.isReuseAddress())
                .option(ChannelOption.AUTO_READ, false)
                .childOption(ChannelOption.SO_KEEPALIVE, options.isKeepAlive()).childOption(ChannelOption.TCP_NODELAY, options.isTcpNoDelay())
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        target.pipeline().fill(channel, handOver);
                    }
                });
        ChannelFuture bound = bootstrap.bind(new InetSocketAddress(options.getHost(), options.getPort())).await();
        if (!bound.isSuccess()) {
            throw new BindException(bound.cause().getMessage());
        }
        socket = bound.channel();
    }

    /** From now on connections are accepted. */
    void open(Connections connections) {
        connections.listen(socket);
    }

    /** Requests on all its connections go elsewhere from now on. */
    void to(Target next) {
        target = next;
    }

    /** How many have been handed over. */
    long requests() {
        return requests.sum();
    }

    boolean isOf(Target some) {
        return target == some;
    }

    void close() {
        Connections.closeWhenAccepted(socket);
    }

    /** The last station: a request goes to a route. */
    @Sharable
    private final class HandOver extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
            requests.increment();
            try {
                target.routes().channelRead(ctx, message);
            } finally {
                // Camel's handler leaves itself there, and with it the context that it is of, for as long as the connection lives.
                ctx.channel().attr(SERVER_HANDLER).set(null);
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            target.pipeline().failed(ctx, cause);
        }
    }
}
