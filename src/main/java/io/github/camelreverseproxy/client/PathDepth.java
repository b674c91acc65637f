package io.github.camelreverseproxy.client;

/**
 * Whether a path climbs above where it begins (RFC 3986, section 5.2.4), read as the most lenient of servers may read it:
 * dots and slashes may be encoded, a backslash is a slash, slashes in a row count as one, and a parameter behind the dots
 * ({@code ..;x}) does not count.
 */
final class PathDepth {
    private PathDepth() {
    }

    static boolean leavesBase(String path) {
        if (path.indexOf("..") < 0 && path.indexOf('%') < 0) {
            return false;
        }
        String plain = decoded(path);
        int depth = 0;
        for (String segment : plain.split("[/\\\\]")) {
            int parameter = segment.indexOf(';');
            String name = parameter < 0 ? segment : segment.substring(0, parameter);
            if (name.equals("..")) {
                depth--;
            } else if (!name.isEmpty() && !name.equals(".")) {
                depth++;
            }
            if (depth < 0) {
                return true;
            }
        }
        return false;
    }

    /** With the escapes of dot, slash and backslash resolved. */
    private static String decoded(String path) {
        return path.replaceAll("%2[eE]", ".").replaceAll("%2[fF]|%5[cC]", "/");
    }
}
