package io.github.camelreverseproxy.listener;

import io.github.camelreverseproxy.message.Failure;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.FullHttpMessage;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpUtil;

/**
 * Collects the body of a request under the cap and answers {@code Expect: 100-continue} (RFC 9110, section 10.1.1). A
 * request over the cap becomes a {@link Refusal}, before its body is sent if its length says so.
 */
final class RequestAggregator extends HttpObjectAggregator {
    /** @param maxBody in bytes */
    RequestAggregator(int maxBody) {
        super(maxBody);
    }

    @Override
    protected Object newContinueResponse(HttpMessage start, int maxContentLength, ChannelPipeline pipeline) {
        return isContentLengthInvalid(start, maxContentLength)
                ? null : super.newContinueResponse(start, maxContentLength, pipeline);
    }

    @Override
    protected void handleOversizedMessage(ChannelHandlerContext ctx, HttpMessage oversized) {
        ctx.fireChannelRead(new Refusal(Failure.CONTENT_TOO_LARGE, (HttpRequest) oversized));
    }

    /** Chunked framing ends here; a Content-Length tells {@link ProxyBinding} that there was a body, if an empty one. */
    @Override
    protected FullHttpMessage beginAggregation(HttpMessage start, ByteBuf content) throws Exception {
        boolean chunked = HttpUtil.isTransferEncodingChunked(start);
        FullHttpMessage message = super.beginAggregation(start, content);
        if (chunked) {
            message.headers().set(HttpHeaderNames.CONTENT_LENGTH, "0");
        }
        return message;
    }

    @Override
    protected void finishAggregation(FullHttpMessage aggregated) {
        // Unlike the original, no Content-Length for a request that came without a body.
    }
}
