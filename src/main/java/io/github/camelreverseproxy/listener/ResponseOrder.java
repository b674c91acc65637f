package io.github.camelreverseproxy.listener;

import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.ChannelInputShutdownReadComplete;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;

/**
 * Answers pipelined requests in their order (RFC 9112, section 9.3.2): has the decoder go on with the next request when the
 * response before it has gone out. After a response that ends the connection, nothing that came goes on; and a client that
 * has nothing more to send is answered before its connection is closed. So all handlers behind this one see one request at a
 * time. Not sharable; runs on the channel's event loop.
 */
final class ResponseOrder extends ChannelDuplexHandler {
    private final RequestDecoder decoder;
    private ChannelHandlerContext decoderContext;
    private boolean busy;
    private boolean complete = true;
    private boolean answered;
    private boolean ended;
    private boolean inputEnded;

    ResponseOrder(RequestDecoder decoder) {
        this.decoder = decoder;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        decoderContext = ctx.pipeline().context(decoder);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
        if (ended && complete) {
            ReferenceCountUtil.release(message);
            return;
        }
        if (message instanceof HttpRequest) {
            busy = true;
            complete = false;
        } else if (message instanceof Refusal) {
            busy = true;
        }
        complete |= message instanceof LastHttpContent;
        ctx.fireChannelRead(message);
        next(ctx);
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        ended |= message instanceof HttpResponse response
                && response.headers().containsValue(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE, true);
        ChannelPromise written = promise;
        if (ResponseFraming.endsResponse(message)) {
            written = promise.unvoid();
            written.addListener((ChannelFutureListener) done -> {
                answered = true;
                next(ctx);
            });
        }
        ctx.write(message, written);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownReadComplete) {
            inputEnded = true;
            closeIfDone(ctx);
        }
        ctx.fireUserEventTriggered(event);
    }

    /** A request has come as a whole, and its response has gone out: the next one may come. */
    private void next(ChannelHandlerContext ctx) throws Exception {
        if (!answered || !complete || ended) {
            return;
        }
        answered = false;
        busy = false;
        decoder.next(decoderContext);
        closeIfDone(ctx);
    }

    private void closeIfDone(ChannelHandlerContext ctx) {
        if (inputEnded && !busy) {
            ctx.close();
        }
    }
}
