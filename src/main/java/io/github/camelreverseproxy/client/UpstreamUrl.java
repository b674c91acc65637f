package io.github.camelreverseproxy.client;

import io.netty.util.NetUtil;

/**
 * Where an upstream is: {@code http} or {@code https}, a host, a port and a path. Other than with {@link java.net.URI} a
 * host's name may have underscores, which Docker makes.
 *
 * @param tls  whether it is https
 * @param host a name or an address, this without brackets
 * @param port the scheme's own if none was given
 * @param authority as it was written, for the field Host
 * @param path without a slash at its end
 */
public record UpstreamUrl(boolean tls, String host, int port, String authority, String path) {

    /** @throws IllegalArgumentException if it is something else, or has a user, a query or a fragment; says what is wrong */
    public static UpstreamUrl of(String text) {
        boolean tls = text.regionMatches(true, 0, "https://", 0, 8);
        if (!tls && !text.regionMatches(true, 0, "http://", 0, 7)) {
            throw new IllegalArgumentException("not an http or https URL");
        }
        int begin = tls ? 8 : 7;
        int slash = text.indexOf('/', begin);
        String authority = slash < 0 ? text.substring(begin) : text.substring(begin, slash);
        String path = slash < 0 ? "" : text.substring(slash);
        if (!path.chars().allMatch(c -> c > ' ' && c < 0x7f && "?#\\\"<>{}|^`".indexOf(c) < 0)) {
            throw new IllegalArgumentException("not a URL without query and fragment");
        }
        if (authority.indexOf('@') >= 0) {
            throw new IllegalArgumentException("a URL of an upstream has no user and no password");
        }
        int colon = authority.startsWith("[") ? authority.indexOf(':', Math.max(0, authority.indexOf(']'))) : authority.indexOf(':');
        String name = colon < 0 ? authority : authority.substring(0, colon);
        String port = colon < 0 ? "" : authority.substring(colon + 1);
        if (colon >= 0 && (!port.matches("[0-9]{1,5}") || Integer.parseInt(port) < 1 || Integer.parseInt(port) > 65535)) {
            throw new IllegalArgumentException("not a port from 1 to 65535: " + port);
        }
        boolean literal = name.startsWith("[") && name.endsWith("]") && NetUtil.isValidIpV6Address(name);
        if (!literal && !name.matches("[A-Za-z0-9_]([A-Za-z0-9._-]*)")) {
            throw new IllegalArgumentException("not a host: " + name);
        }
        String host = literal ? name.substring(1, name.length() - 1) : name;
        return new UpstreamUrl(tls, host, port.isEmpty() ? tls ? 443 : 80 : Integer.parseInt(port), authority,
                path.endsWith("/") ? path.substring(0, path.length() - 1) : path);
    }
}
