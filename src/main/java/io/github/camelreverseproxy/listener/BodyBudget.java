package io.github.camelreverseproxy.listener;

import io.github.camelreverseproxy.forwarding.ClientConnection;
import io.github.camelreverseproxy.message.Failure;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.util.ReferenceCountUtil;

/**
 * Charges the bytes of a request's body to the budget as they come, twice, since it is copied once on its way; past the
 * budget the request becomes a {@link Refusal}, and no more of it is kept. When its response has gone out, nothing is held
 * any more. Sees one request at a time, because {@link ResponseOrder} stands before it. Not sharable; runs on the channel's
 * event loop.
 */
final class BodyBudget extends ChannelDuplexHandler {
    private static final int COPIES = 2;

    private final ClientConnection client;
    private HttpRequest request;
    private boolean refused;

    BodyBudget(ClientConnection client) {
        this.client = client;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (message instanceof HttpRequest head) {
            request = head;
            refused = false;
        }
        if (message instanceof HttpContent content && !refused && content.content().isReadable()
                && !client.hold(COPIES * (long) content.content().readableBytes())) {
            refused = true;
            ReferenceCountUtil.release(message);
            ctx.fireChannelRead(new Refusal(Failure.OVERLOADED, "no room for the body", true, request));
        } else if (refused) {
            ReferenceCountUtil.release(message);
        } else {
            ctx.fireChannelRead(message);
        }
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        ChannelPromise written = promise;
        if (ResponseFraming.endsResponse(message)) {
            written = promise.unvoid();
            written.addListener((ChannelFutureListener) done -> client.release());
        }
        ctx.write(message, written);
    }
}
