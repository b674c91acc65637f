package io.github.camelreverseproxy.http;

import java.util.List;

import io.github.camelreverseproxy.Failure;
import io.github.camelreverseproxy.ProxyException;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.netty.util.ReferenceCountUtil;

/** Holds each head against the rules, in their order; the first one broken makes the request a {@link Refusal}. */
@Sharable
final class RequestRules extends ChannelInboundHandlerAdapter {
    private final List<RequestRule> rules = List.of(RequestRules::decoded, new FramingRule(), new RequestLineRule(),
            new HostRule(), new ExpectationRule());

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
        Object onward = message;
        if (message instanceof HttpRequest request) {
            try {
                for (RequestRule rule : rules) {
                    rule.check(request);
                }
            } catch (ProxyException e) {
                ReferenceCountUtil.release(message);
                onward = new Refusal(e, request);
            }
        }
        ctx.fireChannelRead(onward);
    }

    /** What the decoder could not read: too long a line, too large a head, or not HTTP. */
    static void decoded(HttpRequest request) throws ProxyException {
        Throwable cause = request.decoderResult().cause();
        if (cause instanceof TooLongHttpLineException) {
            throw new ProxyException(Failure.TARGET_TOO_LONG);
        }
        if (cause instanceof TooLongHttpHeaderException) {
            throw new ProxyException(Failure.HEAD_TOO_LARGE);
        }
        if (cause != null) {
            throw new ProxyException(Failure.BAD_REQUEST);
        }
    }
}
