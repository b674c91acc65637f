package io.github.camelreverseproxy;

/** Tokens, which methods, field names and codings are made of (RFC 9110, section 5.6.2), and numbers. */
public final class Tokens {
    private Tokens() {
    }

    /** Whether a text consists of tchar alone; the empty text is no token. */
    public static boolean isToken(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (!isTchar(text.charAt(i))) {
                return false;
            }
        }
        return !text.isEmpty();
    }

    /** Whether a text is a Content-Length (RFC 9110, section 8.6): digits alone, and not so many that a long could not hold them. */
    public static boolean isLength(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) < '0' || text.charAt(i) > '9') {
                return false;
            }
        }
        return !text.isEmpty() && text.length() < 19;
    }

    public static boolean isTchar(char c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || "!#$%&'*+-.^_`|~".indexOf(c) >= 0;
    }
}
