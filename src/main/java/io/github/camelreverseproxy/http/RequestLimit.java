package io.github.camelreverseproxy.http;

import io.github.camelreverseproxy.Failure;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpUtil;

/**
 * The limit on requests in flight: a request over it becomes a {@link Refusal} before its body is collected. Sees one
 * request at a time, because {@link ResponseOrder} stands before it. Not sharable; runs on the channel's event loop.
 */
final class RequestLimit extends ChannelDuplexHandler {
    private final InFlight inFlight;
    private boolean counted;

    RequestLimit(InFlight inFlight) {
        this.inFlight = inFlight;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        Object onward = message;
        if (message instanceof HttpRequest request && !counted) {
            counted = inFlight.beginRequest();
            if (!counted) {
                // With a body on its way it is easier for both sides to begin anew.
                boolean body = HttpUtil.isTransferEncodingChunked(request) || HttpUtil.getContentLength(request, 0L) > 0;
                onward = new Refusal(Failure.OVERLOADED, Failure.OVERLOADED.text(), body, request);
            }
        }
        ctx.fireChannelRead(onward);
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        ChannelPromise written = promise;
        if (counted && ResponseFraming.endsResponse(message)) {
            written = promise.unvoid();
            written.addListener((ChannelFutureListener) done -> end());
        }
        ctx.write(message, written);
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        end();
    }

    private void end() {
        if (counted) {
            counted = false;
            inFlight.endRequest();
        }
    }
}
