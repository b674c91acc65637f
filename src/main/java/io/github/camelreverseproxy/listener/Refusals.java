package io.github.camelreverseproxy.listener;

import io.github.camelreverseproxy.message.Failure;
import io.github.camelreverseproxy.response.ErrorAnswer;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.util.ReferenceCountUtil;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The last station before the route: answers the requests that were refused on the way, and whatever failed unforeseen.
 */
@Sharable
final class Refusals extends ChannelInboundHandlerAdapter {
    private static final Logger LOG = LoggerFactory.getLogger(Refusals.class);

    private final ErrorAnswer errors;

    Refusals(ErrorAnswer errors) {
        this.errors = errors;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (message instanceof Refusal refusal) {
            answer(ctx, refusal);
        } else if (message instanceof FullHttpRequest) {
            ctx.fireChannelRead(message);
        } else {
            ReferenceCountUtil.release(message);
        }
    }

    /** Connections that clients reset are nothing to speak of; anything else is answered as long as that is possible. */
    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (cause instanceof java.io.IOException || !ctx.channel().isActive()) {
            LOG.debug("Connection failed", cause);
            ctx.close();
        } else {
            LOG.error("Connection failed", cause);
            answer(ctx, new Refusal(Failure.INTERNAL, null));
        }
    }

    private void answer(ChannelHandlerContext ctx, Refusal refusal) {
        String accept = refusal.request() == null ? null : String.join(",", refusal.request().headers().getAll("Accept"));
        ctx.writeAndFlush(errors.response(refusal.failure(), refusal.text(), accept, refusal.close()));
    }
}
