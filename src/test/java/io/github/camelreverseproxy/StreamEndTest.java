package io.github.camelreverseproxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.EOFException;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;

import io.github.camelreverseproxy.wire.Await;
import io.github.camelreverseproxy.wire.Connection;
import io.github.camelreverseproxy.wire.Proxy;
import io.github.camelreverseproxy.wire.Upstream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How streams end, and what they hold until then. */
class StreamEndTest {
    private static final String GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    private static final String CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    private static final String EVENTS = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n";

    /** Nobody takes it for whole. */
    @Test
    void streamThatBreaksOffEndsTheConnection() throws Exception {
        for (String begun : List.of(CHUNKED + "3\r\nabc\r\n", CHUNKED + "5\r\nabc", "HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\nabc", CHUNKED + "3\r\nabc\r\n|x\r\n")) {
            try (ServerSocket server = new ServerSocket(0); Proxy proxy = new Proxy().before(server).start(); Connection client = proxy.connect().send(GET);
                    Connection upstream = new Connection(server.accept())) {
                upstream.head();
                String[] pieces = begun.split("\\|");
                upstream.send(pieces[0]);
                boolean chunked = "chunked".equals(client.head().value("Transfer-Encoding"));
                assertEquals("abc", chunked ? client.chunk() : client.bytes(3));
                if (pieces.length > 1) {
                    upstream.send(pieces[1]);
                } else {
                    upstream.close();
                }
                assertTrue(client.ends(), begun);
            }
        }
    }

    /** Its head is here, and nothing of it has gone out: the client gets a clean error all the same. */
    @Test
    void streamThatIsMalformedAtOnceIsAnError() throws Exception {
        try (Proxy proxy = new Proxy().start()) {
            proxy.answering(CHUNKED.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n") + "xyz\r\nabc\r\n");
            assertEquals(502, proxy.exchange(GET).status());
        }
    }

    @Test
    void silenceBetweenTwoPieces() throws Exception {
        try (ServerSocket server = new ServerSocket(0); Proxy proxy = new Proxy("proxy.timeout.response", "300", "proxy.timeout.total", "500",
                "proxy.backoff.silence", "60000").before(server).start(); Connection client = proxy.connect().send(GET); Connection upstream = new Connection(server.accept())) {
            upstream.head();
            upstream.send(CHUNKED);
            client.head();
            for (int i = 0; i < 10; i++) {
                Thread.sleep(100);
                upstream.send(Connection.chunk("x"));
                assertEquals("x", client.chunk());
            }
            assertTrue(client.ends(), "it goes on while there are pieces, and ends without");
            assertTrue(upstream.ends());
        }
    }

    @Test
    void eventStreamMayBeSilent() throws Exception {
        try (ServerSocket server = new ServerSocket(0); Proxy proxy = new Proxy("proxy.timeout.response", "200", "proxy.timeout.total", "200").before(server).start();
                Connection client = proxy.connect().send(GET); Connection upstream = new Connection(server.accept())) {
            upstream.head();
            upstream.send(EVENTS + "Transfer-Encoding: chunked\r\n\r\n");
            client.head();
            Thread.sleep(700);
            upstream.send(Connection.chunk("data: x\n\n"));
            assertEquals("data: x\n\n", client.chunk());
        }
        try (ServerSocket server = new ServerSocket(0); Proxy proxy = new Proxy("proxy.timeout.stream", "200").before(server).start();
                Connection client = proxy.connect().send(GET); Connection upstream = new Connection(server.accept())) {
            upstream.head();
            upstream.send(EVENTS + "Transfer-Encoding: chunked\r\n\r\n");
            client.head();
            assertTrue(client.ends(), "unless there is a limit");
        }
    }

    @Test
    void breakerCountsStreamsThatBreakOff() throws Exception {
        try (Proxy proxy = new Proxy("proxy.backoff.steps", "60000").start()) {
            proxy.upstream(1).behaving((request, out) -> {
                out.write((CHUNKED + Connection.chunk("abc")).getBytes());
                out.flush();
                Thread.sleep(50);
                return false;
            });
            for (int i = 0; i < 9; i++) {
                try (Connection client = proxy.connect().send(GET)) {
                    if (client.head().value("Content-Length") == null) {
                        assertThrows(EOFException.class, () -> client.bytes(100));
                    }
                }
            }
            assertEquals(3, proxy.upstream(1).pending());
            for (int i = 0; i < 6; i++) {
                assertEquals("ok", proxy.exchange(GET).body());
            }
            assertEquals(3, proxy.upstream(1).pending(), "it is open");
        }
    }

    /** What makes one of them silent is not that it is busy with streams. */
    @Test
    void slotIsHeldUntilTheLastByte() throws Exception {
        try (Proxy proxy = new Proxy("upstream01.concurrency", "1", "proxy.backoff.silence", "100").start()) {
            proxy.behaving((request, out) -> {
                if (!request.target().equals("/stream")) {
                    return Upstream.bytes(Upstream.OK).answer(request, out);
                }
                out.write(EVENTS.concat("Transfer-Encoding: chunked\r\n\r\n").getBytes());
                out.flush();
                Thread.sleep(60_000);
                return false;
            });
            List<Connection> clients = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                Connection client = proxy.connect().send("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
                assertEquals(200, client.head().status());
                clients.add(client);
            }
            Thread.sleep(300);
            proxy.upstreams().forEach(Upstream::forget);
            for (int i = 0; i < 6; i++) {
                assertEquals(200, proxy.exchange(GET).status());
            }
            assertEquals(List.of(0, 3, 3), proxy.upstreams().stream().map(Upstream::pending).toList());
            for (Connection client : clients) {
                client.close();
            }
            Await.until("the upstream is asked again", () -> proxy.exchange(GET).status() == 200 && proxy.upstream(1).pending() > 0);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void silentStreamEndsWithItsClient(boolean reset) throws Exception {
        try (ServerSocket server = new ServerSocket(0); Proxy proxy = new Proxy("proxy.timeout.half-closed", "200", "proxy.max-in-flight", "1").before(server).start();
                Connection client = proxy.connect().send(GET); Connection upstream = new Connection(server.accept())) {
            upstream.head();
            upstream.send(EVENTS + "\r\n");
            client.head();
            assertEquals(503, proxy.exchange(GET).status());
            if (reset) {
                client.reset();
            } else {
                client.close();
            }
            assertTrue(upstream.ends());
            try (Connection next = proxy.connect()) {
                Await.until("its place is free", () -> {
                    try {
                        next.send(GET);
                        server.setSoTimeout(100);
                        new Connection(server.accept()).close();
                        return true;
                    } catch (java.io.IOException e) {
                        return false;
                    }
                });
            }
        }
    }

    /** It reads nothing more, but is there: it gets what there is as long as something comes. */
    @Test
    void halfClosedClientGetsItsStream() throws Exception {
        try (ServerSocket server = new ServerSocket(0); Proxy proxy = new Proxy("proxy.timeout.half-closed", "400").before(server).start();
                Connection client = proxy.connect().send(GET); Connection upstream = new Connection(server.accept())) {
            upstream.head();
            upstream.send(CHUNKED);
            client.head();
            client.shutdownOutput();
            for (int i = 0; i < 10; i++) {
                upstream.send(Connection.chunk("x"));
                assertEquals("x", client.chunk());
                Thread.sleep(100);
            }
            upstream.send("0\r\n\r\n");
            assertEquals("0", client.line());
            assertEquals("", client.line());
            assertTrue(client.ends());
        }
    }

    /** An upstream's answer that the route has put another in place of is not waited for. */
    @Test
    void streamThatNobodyTakesIsLeft() throws Exception {
        try (Proxy proxy = new Proxy("upstream01.concurrency", "1").start()) {
            proxy.answeredBy(route -> route.to("direct:upstream01").setBody().constant("another"));
            proxy.behaving((request, out) -> {
                out.write(CHUNKED.getBytes());
                while (true) {
                    out.write(Connection.chunk("x").getBytes());
                    Thread.sleep(10);
                }
            });
            for (int i = 0; i < 5; i++) {
                Await.until("its slot is free", () -> proxy.exchange(GET).body().equals("another"));
            }
            Await.until("its connections are closed", () -> proxy.upstream(1).open() == 0);
        }
    }

    /** Little memory slows streams down, and no longer than it lasts. */
    @Test
    void scarceMemoryStopsNobodyForGood() throws Exception {
        int size = 30_000_000;
        try (Proxy proxy = new Proxy("proxy.max-body-memory", "4000000").start(); Connection other = proxy.connect(); Connection client = proxy.connect()) {
            proxy.behaving((request, out) -> {
                out.write(("HTTP/1.1 200 OK\r\nContent-Length: " + size + "\r\n\r\n").getBytes());
                for (int i = 0; i < size / 8000; i++) {
                    out.write(new byte[8000]);
                }
                return true;
            });
            other.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1900000\r\n\r\n" + "x".repeat(1_899_000));
            Thread.sleep(300);
            client.send(GET).head();
            Thread.sleep(1000);
            client.bytes(5_000_000);
            Thread.sleep(300);
            client.bytes(size - 5_000_000);
        }
    }

    @Test
    void halfClosedClientMayReadSlowly() throws Exception {
        try (Proxy proxy = new Proxy("proxy.timeout.half-closed", "1000").start(); Connection client = proxy.connect()) {
            proxy.answering("HTTP/1.1 200 OK\r\nContent-Length: 30000000\r\n\r\n" + "x".repeat(30_000_000));
            client.send(GET).shutdownOutput();
            client.head();
            for (int i = 0; i < 2; i++) {
                Thread.sleep(2500);
                client.bytes(15_000_000);
            }
            assertTrue(client.ends());
        }
    }

    /** Nobody reads what the copy of an exchange has got; its slot is free again all the same. */
    @Test
    void mirrorGivesItsSlotBack() throws Exception {
        try (Proxy proxy = new Proxy("upstream01.concurrency", "1").start()) {
            proxy.answeredBy(route -> route.wireTap("direct:upstream01").to("direct:upstream02"));
            proxy.answering(CHUNKED + Connection.chunk("abc") + "0\r\n\r\n");
            for (int i = 0; i < 3; i++) {
                Await.until("it gets another request", () -> "abc".equals(proxy.exchange(GET).body()) && proxy.upstream(1).pending() > 0);
                proxy.upstream(1).forget();
            }
            proxy.behaving((request, out) -> {
                out.write((CHUNKED + Connection.chunk("x".repeat(200_000))).getBytes());
                Thread.sleep(20_000);
                return false;
            });
            for (int i = 0; i < 2; i++) {
                Await.until("it gets another request, however long its answer is", () -> {
                    try (Connection client = proxy.connect().send(GET)) {
                        return client.head().status() == 200 && proxy.upstream(1).pending() > 0;
                    }
                });
                proxy.upstream(1).forget();
            }
        }
    }
}
