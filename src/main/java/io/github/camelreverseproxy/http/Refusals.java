package io.github.camelreverseproxy.http;

import io.github.camelreverseproxy.Failure;
import io.github.camelreverseproxy.response.ErrorAnswer;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.util.ReferenceCountUtil;

/**
 * The last station before the route: answers the requests that were refused on the way, those whose body turned out
 * to be malformed, and those over the limit on requests in flight. What is left of the content of a refused request ends here.
 */
@Sharable
final class Refusals extends ChannelInboundHandlerAdapter {
    private final ErrorAnswer errors;
    private final InFlight inFlight;

    Refusals(ErrorAnswer errors, InFlight inFlight) {
        this.errors = errors;
        this.inFlight = inFlight;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (message instanceof Refusal refusal) {
            answer(ctx, refusal);
        } else if (message instanceof FullHttpRequest request && request.decoderResult().isFailure()) {
            request.release();
            answer(ctx, new Refusal(Failure.BAD_REQUEST, "malformed chunked body", true, request));
        } else if (message instanceof FullHttpRequest request && inFlight.isFull()) {
            request.release();
            answer(ctx, new Refusal(Failure.OVERLOADED, Failure.OVERLOADED.text(), false, request));
        } else if (message instanceof FullHttpRequest) {
            ctx.fireChannelRead(message);
        } else {
            ReferenceCountUtil.release(message);
        }
    }

    private void answer(ChannelHandlerContext ctx, Refusal refusal) {
        String accept = refusal.request() == null ? null : refusal.request().headers().get("Accept");
        ctx.writeAndFlush(errors.response(refusal.failure(), refusal.text(), accept, refusal.close()));
    }
}
