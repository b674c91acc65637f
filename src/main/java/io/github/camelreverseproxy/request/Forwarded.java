package io.github.camelreverseproxy.request;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Collection;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.github.camelreverseproxy.message.HeaderStyle;
import io.github.camelreverseproxy.message.Tokens;
import io.github.camelreverseproxy.forwarding.ProxyRequest;
import io.netty.util.NetUtil;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.Processor;
import org.apache.camel.component.netty.NettyConstants;

/**
 * Sets the {@code Forwarded} field (RFC 7239) of a request: in {@link HeaderStyle#SEED} style
 * {@code by=…;host=…;proto=http} with the Host as sent, in {@link HeaderStyle#RFC7239} style an element of the full
 * grammar. What the client sent under that name is replaced; only the list of a trusted proxy is continued. Thread-safe.
 */
public final class Forwarded implements Processor {
    private static final String FORWARDED = "Forwarded";

    private final String by;
    private final HeaderStyle style;
    private final TrustedProxies trusted;

    /**
     * @param by      what this proxy calls itself: {@code host} or {@code host:port}
     * @param trusted the proxies whose {@code Forwarded} is continued
     */
    public Forwarded(String by, HeaderStyle style, TrustedProxies trusted) {
        this.by = by;
        this.style = style;
        this.trusted = trusted;
    }

    @Override
    public void process(Exchange exchange) {
        Message message = exchange.getMessage();
        String host = message.getHeader("Host", String.class);
        String value = style == HeaderStyle.SEED ? seed(host) : rfc7239(message, host);
        message.setHeader(FORWARDED, value);
        ProxyRequest.of(exchange).made(value);
    }

    private String seed(String host) {
        return "by=" + by + ";host=" + (host == null ? "UNDEFINED" : host) + ";proto=http";
    }

    private String rfc7239(Message message, String host) {
        InetSocketAddress peer = message.getHeader(NettyConstants.NETTY_REMOTE_ADDRESS, InetSocketAddress.class);
        String element = "for=" + (peer == null ? "unknown" : value(node(peer.getAddress())))
                + ";by=" + value(node(by)) + (host == null || host.isEmpty() ? "" : ";host=" + value(host)) + ";proto=http";
        Object before = message.getHeader(FORWARDED);
        if (before == null || peer == null || !trusted.contains(peer)) {
            return element;
        }
        Stream<?> lines = before instanceof Collection<?> several ? several.stream() : Stream.of(before);
        return lines.map(String::valueOf).collect(Collectors.joining(", ", "", ", ")) + element;
    }

    /** As RFC 5952 has it, in brackets if it is IPv6, without a zone. */
    private static String node(InetAddress address) {
        String text = NetUtil.toAddressString(address);
        return address instanceof Inet6Address ? '[' + text + ']' : text;
    }

    /** A name is no node of section 6, an obfuscated identifier is: it starts with an underscore (section 6.3). */
    private static String node(String configured) {
        boolean address = configured.startsWith("[") || configured.startsWith("_")
                || configured.matches("[0-9.]+(:[0-9]+)?") || configured.equals("unknown");
        return address ? configured : '_' + configured;
    }

    /** A token as it is, anything else as a quoted-string (RFC 9110, section 5.6). */
    private static String value(String text) {
        return Tokens.isToken(text) ? text : '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }
}
