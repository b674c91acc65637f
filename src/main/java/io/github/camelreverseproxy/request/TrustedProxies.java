package io.github.camelreverseproxy.request;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;

import io.netty.handler.ipfilter.IpFilterRuleType;
import io.netty.handler.ipfilter.IpSubnetFilterRule;
import io.netty.util.NetUtil;

/** The proxies that are believed, as blocks of addresses in CIDR notation (RFC 4632). Immutable. */
public final class TrustedProxies {
    private final List<IpSubnetFilterRule> blocks = new ArrayList<>();

    /**
     * @param list comma-separated; a single address is a block too; may be empty
     * @throws IllegalArgumentException if one is no address, or its prefix is too long; a name is none, since it is not looked up
     */
    public TrustedProxies(String list) {
        for (String block : list.split(",")) {
            if (!block.isBlank()) {
                blocks.add(block(block.strip()));
            }
        }
    }

    private static IpSubnetFilterRule block(String block) {
        int slash = block.indexOf('/');
        InetAddress address = NetUtil.createInetAddressFromIpAddressString(slash < 0 ? block : block.substring(0, slash));
        if (address == null) {
            throw new IllegalArgumentException("not an IP address: " + block);
        }
        int bits = address.getAddress().length * 8;
        String prefix = slash < 0 ? Integer.toString(bits) : block.substring(slash + 1);
        if (!prefix.matches("[0-9]{1,3}") || Integer.parseInt(prefix) > bits) {
            throw new IllegalArgumentException("not a prefix length: " + block);
        }
        return new IpSubnetFilterRule(address, Integer.parseInt(prefix), IpFilterRuleType.ACCEPT);
    }

    boolean contains(InetSocketAddress peer) {
        for (IpSubnetFilterRule block : blocks) {
            if (block.matches(peer)) {
                return true;
            }
        }
        return false;
    }
}
