package io.github.camelreverseproxy.listener;

import java.util.List;

import io.github.camelreverseproxy.message.Failure;
import io.github.camelreverseproxy.message.ProxyException;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;

/**
 * Exactly one valid {@code Host} (RFC 9112, section 3.2); HTTP/1.0 may do without. Camel's handler wants one in any
 * case, so such a request gets an empty one here, and {@link ProxyBinding} takes it away again.
 */
final class HostRule implements RequestRule {
    @Override
    public void check(HttpRequest request) throws ProxyException {
        List<String> hosts = request.headers().getAll(HttpHeaderNames.HOST);
        if (hosts.size() > 1) {
            throw new ProxyException(Failure.BAD_REQUEST, "more than one Host");
        }
        if (hosts.isEmpty()) {
            if (!request.protocolVersion().equals(HttpVersion.HTTP_1_0)) {
                throw new ProxyException(Failure.BAD_REQUEST, "no Host");
            }
            request.headers().set(HttpHeaderNames.HOST, "");
        } else if (!valid(hosts.get(0))) {
            throw new ProxyException(Failure.BAD_REQUEST, "invalid Host");
        }
    }

    /**
     * uri-host [ ":" port ] of RFC 9110, section 7.2; the empty string is one. Of the characters that the grammar allows,
     * those are left out that would forge elements of {@code Forwarded}: comma, semicolon and equals sign.
     */
    static boolean valid(String host) {
        int i = host.startsWith("[") ? literal(host) : name(host);
        if (i < 0) {
            return false;
        }
        if (i == host.length()) {
            return true;
        }
        return i > 0 && port(host, i);
    }

    /** An IP literal in brackets: hex digits, colons and dots; IPvFuture is nobody's. */
    private static int literal(String host) {
        int end = host.indexOf(']');
        for (int i = 1; i < end; i++) {
            char c = host.charAt(i);
            if (c != ':' && c != '.' && Character.digit(c, 16) < 0 || c >= 128) {
                return -1;
            }
        }
        return end > 2 ? end + 1 : -1;
    }

    private static int name(String host) {
        int i = 0;
        for (; i < host.length() && host.charAt(i) != ':'; i++) {
            char c = host.charAt(i);
            boolean unreserved = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || "-._~".indexOf(c) >= 0;
            boolean escape = c == '%' && i + 2 < host.length() && Character.digit(host.charAt(i + 1), 16) >= 0
                    && Character.digit(host.charAt(i + 2), 16) >= 0;
            if (!unreserved && !escape && "!$&'()*+".indexOf(c) < 0) {
                return -1;
            }
        }
        return i;
    }

    private static boolean port(String host, int colon) {
        if (host.charAt(colon) != ':' || host.length() - colon > 6) {
            return false;
        }
        int port = 0;
        for (int i = colon + 1; i < host.length(); i++) {
            char c = host.charAt(i);
            if (c < '0' || c > '9') {
                return false;
            }
            port = port * 10 + c - '0';
        }
        return port <= 65535;
    }
}
