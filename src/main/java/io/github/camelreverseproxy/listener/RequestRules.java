package io.github.camelreverseproxy.listener;

import java.util.List;

import io.github.camelreverseproxy.message.EndToEndFields;
import io.github.camelreverseproxy.message.Failure;
import io.github.camelreverseproxy.message.ProxyException;
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
    private final List<RequestRule> rules;

    /** @param maxTarget longest request target, in bytes */
    RequestRules(int maxTarget) {
        rules = List.of(RequestRules::limits, new FramingRule(), RequestRules::decoded, new RequestLineRule(maxTarget),
                new HostRule(), new AbsoluteForm(), new ExpectationRule());
    }

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

    /** Too long a line, too large a head, or too many lines. */
    private static void limits(HttpRequest request) throws ProxyException {
        Throwable cause = request.decoderResult().cause();
        if (cause instanceof TooLongHttpLineException) {
            throw new ProxyException(Failure.TARGET_TOO_LONG);
        }
        if (cause instanceof TooLongHttpHeaderException || request.headers().size() > EndToEndFields.MOST) {
            throw new ProxyException(Failure.HEAD_TOO_LARGE);
        }
    }

    /** What else the decoder could not read. */
    private static void decoded(HttpRequest request) throws ProxyException {
        if (request.decoderResult().isFailure()) {
            throw new ProxyException(Failure.BAD_REQUEST);
        }
    }
}
