package io.github.camelreverseproxy.listener;

import java.util.concurrent.TimeUnit;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.util.ReferenceCountUtil;

/**
 * Closes a connection so that the client can still read the last response (RFC 9112, section 9.6): only the sending
 * side at first, since closing with input unread makes TCP reset the connection and may erase the response at the
 * client. What still comes is dropped until the client closes too, for a short time at most.
 */
final class LingeringClose extends ChannelInboundHandlerAdapter {
    private static final int LINGER_MILLIS = 2000;

    private LingeringClose() {
    }

    /** To be called on the channel's event loop, once the last response has been written. */
    static void close(Channel channel) {
        if (!channel.isActive() || !(channel instanceof DuplexChannel connection)) {
            channel.close();
            return;
        }
        if (channel.pipeline().get(LingeringClose.class) != null) {
            return;
        }
        channel.pipeline().addFirst("lingering", new LingeringClose());
        channel.config().setAutoRead(true);
        if (connection.isInputShutdown()) {
            channel.close();
            return;
        }
        connection.shutdownOutput();
        channel.eventLoop().schedule(() -> channel.close(), LINGER_MILLIS, TimeUnit.MILLISECONDS);
    }

    /** The client has closed too. */
    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownEvent) {
            ctx.close();
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ReferenceCountUtil.release(message);
    }
}
