package io.github.camelreverseproxy.listener;

import java.util.List;

import io.github.camelreverseproxy.message.Failure;
import io.github.camelreverseproxy.message.ProxyException;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;

/** {@code 100-continue} is the only expectation (RFC 9110, section 10.1.1); from HTTP/1.0 it is ignored. */
final class ExpectationRule implements RequestRule {
    @Override
    public void check(HttpRequest request) throws ProxyException {
        if (!request.headers().contains(HttpHeaderNames.EXPECT)) {
            return;
        }
        List<String> expectations = request.headers().getAll(HttpHeaderNames.EXPECT);
        if (request.protocolVersion().equals(HttpVersion.HTTP_1_0)) {
            request.headers().remove(HttpHeaderNames.EXPECT);
        } else if (expectations.size() > 1 || !HttpHeaderValues.CONTINUE.contentEqualsIgnoreCase(expectations.get(0))) {
            throw new ProxyException(Failure.EXPECTATION_FAILED);
        }
    }
}
