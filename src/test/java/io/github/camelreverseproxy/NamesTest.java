package io.github.camelreverseproxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;

import io.github.camelreverseproxy.wire.Connection;
import io.github.camelreverseproxy.wire.Proxy;
import io.github.camelreverseproxy.wire.Upstream;
import org.apache.hc.client5.http.DnsResolver;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Names of upstreams, and of the listener: what they may look like, what they stand for, and how long. */
class NamesTest {
    private static final String GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    /** What the name of the upstream stands for. */
    private static final class Names implements DnsResolver {
        private volatile List<String> addresses;

        Names(String... addresses) {
            this.addresses = List.of(addresses);
        }

        @Override
        public InetAddress[] resolve(String host) throws UnknownHostException {
            if (addresses.isEmpty()) {
                throw new UnknownHostException(host);
            }
            InetAddress[] all = new InetAddress[addresses.size()];
            for (int i = 0; i < all.length; i++) {
                all[i] = InetAddress.getByName(addresses.get(i));
            }
            return all;
        }

        @Override
        public String resolveCanonicalHostname(String host) {
            return host;
        }
    }

    private static Proxy proxy(Names names, int port, String... properties) throws Exception {
        String url = "http://my_stack_web:" + port;
        Proxy proxy = new Proxy(properties).before(url, url, url);
        return proxy.binding("names", names).start();
    }

    private static void await(String what, java.util.concurrent.Callable<Boolean> condition) throws Exception {
        for (int i = 0; i < 500 && !condition.call(); i++) {
            Thread.sleep(10);
        }
        assertTrue(condition.call(), what);
    }

    /** The old server lives on, and connections to it are open. */
    @Test
    void nameThatMovesTakesItsTrafficAlong() throws Exception {
        Names names = new Names("127.0.0.1");
        try (Upstream old = new Upstream(0, InetAddress.getByName("127.0.0.1")); Upstream next = new Upstream(old.port(), InetAddress.getByName("127.0.0.2"));
                Proxy proxy = proxy(names, old.port(), "proxy.dns.refresh", "50"); Connection client = proxy.connect()) {
            assertEquals(200, client.send(GET).receive().status());
            assertEquals("my_stack_web:" + old.port(), old.request().value("Host"));
            names.addresses = List.of("127.0.0.2");
            await("all three upstreams are where the name is now", () -> {
                old.forget();
                for (int i = 0; i < 3; i++) {
                    assertEquals(200, client.send(GET).receive().status());
                }
                return old.pending() == 0;
            });
            assertTrue(next.pending() >= 3);
            for (int i = 0; i < 9; i++) {
                assertEquals(200, client.send(GET).receive().status());
            }
            assertEquals(0, old.pending());
            names.addresses = List.of();
            Thread.sleep(100);
            for (int i = 0; i < 9; i++) {
                assertEquals(200, client.send(GET).receive().status(), "what it stood for before goes on");
            }
        }
    }

    @Test
    void addressesAreTakenInTurn() throws Exception {
        Names names = new Names("127.0.0.1", "127.0.0.2");
        try (Upstream one = new Upstream(0, InetAddress.getByName("127.0.0.1")); Upstream two = new Upstream(one.port(), InetAddress.getByName("127.0.0.2"));
                Proxy proxy = proxy(names, one.port()); Connection client = proxy.connect()) {
            one.answering(Upstream.OK.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
            two.answering(Upstream.OK.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
            for (int i = 0; i < 30; i++) {
                assertEquals(200, client.send(GET).receive().status());
            }
            assertEquals(List.of(15, 15), List.of(one.pending(), two.pending()));
            two.close();
            for (int i = 0; i < 9; i++) {
                assertEquals(200, client.send(GET).receive().status());
            }
        }
    }

    @Test
    void oldConnectionsTakeNoFurtherRequest() throws Exception {
        try (Proxy proxy = new Proxy("proxy.connection.max-age", "300").start(); Connection client = proxy.connect()) {
            for (int i = 0; i < 6; i++) {
                assertEquals(200, client.send(GET).receive().status());
            }
            assertEquals(List.of(1, 1, 1), proxy.upstreams().stream().map(Upstream::accepted).toList());
            Thread.sleep(350);
            for (int i = 0; i < 3; i++) {
                assertEquals(200, client.send(GET).receive().status());
            }
            assertEquals(List.of(2, 2, 2), proxy.upstreams().stream().map(Upstream::accepted).toList());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"::1", "[::1]", "::", "localhost"})
    void listenerTakesIpv6Addresses(String host) throws Exception {
        try (Proxy proxy = new Proxy("proxy.host", host, "proxy.header.style", "rfc7239").start()) {
            InetAddress to = InetAddress.getByName(host.equals("localhost") ? "127.0.0.1" : "::1");
            try (Connection client = new Connection(to, proxy.port())) {
                assertEquals(200, client.send("GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n").receive().status());
            }
            String peer = host.equals("localhost") ? "127.0.0.1" : "\"[::1]\"";
            assertEquals("for=" + peer + ";by=\"_localhost:65535\";host=\"[::1]:80\";proto=http", proxy.seen().value("Forwarded"));
        }
    }
}
