package io.github.camelreverseproxy.message;

/** Tokens, which methods, field names and codings are made of (RFC 9110, section 5.6.2), and numbers. */
public final class Tokens {
    private static final boolean[] TCHAR = new boolean[128];

    static {
        for (char c = 0; c < TCHAR.length; c++) {
            TCHAR[c] = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || "!#$%&'*+-.^_`|~".indexOf(c) >= 0;
        }
    }

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
        return c < TCHAR.length && TCHAR[c];
    }

    /** Whether a character may stand in a field's value (RFC 9110, section 5.5): a tab, and what is in Latin-1 and no control character. */
    public static boolean isFieldChar(char c) {
        return c >= ' ' && c != 0x7f && c <= 0xff || c == '\t';
    }

    /**
     * The name of a field that can be sent.
     *
     * @throws IllegalArgumentException naming it, if it is no token or its value has a character that may not stand there
     */
    public static String requireField(String name, String value) {
        if (!isToken(name)) {
            throw new IllegalArgumentException("the name of the header \"" + name + "\" cannot be sent");
        }
        for (int i = 0; i < value.length(); i++) {
            if (!isFieldChar(value.charAt(i))) {
                throw new IllegalArgumentException("the value of the header " + name + " cannot be sent");
            }
        }
        return name;
    }

    /** Whether one of the members of a comma-separated list, without its parameters and white space, is this token, in any case. */
    public static boolean isListed(String list, String token) {
        for (String member : list.split(",")) {
            int end = member.indexOf(';');
            if ((end < 0 ? member : member.substring(0, end)).strip().equalsIgnoreCase(token)) {
                return true;
            }
        }
        return false;
    }
}
