package io.github.camelreverseproxy.response;

import java.net.InetAddress;
import java.net.UnknownHostException;

import io.github.camelreverseproxy.HeaderStyle;
import io.github.camelreverseproxy.EndToEndFields;
import org.apache.camel.Exchange;
import org.apache.camel.Processor;

/**
 * Appends this proxy's entry to {@code Via} (RFC 9110, section 7.6.3): {@code 1.1 <hostname>/camel}, or
 * {@code 1.1 <hostname> (camel)} in {@link HeaderStyle#RFC7239} style. Thread-safe once configured.
 */
public final class Via implements Processor {
    private static final String HOSTNAME = hostname();

    private String entry = entry(HeaderStyle.SEED);

    public void setStyle(HeaderStyle style) {
        entry = entry(style);
    }

    /** The entry that a proxy of this style and host leaves in a message. */
    public static String entry(HeaderStyle style) {
        return style == HeaderStyle.SEED ? "1.1 " + HOSTNAME + "/camel" : "1.1 " + HOSTNAME + " (camel)";
    }

    String entry() {
        return entry;
    }

    @Override
    public void process(Exchange exchange) {
        EndToEndFields.add(exchange.getMessage().getHeaders(), "Via", entry);
    }

    private static String hostname() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "localhost";
        }
    }
}
