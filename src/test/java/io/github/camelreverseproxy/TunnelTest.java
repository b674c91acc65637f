package io.github.camelreverseproxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.ServerSocket;

import io.github.camelreverseproxy.wire.Connection;
import io.github.camelreverseproxy.wire.Message;
import io.github.camelreverseproxy.wire.Proxy;
import io.github.camelreverseproxy.wire.Upstream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Connections that become another protocol's (RFC 9110, section 7.8). */
class TunnelTest {
    private static final String GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    private static final String UPGRADE = "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n";
    private static final String SWITCH = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: y\r\n\r\n";

    @Test
    void bytesGoBothWays() throws Exception {
        try (ServerSocket server = new ServerSocket(0); Proxy proxy = new Proxy("proxy.timeout.total", "300", "proxy.timeout.idle", "300", "proxy.timeout.response", "300").before(server).start();
                Connection client = proxy.connect().send(UPGRADE); Connection upstream = new Connection(server.accept())) {
            Message asked = upstream.head();
            assertEquals("upgrade", asked.value("Connection"));
            assertEquals("websocket", asked.value("Upgrade"));
            assertEquals("x", asked.value("Sec-WebSocket-Key"));
            upstream.send(SWITCH + "\0first");
            Message switched = client.head();
            assertEquals(101, switched.status());
            assertEquals("upgrade", switched.value("Connection"));
            assertEquals("websocket", switched.value("Upgrade"));
            assertEquals("y", switched.value("Sec-WebSocket-Accept"));
            assertNull(switched.value("Transfer-Encoding"));
            assertNull(switched.value("Content-Length"));
            assertEquals("\0first", client.bytes(6));
            for (int i = 0; i < 10; i++) {
                client.send("GET / HTTP/1.1\r\n\r\n" + i);
                assertEquals("GET / HTTP/1.1\r\n\r\n" + i, upstream.bytes(19));
                upstream.send("HTTP/1.1 200 OK\r\n\r\n" + i);
                assertEquals("HTTP/1.1 200 OK\r\n\r\n" + i, client.bytes(20));
                Thread.sleep(60);
            }
            String large = "0123456789".repeat(200_000);
            Thread echo = new Thread(() -> {
                try {
                    upstream.send(upstream.bytes(large.length()));
                } catch (java.io.IOException e) {
                    // seen at the other end
                }
            });
            echo.start();
            client.send(large);
            assertEquals(large, client.bytes(large.length()));
        }
    }

    @ParameterizedTest
    @CsvSource({"true, false", "true, true", "false, false", "false, true"})
    void itEndsAtBothEnds(boolean client, boolean reset) throws Exception {
        try (ServerSocket server = new ServerSocket(0); Proxy proxy = new Proxy("proxy.max-in-flight", "1").before(server).start();
                Connection near = proxy.connect().send(UPGRADE); Connection far = new Connection(server.accept())) {
            far.head();
            far.send(SWITCH);
            near.head();
            assertEquals(503, proxy.exchange(GET).status(), "it has its place");
            Connection ending = client ? near : far;
            ending.send("last words");
            Connection other = client ? far : near;
            assertEquals("last words", other.bytes(10));
            if (reset) {
                ending.reset();
            } else {
                ending.close();
            }
            assertTrue(other.ends());
            int status = 503;
            for (int i = 0; i < 100 && status == 503; i++) {
                Thread.sleep(10);
                try (Connection next = proxy.connect().send("POST / HTTP/1.1\r\nHost: a\r\nContent-Type: text/json\r\nContent-Length: 1\r\n\r\nx")) {
                    status = next.receive().status();
                }
            }
            assertEquals(400, status, "its place is free");
        }
    }

    @Test
    void silentOneEnds() throws Exception {
        try (ServerSocket server = new ServerSocket(0); Proxy proxy = new Proxy("proxy.timeout.tunnel", "400").before(server).start();
                Connection client = proxy.connect().send(UPGRADE); Connection upstream = new Connection(server.accept())) {
            upstream.head();
            upstream.send(SWITCH);
            client.head();
            for (int i = 0; i < 8; i++) {
                Thread.sleep(100);
                client.send("x");
                assertEquals("x", upstream.bytes(1));
            }
            assertTrue(client.ends());
            assertTrue(upstream.ends());
        }
    }

    @Test
    void anyOtherStatusIsAnOrdinaryResponse() throws Exception {
        try (Proxy proxy = new Proxy().start(); Connection client = proxy.connect()) {
            proxy.answering("HTTP/1.1 426 Upgrade Required\r\nUpgrade: other\r\nConnection: upgrade\r\nContent-Length: 2\r\n\r\nno");
            for (int i = 0; i < 3; i++) {
                Message response = client.send(UPGRADE).receive();
                assertEquals(426, response.status());
                assertEquals("no", response.body());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"Connection: upgrade\r\nUpgrade: h2c\r\n", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: websocket, h2c\r\nHTTP2-Settings: x\r\n",
        "Upgrade: websocket\r\n", "Connection: upgrade\r\n", "Connection: upgrade\r\nUpgrade: websocket\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n"})
    void whatIsNotPassedOn(String fields) throws Exception {
        try (Proxy proxy = new Proxy().start()) {
            String body = fields.contains("chunked") ? "1\r\nx\r\n0\r\n\r\n" : "";
            assertEquals(200, proxy.exchange("GET / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n" + body).status());
            Message seen = proxy.seen();
            assertNull(seen.value("Upgrade"));
            assertNull(seen.value("Connection"));
        }
        try (Proxy proxy = new Proxy().start()) {
            proxy.answering(SWITCH);
            assertEquals(502, proxy.exchange("GET / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n" + (fields.contains("chunked") ? "0\r\n\r\n" : "")).status(), "nobody has asked for that");
        }
    }

    /** Whoever does not wait for the answer loses nothing. */
    @Test
    void bytesThatCameEarly() throws Exception {
        try (ServerSocket server = new ServerSocket(0); Proxy proxy = new Proxy().before(server).start(); Connection client = proxy.connect().send(UPGRADE + "\1early");
                Connection upstream = new Connection(server.accept())) {
            upstream.head();
            upstream.send(SWITCH);
            assertEquals(101, client.head().status());
            assertEquals("\1early", upstream.bytes(6));
        }
        try (Proxy proxy = new Proxy().start(); Connection client = proxy.connect().send(UPGRADE + GET)) {
            assertEquals(200, client.receive().status());
            assertEquals(200, client.receive().status());
            assertEquals(2, proxy.unseen());
        }
    }

    /** An upstream that reads nothing stops the client. */
    @Test
    void itHasBackPressure() throws Exception {
        try (ServerSocket server = new ServerSocket(0); Proxy proxy = new Proxy("proxy.max-body-memory", "1000000").before(server).start();
                Connection client = proxy.connect().send(UPGRADE); Connection upstream = new Connection(server.accept())) {
            upstream.head();
            upstream.send(SWITCH);
            client.head();
            java.util.concurrent.atomic.AtomicLong sent = new java.util.concurrent.atomic.AtomicLong();
            Thread sending = new Thread(() -> {
                try {
                    for (int i = 0; i < 1000; i++) {
                        client.send("x".repeat(100_000));
                        sent.addAndGet(100_000);
                    }
                } catch (java.io.IOException e) {
                    // seen by the count
                }
            });
            sending.start();
            long before = -1;
            for (int i = 0; i < 100 && before != sent.get(); i++) {
                before = sent.get();
                Thread.sleep(300);
            }
            assertTrue(before < 50_000_000, before + " bytes were read for an upstream that takes none");
            upstream.bytes(100_000_000);
            sending.join();
            assertEquals(100_000_000, sent.get());
        }
    }

    @Test
    void slotAndBreakerAreFreeAfterwards() throws Exception {
        try (Proxy proxy = new Proxy("upstream01.concurrency", "1", "proxy.backoff.failures", "1", "proxy.backoff.steps", "60000").start()) {
            proxy.behaving((request, out) -> Upstream.bytes(request.target().equals("/chat") ? SWITCH : Upstream.OK).answer(request, out));
            for (int i = 0; i < 9; i++) {
                try (Connection client = proxy.connect().send(UPGRADE)) {
                    assertEquals(101, client.head().status());
                }
            }
            for (int i = 0; i < 100 && proxy.upstreams().stream().mapToInt(Upstream::open).sum() > 0; i++) {
                Thread.sleep(10);
            }
            proxy.upstreams().forEach(Upstream::forget);
            for (int i = 0; i < 6; i++) {
                assertEquals(200, proxy.exchange(GET).status());
            }
            assertEquals(java.util.List.of(2, 2, 2), proxy.upstreams().stream().map(Upstream::pending).toList());
        }
    }

    /** More than is kept while the upstream has not answered. */
    @Test
    void muchThatCameEarly() throws Exception {
        String early = "0123456789".repeat(20_000);
        try (ServerSocket server = new ServerSocket(0); Proxy proxy = new Proxy().before(server).start(); Connection client = proxy.connect().send(UPGRADE + early);
                Connection upstream = new Connection(server.accept())) {
            upstream.head();
            Thread.sleep(200);
            upstream.send(SWITCH);
            assertEquals(101, client.head().status());
            assertEquals(early, upstream.bytes(early.length()));
            client.send("more");
            assertEquals("more", upstream.bytes(4));
        }
    }

    @Test
    void headNeverBecomesATunnel() throws Exception {
        try (Proxy proxy = new Proxy().start()) {
            assertEquals(200, proxy.exchange(UPGRADE.replace("GET", "HEAD")).status());
            assertNull(proxy.seen().value("Upgrade"));
        }
    }

    /** What copies ask for becomes nothing of the client's. */
    @Test
    void mirrorIsNotAskedForATunnel() throws Exception {
        try (Proxy proxy = new Proxy().start(); Connection client = proxy.connect()) {
            proxy.answeredBy(route -> route.wireTap("direct:upstream01").to("direct:upstream02"));
            assertEquals(200, client.send(UPGRADE).receive().status());
            assertEquals("websocket", proxy.upstream(2).request().value("Upgrade"));
            assertNull(proxy.upstream(1).request().value("Upgrade"));
        }
    }
}
