package io.github.camelreverseproxy.client;

import java.util.Collection;
import java.util.List;

/**
 * The two schemes that log a connection in rather than a request: NTLM, and Negotiate (RFC 4559, section 6). Whatever goes
 * by such a connection later is answered as to that user.
 */
final class Login {
    private Login() {
    }

    /** Whether the value of a header {@code Authorization}, or one of its values, is of such a scheme. */
    static boolean isIn(Object authorization) {
        if (authorization instanceof Collection<?> several) {
            return several.stream().anyMatch(Login::isIn);
        }
        return authorization != null && isOne(authorization.toString());
    }

    /** Whether such a challenge stands in a field {@code WWW-Authenticate} or {@code Proxy-Authenticate}. */
    static boolean isAskedFor(UpstreamResponse response) {
        return isAskedFor(response.values("WWW-Authenticate")) || isAskedFor(response.values("Proxy-Authenticate"));
    }

    private static boolean isAskedFor(List<String> challenges) {
        for (String value : challenges) {
            for (String challenge : value.split(",")) {
                if (isOne(challenge)) {
                    return true;
                }
            }
        }
        return false;
    }

    private static boolean isOne(String credentials) {
        String text = credentials.strip();
        return isScheme(text, "NTLM") || isScheme(text, "Negotiate");
    }

    private static boolean isScheme(String text, String scheme) {
        int end = scheme.length();
        return text.regionMatches(true, 0, scheme, 0, end) && (end == text.length() || text.charAt(end) == ' ' || text.charAt(end) == '\t');
    }
}
