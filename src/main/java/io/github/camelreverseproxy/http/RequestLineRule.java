package io.github.camelreverseproxy.http;

import java.util.Set;

import io.github.camelreverseproxy.Failure;
import io.github.camelreverseproxy.ProxyException;
import io.github.camelreverseproxy.Tokens;
import io.github.camelreverseproxy.response.ErrorAnswer;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;

/**
 * The request line (RFC 9112, section 3): a version that is spoken here, a method that is forwarded, and a target that
 * is a valid URI reference of RFC 3986. A target in absolute form is brought into origin form (section 3.2.2); its
 * host chooses nothing here.
 */
final class RequestLineRule implements RequestRule {
    private static final Set<String> FORWARDED = Set.of(ErrorAnswer.ALLOW.split(", "));

    /** pchar, "/", "?" of RFC 3986, and "[" and "]", which browsers leave as they are in queries. */
    private static final boolean[] TARGET = new boolean[128];

    static {
        for (char c = 0; c < TARGET.length; c++) {
            TARGET[c] = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
                    || "-._~!$&'()*+,;=:@/?%[]".indexOf(c) >= 0;
        }
    }

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
        request.setUri(target(request.uri(), request.method().name()));
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
        if (FORWARDED.contains(method)) {
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

    private static String target(String target, String method) throws ProxyException {
        if (target.equals("*") && method.equals("OPTIONS")) {
            return target;
        }
        String origin = target.startsWith("/") ? target : absolute(target);
        boolean query = false;
        for (int i = 0; i < origin.length(); i++) {
            char c = origin.charAt(i);
            query |= c == '?';
            if (c >= 128 || !TARGET[c] || c == '%' && !escape(origin, i) || (c == '[' || c == ']') && !query) {
                throw malformed();
            }
        }
        return origin;
    }

    private static String absolute(String target) throws ProxyException {
        int authority = target.regionMatches(true, 0, "http://", 0, 7) ? 7
                : target.regionMatches(true, 0, "https://", 0, 8) ? 8 : -1;
        if (authority < 0) {
            throw malformed();
        }
        int end = authority;
        while (end < target.length() && "/?".indexOf(target.charAt(end)) < 0) {
            end++;
        }
        if (!HostRule.valid(target.substring(authority, end)) || end == authority) {
            throw malformed();
        }
        String rest = target.substring(end);
        return rest.startsWith("/") ? rest : "/" + rest;
    }

    private static boolean escape(String target, int percent) {
        return percent + 2 < target.length() && Character.digit(target.charAt(percent + 1), 16) >= 0
                && Character.digit(target.charAt(percent + 2), 16) >= 0;
    }

    private static ProxyException malformed() {
        return new ProxyException(Failure.BAD_REQUEST, "the request target is not a valid URI");
    }
}
