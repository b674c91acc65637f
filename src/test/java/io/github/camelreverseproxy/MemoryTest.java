package io.github.camelreverseproxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;

import io.github.camelreverseproxy.forwarding.ByteBudget;
import io.github.camelreverseproxy.wire.Connection;
import io.github.camelreverseproxy.wire.Message;
import io.github.camelreverseproxy.wire.Proxy;
import io.github.camelreverseproxy.wire.Upstream;
import org.junit.jupiter.api.Test;

/** What is held at once has a limit: bytes of bodies, and connections. */
class MemoryTest {
    private static final String GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    private static long held(Proxy proxy) {
        return proxy.context().getRegistry().lookupByNameAndType("budget", ByteBudget.class).held();
    }

    private static void awaitNothingHeld(Proxy proxy) throws Exception {
        for (int i = 0; i < 500 && held(proxy) > 0; i++) {
            Thread.sleep(10);
        }
        assertEquals(0, held(proxy));
    }

    /** Bodies that do not go on: past the budget the next one is refused, before more of it is read; others are served. */
    @Test
    void stalledUploadsTakeTheirShareAlone() throws Exception {
        try (Proxy proxy = new Proxy("proxy.max-body-memory", "5000000").start()) {
            List<Connection> stalled = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                Connection client = proxy.connect();
                stalled.add(client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1100000\r\n\r\n" + "x".repeat(1_000_000)));
            }
            for (int i = 0; i < 500 && held(proxy) < 4_000_000; i++) {
                Thread.sleep(10);
            }
            assertTrue(held(proxy) >= 4_000_000 && held(proxy) <= 4_400_000, held(proxy) + " held, where each byte counts twice");
            try (Connection client = proxy.connect()) {
                client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 2000000\r\n\r\n" + "x".repeat(600_000));
                Message refused = client.receive();
                assertEquals(503, refused.status());
                assertEquals("1", refused.value("Retry-After"));
                assertEquals("close", refused.value("Connection"));
                assertTrue(refused.body().startsWith("{\"error\":\"Unavailable: no room for the body\""), refused.body());
            }
            assertEquals(200, proxy.exchange(GET).status());
            assertEquals(200, proxy.exchange("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n" + "x".repeat(1000)).status());
            for (Connection client : stalled) {
                client.close();
            }
            awaitNothingHeld(proxy);
        }
    }

    @Test
    void responsesCountTooAndHarmNoUpstream() throws Exception {
        try (Proxy proxy = new Proxy("proxy.max-body-memory", "1000000", "proxy.backoff.failures", "1", "proxy.backoff.steps", "60000").start()) {
            proxy.answeredBy(route -> route.to("direct:next-upstream").process("wholeBody"));
            proxy.answering("HTTP/1.1 200 OK\r\nContent-Length: 600000\r\n\r\n" + "x".repeat(600_000));
            for (int i = 0; i < 3; i++) {
                Message refused = proxy.exchange(GET);
                assertEquals(503, refused.status());
                assertTrue(refused.body().contains("no room for the body"), refused.body());
            }
            assertEquals(3, proxy.unseen(), "each was sent once");
            proxy.answering("HTTP/1.1 200 OK\r\nContent-Length: 400000\r\n\r\n" + "x".repeat(400_000));
            for (int i = 0; i < 6; i++) {
                assertEquals(400_000, proxy.exchange(GET).body().length());
                awaitNothingHeld(proxy);
            }
            awaitNothingHeld(proxy);
            assertEquals(List.of(2, 2, 2), proxy.upstreams().stream().map(Upstream::pending).toList(), "no breaker is open");
        }
    }

    @Test
    void nothingIsHeldForThoseWhoHaveGone() throws Exception {
        try (Proxy proxy = new Proxy().start()) {
            CountDownLatch release = new CountDownLatch(1);
            proxy.behaving((request, out) -> {
                release.await();
                return Upstream.bytes(Upstream.OK).answer(request, out);
            });
            List<Connection> clients = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                clients.add(proxy.connect().send("POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 400002\r\n\r\n{" + " ".repeat(400_000) + "}"));
            }
            while (proxy.unseen() < 6) {
                Thread.sleep(10);
            }
            assertEquals(6 * 800_004, held(proxy));
            for (Connection client : clients) {
                client.reset();
            }
            awaitNothingHeld(proxy);
            release.countDown();
        }
    }

    /** Whoever comes later waits until a connection ends. */
    @Test
    void connectionsHaveALimit() throws Exception {
        try (Proxy proxy = new Proxy("proxy.max-connections", "3").start()) {
            List<Connection> open = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                open.add(proxy.connect());
                assertEquals(200, open.get(i).send(GET).receive().status());
            }
            List<Connection> later = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                later.add(proxy.connect().send(GET));
            }
            // A few come in one breath with the one that reaches the limit.
            assertThrows(SocketTimeoutException.class, () -> later.get(39).patient(500).receive());
            for (Connection client : open) {
                client.close();
            }
            for (Connection client : later) {
                assertEquals(200, client.patient(30_000).receive().status());
                client.close();
            }
        }
    }
}
