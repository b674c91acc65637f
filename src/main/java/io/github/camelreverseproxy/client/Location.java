package io.github.camelreverseproxy.client;

import java.util.Map;

import io.github.camelreverseproxy.forwarding.ProxyRequest;

/**
 * {@code Location} and {@code Content-Location} of a response (RFC 9110, sections 10.2.2 and 8.7). Since the upstream is
 * asked by a Host of its own, it names itself in them; the client gets the origin that it has asked instead, if the field
 * begins with the upstream's own origin and path. Thread-safe.
 */
public final class Location {
    /** {@code proxy.location}: what becomes of the upstream's own origin. */
    public enum Rule { REWRITE, KEEP }

    private Location() {
    }

    static void rewrite(Upstream upstream, Map<String, Object> headers, ProxyRequest request) {
        if (upstream.rules().location() == Rule.REWRITE && request.client() != null) {
            rewrite(upstream.url(), headers, "Location", request);
            rewrite(upstream.url(), headers, "Content-Location", request);
        }
    }

    private static void rewrite(UpstreamUrl upstream, Map<String, Object> headers, String name, ProxyRequest request) {
        if (headers.get(name) instanceof String value) {
            int end = ownOrigin(upstream, value);
            if (end > 0) {
                String host = request.host();
                String rest = value.substring(end);
                if (host != null) {
                    headers.put(name, "http://" + host + rest);
                } else if (!rest.startsWith("//")) {
                    // Two slashes would begin the name of another host.
                    headers.put(name, rest.startsWith("/") ? rest : "/" + rest);
                }
            }
        }
    }

    /** Where the upstream's own origin and path end, or -1 if the value does not begin with them. */
    private static int ownOrigin(UpstreamUrl upstream, String value) {
        String scheme = upstream.tls() ? "https://" : "http://";
        if (!value.regionMatches(true, 0, scheme, 0, scheme.length())) {
            return -1;
        }
        int end = scheme.length();
        while (end < value.length() && "/?#".indexOf(value.charAt(end)) < 0) {
            end++;
        }
        int path = upstream.path().length();
        boolean base = value.startsWith(upstream.path(), end)
                && (path == 0 || end + path == value.length() || "/?#".indexOf(value.charAt(end + path)) >= 0);
        return base && isOwn(upstream, value.substring(scheme.length(), end)) ? end + path : -1;
    }

    private static boolean isOwn(UpstreamUrl upstream, String authority) {
        try {
            UpstreamUrl other = UpstreamUrl.of((upstream.tls() ? "https://" : "http://") + authority);
            return other.port() == upstream.port() && other.host().equalsIgnoreCase(upstream.host());
        } catch (IllegalArgumentException e) {
            return false;
        }
    }
}
