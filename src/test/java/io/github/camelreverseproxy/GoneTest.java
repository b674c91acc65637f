package io.github.camelreverseproxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;

import io.github.camelreverseproxy.wire.Await;
import io.github.camelreverseproxy.wire.Connection;
import io.github.camelreverseproxy.wire.Message;
import io.github.camelreverseproxy.wire.Proxy;
import io.github.camelreverseproxy.wire.Upstream;
import org.apache.camel.Exchange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Places are for those who are there: clients that have gone, that send nothing, and exchanges that a route has lost. */
class GoneTest {
    private static final String GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    private static final String SLOW = "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n";

    /** Says now and then that it works on it, and so finds out that its connection was closed. */
    private static Upstream.Behaviour slowAt(String path) {
        return (request, out) -> {
            for (int i = 0; i < 9 && request.target().equals(path); i++) {
                Thread.sleep(400);
                out.write("HTTP/1.1 102 Processing\r\n\r\n".getBytes());
            }
            return Upstream.bytes(Upstream.OK).answer(request, out);
        };
    }

    private static void answersAgain(Proxy proxy) throws Exception {
        int status = 503;
        for (int i = 0; i < 500 && status == 503; i++) {
            status = proxy.exchange(GET).status();
            Thread.sleep(10);
        }
        assertEquals(200, status);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void clientThatGoesAwayEndsItsAttempt(boolean reset) throws Exception {
        try (Proxy proxy = new Proxy("proxy.max-in-flight", "27", "proxy.backoff.silence", "60000").start()) {
            proxy.behaving(slowAt("/slow"));
            List<Connection> clients = new ArrayList<>();
            for (int i = 0; i < 27; i++) {
                clients.add(proxy.connect().send(SLOW));
                int sent = i + 1;
                Await.until("request " + sent, () -> proxy.unseen() == sent);
            }
            assertEquals(9, proxy.upstream(1).pending());
            assertEquals(503, proxy.exchange(GET).status());
            for (Connection client : clients) {
                if (reset) {
                    client.reset();
                } else {
                    client.close();
                }
            }
            answersAgain(proxy);
            Await.until("the upstreams' connections are closed", () -> proxy.upstreams().stream().mapToInt(Upstream::open).sum() <= 3);
            proxy.upstreams().forEach(Upstream::forget);
            for (int i = 0; i < 30; i++) {
                assertEquals(200, proxy.exchange(GET).status());
            }
            assertEquals(List.of(10, 10, 10), proxy.upstreams().stream().map(Upstream::pending).toList(), "no breaker has learnt anything, no place is lost");
        }
    }

    @Test
    void answerWithoutEndIsEndedWithItsClient() throws Exception {
        try (Proxy proxy = new Proxy("proxy.max-in-flight", "12").start()) {
            proxy.behaving((request, out) -> {
                if (!request.target().equals("/endless")) {
                    return Upstream.bytes(Upstream.OK).answer(request, out);
                }
                out.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".getBytes());
                while (true) {
                    out.write("1\r\nx\r\n".getBytes());
                    Thread.sleep(20);
                }
            });
            for (int i = 0; i < 12; i++) {
                try (Connection client = proxy.connect()) {
                    client.send("GET /endless HTTP/1.1\r\nHost: a\r\n\r\n");
                    int sent = i + 1;
                    Await.until("request " + sent, () -> proxy.unseen() == sent);
                }
            }
            answersAgain(proxy);
        }
    }

    /** So many that nothing more is read: the end of the client is seen all the same. */
    @Test
    void clientThatHasSentMuchAheadIsMissedToo() throws Exception {
        try (Proxy proxy = new Proxy("proxy.max-in-flight", "1", "proxy.timeout.total", "30000").start()) {
            proxy.behaving((request, out) -> {
                if (request.target().equals("/slow")) {
                    Thread.sleep(20_000);
                }
                return Upstream.bytes(Upstream.OK).answer(request, out);
            });
            Connection client = proxy.connect().send(SLOW + GET.repeat(150));
            Await.until("the request is there", () -> proxy.unseen() == 1);
            client.reset();
            answersAgain(proxy);
        }
    }

    /** Whoever has nothing more to send may have gone; it is not waited for as long as for others. */
    @Test
    void halfClosedClientIsAnsweredAllTheSame() throws Exception {
        try (Proxy proxy = new Proxy("proxy.timeout.half-closed", "300").start(); Connection client = proxy.connect()) {
            proxy.behaving(slowAt("/slow"));
            client.send(SLOW).shutdownOutput();
            Message response = client.receive();
            assertEquals(499, response.status());
            assertTrue(response.body().startsWith("{\"error\":\"ClientGone: "), response.body());
            assertTrue(client.ends());
        }
    }

    @Test
    void clientThatGoesAwayWhileItsRequestWaitsIsForgotten() throws Exception {
        String none = "http://127.0.0.1:" + Proxy.freePort();
        try (Proxy proxy = new Proxy("proxy.max-in-flight", "1", "proxy.deadline", "3000", "proxy.backoff.steps", "2000").before(none, none, none).start()) {
            Connection client = proxy.connect().send(GET);
            Thread.sleep(100);
            assertEquals("too many", proxy.exchange(GET).body().replaceAll(".*: (too many).*", "$1"));
            client.reset();
            Await.until("the place is free", () -> !proxy.exchange(GET).body().contains("too many"));
        }
    }

    /** A piece now and then: its body holds no place, and does not go on for ever. */
    @Test
    void slowBodiesHoldNoPlace() throws Exception {
        try (Proxy proxy = new Proxy("proxy.max-in-flight", "1", "proxy.min-body-rate", "1000").start(); Connection slow = proxy.connect()) {
            slow.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n");
            Thread dripping = new Thread(() -> {
                try {
                    for (int i = 0; i < 600; i++) {
                        slow.send("x");
                        Thread.sleep(50);
                    }
                } catch (Exception e) {
                    // closed
                }
            });
            dripping.start();
            assertEquals(200, proxy.exchange(GET).status());
            assertEquals(408, slow.receive().status());
            dripping.join();
        }
    }

    @Test
    void bodyThatIsNotSlowTakesItsTime() throws Exception {
        try (Proxy proxy = new Proxy("proxy.min-body-rate", "100").start(); Connection client = proxy.connect()) {
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1200\r\n\r\n");
            for (int i = 0; i < 60; i++) {
                client.send("x".repeat(20));
                Thread.sleep(100);
            }
            assertEquals(200, client.receive().status());
        }
    }

    @Test
    void whatARouteLosesIsAnsweredAndGivesItsPlaceBack() throws Exception {
        try (Proxy proxy = new Proxy("proxy.max-in-flight", "1").start()) {
            proxy.answeredBy(route -> route.process(exchange -> {
                switch (exchange.getMessage().getHeader(Exchange.HTTP_PATH, String.class)) {
                    case "/code" -> exchange.getMessage().setHeader(Exchange.HTTP_RESPONSE_CODE, "abc");
                    case "/small" -> exchange.getMessage().setHeader(Exchange.HTTP_RESPONSE_CODE, 99);
                    case "/error" -> throw new StackOverflowError();
                    case "/assert" -> throw new AssertionError("no");
                    case "/euro" -> exchange.getMessage().setHeader("X-Price", "5 \u20ac");
                    case "/split" -> exchange.getMessage().setHeader("X-Price", "5\r\nSet-Cookie: x");
                    case "/name" -> exchange.getMessage().setHeader("X Price", "5");
                    case "/reason" -> exchange.getMessage().setHeader(Exchange.HTTP_RESPONSE_TEXT, "a\r\nb");
                    case "/body" -> exchange.getMessage().setBody(new Object());
                    case "/exception" -> throw new IllegalStateException("no");
                    default -> exchange.getMessage().setBody("fine");
                }
            }));
            for (String path : List.of("/code", "/small", "/error", "/assert", "/euro", "/split", "/name", "/reason", "/exception")) {
                for (int i = 0; i < 3; i++) {
                    Message response = proxy.exchange("GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n");
                    for (int tries = 0; tries < 100 && response.status() == 503; tries++) {
                        // A place is free a moment after the last byte.
                        Thread.sleep(10);
                        response = proxy.exchange("GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n");
                    }
                    assertEquals(500, response.status(), path);
                    assertTrue(response.body().startsWith("{\"error\":\"Internal: the proxy failed\",\"event_id\":"), response.body());
                }
            }
            answersAgain(proxy);
            assertEquals("fine", proxy.exchange(GET).body());
        }
    }

    /** Nobody calls back any more; when all the time is over, the answer is made without it. */
    @Test
    void exchangeThatNeverEndsIsAnsweredInTheEnd() throws Exception {
        try (Proxy proxy = new Proxy("proxy.timeout.total", "200", "proxy.max-in-flight", "1").start(); Connection client = proxy.connect()) {
            proxy.answeredBy(route -> route.process(new org.apache.camel.support.AsyncProcessorSupport() {
                @Override
                public boolean process(Exchange exchange, org.apache.camel.AsyncCallback callback) {
                    return false;
                }
            }));
            assertEquals(504, client.send(GET).receive().status());
            assertTrue(client.ends());
            Await.until("the place is free again", () -> proxy.exchange(GET).status() == 504);
        }
    }

    /** It is not the upstream that has broken it off. */
    @Test
    void clientThatGoesAwayWhileItsBodyIsWrittenIsNoFailure() throws Exception {
        CountDownLatch read = new CountDownLatch(1);
        try (ServerSocket deaf = new ServerSocket(0)) {
            List<Socket> open = new ArrayList<>();
            Thread upstream = new Thread(() -> {
                while (!deaf.isClosed()) {
                    try {
                        Socket socket = deaf.accept();
                        open.add(socket);
                        if (read.getCount() == 0) {
                            Message.read(socket.getInputStream(), false);
                            socket.getOutputStream().write(Upstream.OK.getBytes());
                        }
                    } catch (Exception e) {
                        // closed
                    }
                }
            });
            upstream.setDaemon(true);
            upstream.start();
            String url = "http://127.0.0.1:" + deaf.getLocalPort();
            try (Proxy proxy = new Proxy("proxy.backoff.failures", "1", "proxy.backoff.steps", "60000").before(url, "http://127.0.0.1:1", "http://127.0.0.1:1").start()) {
                Connection client = proxy.connect();
                client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9000002\r\n\r\n{" + " ".repeat(9_000_000) + "}");
                while (open.isEmpty()) {
                    Thread.sleep(10);
                }
                Thread.sleep(200);
                read.countDown();
                client.reset();
                Thread.sleep(200);
                assertEquals(200, proxy.exchange(GET).status());
            }
        }
    }
}
