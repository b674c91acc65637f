package io.github.camelreverseproxy.message;

import java.net.InetAddress;
import java.net.UnknownHostException;

/**
 * This proxy's entry in {@code Via} (RFC 9110, section 7.6.3): the version in which the message was received, and
 * {@code <name>/camel}, or {@code <name> (camel)} in {@link HeaderStyle#RFC7239} style. Immutable.
 */
public final class ViaEntry {
    private final HeaderStyle style;
    private final String name;
    private final String entry;
    private final String entry10;

    /** @param name of this proxy, unlike that of any other; if empty, the host's */
    public ViaEntry(HeaderStyle style, String name) {
        this.style = style;
        this.name = name.isEmpty() ? hostname() : name;
        entry = "1.1 " + by();
        entry10 = "1.0 " + by();
    }

    private String by() {
        return style == HeaderStyle.SEED ? name + "/camel" : name + " (camel)";
    }

    /** How the entry is written. */
    public HeaderStyle style() {
        return style;
    }

    /** The entry that this proxy leaves in a message that it has received in this version. */
    public String of(boolean http10) {
        return http10 ? entry10 : entry;
    }

    /** Whether an entry is this proxy's own, whatever its version and comment. */
    public boolean isOwn(String hop) {
        String[] parts = hop.strip().split("\\s+", 3);
        return parts.length > 1 && parts[1].equals(style == HeaderStyle.SEED ? by() : name);
    }

    private static String hostname() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "localhost";
        }
    }
}
