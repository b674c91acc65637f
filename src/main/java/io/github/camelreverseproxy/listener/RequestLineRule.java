package io.github.camelreverseproxy.listener;


import io.github.camelreverseproxy.message.Failure;
import io.github.camelreverseproxy.message.ProxyException;
import io.github.camelreverseproxy.message.Tokens;
import io.github.camelreverseproxy.message.Methods;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;

/**
 * The request line (RFC 9112, section 3): a version that is spoken here, a method that is forwarded, and a target of
 * visible ASCII characters. More of them are taken than RFC 3986 allows, since browsers send some as they are; no fragment,
 * and no broken escape.
 */
final class RequestLineRule implements RequestRule {
    private final int maxTarget;

    /** @param maxTarget longest request target, in bytes */
    RequestLineRule(int maxTarget) {
        this.maxTarget = maxTarget;
    }

    @Override
    public void check(HttpRequest request) throws ProxyException {
        if (request.uri().length() > maxTarget) {
            throw new ProxyException(Failure.TARGET_TOO_LONG);
        }
        version(request.protocolVersion());
        method(request.method().name());
        target(request.uri(), request.method().name());
    }

    private static void version(HttpVersion version) throws ProxyException {
        if (!version.protocolName().equals("HTTP") || version.majorVersion() < 1) {
            throw new ProxyException(Failure.BAD_REQUEST, "malformed HTTP version");
        }
        if (version.majorVersion() > 1) {
            throw new ProxyException(Failure.VERSION_NOT_SUPPORTED);
        }
    }

    private static void method(String method) throws ProxyException {
        if (Methods.isForwarded(method)) {
            return;
        }
        if (method.equals("TRACE") || method.equals("CONNECT")) {
            throw new ProxyException(Failure.METHOD_NOT_ALLOWED);
        }
        if (!Tokens.isToken(method)) {
            throw new ProxyException(Failure.BAD_REQUEST, "malformed method");
        }
        throw new ProxyException(Failure.NOT_IMPLEMENTED, "the method is not implemented");
    }

    private static void target(String target, String method) throws ProxyException {
        if (target.equals("*") && method.equals("OPTIONS")) {
            return;
        }
        if (!target.startsWith("/")) {
            int begin = AbsoluteForm.authority(target);
            int end = AbsoluteForm.end(target, begin);
            if (begin < 0 || end == begin || !HostRule.valid(target.substring(begin, end))) {
                throw malformed();
            }
        }
        for (int i = 0; i < target.length(); i++) {
            char c = target.charAt(i);
            if (c <= ' ' || c >= 0x7f || c == '#' || c == '%' && !escape(target, i)) {
                throw malformed();
            }
        }
    }

    private static boolean escape(String target, int percent) {
        return percent + 2 < target.length() && Character.digit(target.charAt(percent + 1), 16) >= 0
                && Character.digit(target.charAt(percent + 2), 16) >= 0;
    }

    private static ProxyException malformed() {
        return new ProxyException(Failure.BAD_REQUEST, "the request target is not a valid URI");
    }
}
