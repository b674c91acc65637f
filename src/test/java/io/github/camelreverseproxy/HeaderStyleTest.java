package io.github.camelreverseproxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.util.List;

import io.github.camelreverseproxy.wire.Message;
import io.github.camelreverseproxy.wire.Proxy;
import io.github.camelreverseproxy.wire.Upstream;
import org.junit.jupiter.api.Test;

/** Forwarded and Via with the full grammar, and the detection of loops. */
class HeaderStyleTest {
    private static final String[] STYLE = {"proxy.header.style", "rfc7239"};

    private static Message seen(Proxy proxy, String fields) throws Exception {
        proxy.answering(Upstream.OK);
        assertEquals(200, proxy.exchange("GET / HTTP/1.1\r\n" + fields + "\r\n").status());
        return proxy.seen();
    }

    private static String entry() throws Exception {
        return "1.1 " + InetAddress.getLocalHost().getHostName() + " (camel)";
    }

    @Test
    void forwardedHasTheFullGrammar() throws Exception {
        try (Proxy proxy = new Proxy(STYLE).start()) {
            assertEquals("for=127.0.0.1;by=\"_localhost:65535\";host=example.org;proto=http", seen(proxy, "Host: example.org\r\n").value("Forwarded"));
            assertEquals("for=127.0.0.1;by=\"_localhost:65535\";host=\"[::1]:8080\";proto=http",
                    seen(proxy, "Host: [::1]:8080\r\nForwarded: for=evil\r\n").value("Forwarded"));
            assertEquals("for=127.0.0.1;by=\"_localhost:65535\";proto=http", seen(proxy, "Host:\r\n").value("Forwarded"));
            proxy.exchange("POST / HTTP/1.1\r\nHost: a:1\r\nContent-Length: 2\r\n\r\n{}");
            assertEquals("{\"forwarded\":\"for=127.0.0.1;by=\\\"_localhost:65535\\\";host=\\\"a:1\\\";proto=http\"}", proxy.seen().body());
        }
    }

    @Test
    void byMayBeAnAddress() throws Exception {
        try (Proxy proxy = new Proxy("proxy.header.style", "rfc7239", "proxy.forwarded.by", "[2001:db8::1]:80").start()) {
            assertEquals("for=127.0.0.1;by=\"[2001:db8::1]:80\";host=a;proto=http", seen(proxy, "Host: a\r\n").value("Forwarded"));
        }
        try (Proxy proxy = new Proxy("proxy.header.style", "rfc7239", "proxy.forwarded.by", "192.0.2.1").start()) {
            assertEquals("for=127.0.0.1;by=192.0.2.1;host=a;proto=http", seen(proxy, "Host: a\r\n").value("Forwarded"));
        }
    }

    @Test
    void listOfATrustedProxyIsContinued() throws Exception {
        try (Proxy proxy = new Proxy("proxy.header.style", "rfc7239", "proxy.trusted-proxies", "10.0.0.0/8, 127.0.0.0/8").start()) {
            assertEquals("for=192.0.2.1, for=\"[2001:db8::1]\", for=127.0.0.1;by=\"_localhost:65535\";host=a;proto=http",
                    seen(proxy, "Host: a\r\nForwarded: for=192.0.2.1\r\nForwarded: for=\"[2001:db8::1]\"\r\n").value("Forwarded"));
        }
        try (Proxy proxy = new Proxy("proxy.header.style", "rfc7239", "proxy.trusted-proxies", "10.0.0.0/8,::1/128").start()) {
            assertEquals("for=127.0.0.1;by=\"_localhost:65535\";host=a;proto=http", seen(proxy, "Host: a\r\nForwarded: for=192.0.2.1\r\n").value("Forwarded"));
        }
    }

    @Test
    void viaIsSetBothWays() throws Exception {
        try (Proxy proxy = new Proxy(STYLE).start()) {
            proxy.answering("HTTP/1.1 200 OK\r\nVia: 1.1 up\r\nContent-Length: 0\r\n\r\n");
            Message response = proxy.exchange("GET / HTTP/1.1\r\nHost: a\r\nVia: 1.0 down\r\n\r\n");
            assertEquals(List.of("1.1 up", entry()), response.values("Via"));
            assertEquals(List.of("1.0 down", entry()), proxy.seen().values("Via"));
        }
    }

    @Test
    void loopIsDetected() throws Exception {
        try (Proxy proxy = new Proxy(STYLE).start()) {
            Message response = proxy.exchange("GET / HTTP/1.1\r\nHost: a\r\nVia: 1.1 x, " + entry() + ", 1.1 y\r\n\r\n");
            assertEquals("HTTP/1.1 508 Loop Detected", response.start());
            assertTrue(response.body().startsWith("{\"error\":\"LoopDetected: "), response.body());
            assertEquals("camel-reverse-proxy; error=proxy_loop_detected", response.value("Proxy-Status"));
            assertEquals(0, proxy.unseen());
        }
    }

    /** Two on one host, each by a name of its own, are no loop. */
    @Test
    void nameInViaIsTheProxysOwn() throws Exception {
        try (Proxy proxy = new Proxy("proxy.header.style", "rfc7239", "proxy.via.name", "edge-1").start()) {
            assertEquals("1.1 edge-1 (camel)", proxy.exchange("GET / HTTP/1.1\r\nHost: a\r\nVia: " + entry() + ", 1.1 edge-2 (camel)\r\n\r\n").value("Via"));
            assertEquals("1.1 edge-1 (camel)", proxy.seen().values("Via").get(1));
            for (String own : List.of("1.1 edge-1 (camel)", "1.0 edge-1", "HTTP/1.1  edge-1 (x)")) {
                assertEquals(508, proxy.exchange("GET / HTTP/1.1\r\nHost: a\r\nVia: 1.1 x, " + own + "\r\n\r\n").status(), own);
            }
        }
        try (Proxy proxy = new Proxy("proxy.via.name", "edge-1").start()) {
            assertEquals("1.1 edge-1/camel", proxy.exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n").value("Via"));
        }
    }

    @Test
    void viaHasTheVersionOfTheRequest() throws Exception {
        try (Proxy proxy = new Proxy(STYLE).start()) {
            proxy.exchange("GET / HTTP/1.0\r\n\r\n");
            assertEquals(entry().replace("1.1", "1.0"), proxy.seen().value("Via"));
        }
    }

    @Test
    void seedStyleLeavesRequestsAlone() throws Exception {
        try (Proxy proxy = new Proxy().start()) {
            assertNull(seen(proxy, "Host: a\r\n").value("Via"));
            assertEquals("1.1 x, 1.1 " + InetAddress.getLocalHost().getHostName() + "/camel", seen(proxy, "Host: a\r\nVia: 1.1 x, 1.1 "
                    + InetAddress.getLocalHost().getHostName() + "/camel\r\n").value("Via"));
        }
    }
}
