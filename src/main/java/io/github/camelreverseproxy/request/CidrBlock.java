package io.github.camelreverseproxy.request;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;

/** A block of IP addresses in CIDR notation (RFC 4632); a single address is a block too. */
public record CidrBlock(InetAddress network, int prefix) {

    /**
     * @param blocks comma-separated, may be empty
     * @throws IllegalArgumentException if one is no address or its prefix is too long
     */
    public static List<CidrBlock> list(String blocks) {
        return Arrays.stream(blocks.split(",")).map(String::strip).filter(b -> !b.isEmpty()).map(CidrBlock::of).toList();
    }

    private static CidrBlock of(String block) {
        int slash = block.indexOf('/');
        String address = slash < 0 ? block : block.substring(0, slash);
        if (slash >= 0 && !block.substring(slash + 1).matches("[0-9]{1,3}")) {
            throw new IllegalArgumentException("not a prefix length: " + block);
        }
        if (!address.matches("[0-9]+(\\.[0-9]+){3}|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*")) {
            throw new IllegalArgumentException("not an IP address: " + address);
        }
        try {
            InetAddress network = InetAddress.getByName(address);
            int bits = network.getAddress().length * 8;
            int prefix = slash < 0 ? bits : Integer.parseInt(block.substring(slash + 1));
            if (prefix < 0 || prefix > bits) {
                throw new IllegalArgumentException("prefix out of range: " + block);
            }
            return new CidrBlock(network, prefix);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException("not an IP address: " + address, e);
        }
    }

    public boolean contains(InetAddress address) {
        byte[] a = address.getAddress();
        byte[] b = network.getAddress();
        if (a.length != b.length) {
            return false;
        }
        for (int i = 0; i < prefix; i++) {
            int bit = 0x80 >> i % 8;
            if ((a[i / 8] & bit) != (b[i / 8] & bit)) {
                return false;
            }
        }
        return true;
    }
}
