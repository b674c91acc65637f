package io.github.camelreverseproxy.listener;

import io.github.camelreverseproxy.forwarding.BodyStream;
import io.github.camelreverseproxy.forwarding.ByteBudget;
import io.github.camelreverseproxy.forwarding.Outlet;
import io.github.camelreverseproxy.message.Failure;
import io.github.camelreverseproxy.message.ProxyException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.LastHttpContent;

/**
 * The pieces of a response on their way to the client, as content of HTTP or as the bytes of a tunnel. A body that breaks
 * off ends the connection, so that nobody takes it for whole. Not thread-safe; runs on the channel's event loop.
 */
final class ResponseBody implements BodyStream.Sink {
    /** How it ends. */
    interface Ends {
        void last(Object message);

        void broken(ProxyException why);
    }

    private final ChannelHandlerContext context;
    private final BodyStream stream;
    private final Outlet outlet;
    private final Ends ends;
    private ChannelFuture last;
    private boolean tunnel;

    ResponseBody(ChannelHandlerContext context, ByteBudget budget, BodyStream stream, Ends ends) {
        this.context = context;
        this.stream = stream;
        this.outlet = new Outlet(context.channel(), stream, budget);
        this.ends = ends;
    }

    BodyStream stream() {
        return stream;
    }

    void tunnel() {
        tunnel = true;
    }

    boolean isTunnel() {
        return tunnel;
    }

    /** Whether the client still has something to take, which {@link RequestTimeouts} sees to. */
    boolean isPending() {
        ChannelOutboundBuffer buffer = context.channel().unsafe().outboundBuffer();
        return !tunnel && buffer != null && buffer.totalPendingWriteBytes() > 0;
    }

    @Override
    public void piece(ByteBuf bytes) {
        last = context.write(tunnel ? bytes : new DefaultHttpContent(bytes));
    }

    @Override
    public void flush() {
        if (last == null) {
            return;
        }
        context.flush();
        ChannelFuture written = last;
        last = null;
        if (!outlet.written(written)) {
            ProxyException full = new ProxyException(Failure.OVERLOADED, "no room for the response");
            stream.cancel(full);
            ends.broken(full);
        }
    }

    /** The client has taken something. */
    void look() {
        outlet.look();
    }

    @Override
    public void end(HttpHeaders trailers) {
        if (tunnel) {
            context.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
        } else {
            ends.last(trailers.isEmpty() ? LastHttpContent.EMPTY_LAST_CONTENT : new DefaultLastHttpContent(Unpooled.EMPTY_BUFFER, trailers));
        }
    }

    @Override
    public void failed(ProxyException why) {
        ends.broken(why);
    }

    /** It has gone out, or never will. */
    void end() {
        outlet.end();
    }
}
