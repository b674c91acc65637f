package io.github.camelreverseproxy;

/** Tokens, which methods, field names and codings are made of (RFC 9110, section 5.6.2). */
public final class Tokens {
    private Tokens() {
    }

    /** Whether a text consists of tchar alone; the empty text is no token. */
    public static boolean isToken(String text) {
        return !text.isEmpty() && text.chars().allMatch(c -> isTchar((char) c));
    }

    public static boolean isTchar(char c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || "!#$%&'*+-.^_`|~".indexOf(c) >= 0;
    }
}
