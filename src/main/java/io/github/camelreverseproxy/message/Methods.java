package io.github.camelreverseproxy.message;

import java.util.Set;

/** The methods that are forwarded (RFC 9110, section 9). */
public final class Methods {
    /** As the field {@code Allow} lists them. */
    public static final String ALLOW = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

    private static final Set<String> FORWARDED = Set.of(ALLOW.split(", "));

    private Methods() {
    }

    public static boolean isForwarded(String method) {
        return FORWARDED.contains(method);
    }

    /** Whether a request may be sent twice (RFC 9110, section 9.2.2). */
    public static boolean isIdempotent(String method) {
        return switch (method) {
            case "GET", "HEAD", "OPTIONS", "PUT", "DELETE" -> true;
            default -> false;
        };
    }
}
