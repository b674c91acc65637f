package io.github.camelreverseproxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

import io.github.camelreverseproxy.wire.Connection;
import io.github.camelreverseproxy.wire.Message;
import io.github.camelreverseproxy.wire.Proxy;
import io.github.camelreverseproxy.wire.Upstream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What connections go through, on both sides: closed halves, leftovers, peers that do not read, and too many at once. */
class ConnectionTest {
    private static final String GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    @Test
    void clientThatHasNothingMoreToSendIsAnswered() throws Exception {
        try (Proxy proxy = new Proxy().start()) {
            for (String request : List.of(GET, "GET / HTTP/1.0\r\n\r\n", GET + GET)) {
                try (Connection client = proxy.connect()) {
                    client.send(request).shutdownOutput();
                    for (int i = 0; i < request.split("GET", -1).length - 1; i++) {
                        assertEquals(200, client.receive().status());
                    }
                    assertTrue(client.ends());
                }
            }
            try (Connection client = proxy.connect()) {
                client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc").shutdownOutput();
                assertEquals(400, client.receive().status());
                assertTrue(client.ends());
            }
            try (Connection client = proxy.connect()) {
                client.shutdownOutput();
                assertTrue(client.ends());
            }
        }
    }

    @Test
    void clientThatGoesAwayHarmsNobody() throws Exception {
        try (Proxy proxy = new Proxy("proxy.max-in-flight", "4").start()) {
            proxy.behaving((request, out) -> {
                Thread.sleep(20);
                return Upstream.bytes(Upstream.OK).answer(request, out);
            });
            for (int i = 0; i < 40; i++) {
                proxy.connect().send(i % 2 == 0 ? GET : "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc").reset();
            }
            int status = 503;
            for (int i = 0; i < 400 && status == 503; i++) {
                status = proxy.exchange(GET).status();
                Thread.sleep(10);
            }
            assertEquals(200, status);
        }
    }

    /** What an upstream sends beyond its response never becomes the response to somebody else. */
    @Test
    void leftoversOfAnUpstreamEndItsConnection() throws Exception {
        String poison = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nPOISON";
        for (String response : List.of(Upstream.OK + poison, "HTTP/1.1 204 No Content\r\n\r\n" + poison, "HTTP/1.1 304 Not Modified\r\n\r\n" + poison,
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n" + poison, Upstream.OK + "x")) {
            try (Proxy proxy = new Proxy().start(); Connection client = proxy.connect()) {
                proxy.answering(response);
                for (int i = 0; i < 9; i++) {
                    Message got = client.send(GET).receive();
                    assertFalse(got.body().contains("POISON"), response);
                    assertTrue(got.status() < 500, response + " -> " + got.canonical());
                }
            }
        }
    }

    @Test
    void bodyInAnswerToHeadIsNobodysResponse() throws Exception {
        try (Proxy proxy = new Proxy().start(); Connection client = proxy.connect()) {
            proxy.behaving((request, out) -> {
                out.write(Upstream.OK.getBytes());
                return true;
            });
            for (int i = 0; i < 6; i++) {
                assertEquals(200, client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n").receive(true).status());
                assertEquals("ok", client.send(GET).receive().body());
            }
        }
    }

    /** An upstream that closes each connection without a word: what it was sent goes by another one, whatever the method. */
    @Test
    void connectionThatTheUpstreamHasClosedIsNotUsed() throws Exception {
        try (Proxy proxy = new Proxy().start(); Connection client = proxy.connect()) {
            proxy.behaving((request, out) -> {
                Upstream.bytes(Upstream.OK).answer(request, out);
                return false;
            });
            for (int i = 0; i < 12; i++) {
                assertEquals(200, client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx").receive().status());
                while (proxy.upstreams().stream().anyMatch(upstream -> upstream.open() > 0)) {
                    Thread.onSpinWait();
                }
            }
            assertEquals(12, proxy.unseen());
        }
    }

    @Test
    void upstreamThatDoesNotReadIsTimedOut() throws Exception {
        try (ServerSocket deaf = new ServerSocket(0)) {
            // Accepted by the kernel, read by nobody.
            String url = "http://127.0.0.1:" + deaf.getLocalPort();
            try (Proxy before = new Proxy("proxy.timeout.response", "500").before(url, url, url).start()) {
                Message response = before.exchange("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n\r\n" + "x".repeat(9_000_000));
                assertEquals(504, response.status());
            }
        }
    }

    @Test
    void upstreamThatDripsIsTimedOut() throws Exception {
        CountDownLatch done = new CountDownLatch(1);
        for (String drip : List.of("HTTP/1.1 100 Continue\r\n\r\n", "X")) {
            try (Proxy proxy = new Proxy("proxy.timeout.response", "500").start()) {
                proxy.behaving((request, out) -> {
                    while (done.getCount() > 0) {
                        out.write(drip.getBytes());
                        out.flush();
                        Thread.sleep(100);
                    }
                    return false;
                });
                assertEquals(504, proxy.exchange(GET).status());
            }
        }
        done.countDown();
    }

    @Test
    void interimResponsesAreBounded() throws Exception {
        try (Proxy proxy = new Proxy().start()) {
            proxy.answering("HTTP/1.1 103 Early Hints\r\n\r\n".repeat(1000) + Upstream.OK);
            assertEquals(502, proxy.exchange(GET).status());
        }
        try (Proxy proxy = new Proxy().start()) {
            proxy.answering("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n");
            assertEquals(502, proxy.exchange(GET).status());
        }
    }

    /** Closing with input unread resets the connection, while the request is still being sent; an answer of no length ends with it. */
    @ParameterizedTest
    @CsvSource({"true, 0", "true, 1000", "false, 1000"})
    void upstreamThatAnswersBeforeItHasReadEverything(boolean length, int millisToClose) throws Exception {
        String answer = "HTTP/1.1 413 Content Too Large\r\nConnection: close\r\n" + (length ? "Content-Length: 2\r\n" : "") + "\r\nno";
        try (ServerSocket server = new ServerSocket(0)) {
            Thread upstream = new Thread(() -> {
                while (!server.isClosed()) {
                    try (Socket socket = server.accept()) {
                        socket.getInputStream().readNBytes(1000);
                        socket.getOutputStream().write(answer.getBytes());
                        if (!length) {
                            socket.shutdownOutput();
                        }
                        Thread.sleep(millisToClose);
                    } catch (Exception e) {
                        // closed
                    }
                }
            });
            upstream.setDaemon(true);
            upstream.start();
            String url = "http://127.0.0.1:" + server.getLocalPort();
            try (Proxy proxy = new Proxy().before(url, url, url).start()) {
                Message response = proxy.exchange("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 8000000\r\n\r\n" + "x".repeat(8_000_000));
                assertEquals(413, response.status());
                assertEquals("no", response.body());
            }
        }
    }

    /** Longer than the idle timeout, which is not what this connection is. */
    @Test
    void responseThatIsTakenSlowlyArrivesWhole() throws Exception {
        try (Proxy proxy = new Proxy("proxy.timeout.idle", "300", "proxy.timeout.body", "1000").start(); Socket socket = new Socket()) {
            int size = 20_000_000;
            proxy.answering("HTTP/1.1 200 OK\r\nContent-Length: " + size + "\r\n\r\n" + "x".repeat(size));
            socket.setReceiveBufferSize(64 * 1024);
            socket.connect(new InetSocketAddress("127.0.0.1", proxy.port()));
            socket.getOutputStream().write(GET.getBytes());
            long got = 0;
            byte[] some = new byte[512 * 1024];
            for (int n = 0; n >= 0 && got < size; n = socket.getInputStream().readNBytes(some, 0, some.length)) {
                got += n;
                Thread.sleep(30);
            }
            assertTrue(got >= size, got + " bytes");
        }
    }

    @Test
    void clientThatTakesNothingIsLeft() throws Exception {
        try (Proxy proxy = new Proxy("proxy.timeout.body", "300", "proxy.max-in-flight", "1").start(); Connection client = proxy.connect()) {
            int size = 50_000_000;
            proxy.answering("HTTP/1.1 200 OK\r\nContent-Length: " + size + "\r\n\r\n" + "x".repeat(size));
            client.send(GET);
            proxy.seen();
            proxy.answering(Upstream.OK);
            int status = 503;
            for (int i = 0; i < 400 && status == 503; i++) {
                status = proxy.exchange(GET).status();
                Thread.sleep(10);
            }
            assertEquals(200, status);
        }
    }

    /** A connection that takes no response is owed no second one meanwhile. */
    @Test
    void pipelinedRequestsWaitForTheirClientToTakeResponses() throws Exception {
        try (Proxy proxy = new Proxy().start(); Connection client = proxy.connect()) {
            int size = 20_000_000;
            proxy.answering("HTTP/1.1 200 OK\r\nContent-Length: " + size + "\r\n\r\n" + "x".repeat(size));
            client.send(GET.repeat(50));
            proxy.seen();
            Thread.sleep(500);
            assertEquals(0, proxy.unseen());
            assertEquals(size, client.receive().body().length());
            assertEquals(size, client.receive().body().length());
        }
    }

    @Test
    void halfAHeadAfterARequestIsTimedOut() throws Exception {
        try (Proxy proxy = new Proxy("proxy.timeout.head", "400", "proxy.timeout.idle", "60000").start(); Connection client = proxy.connect()) {
            client.send(GET + "GET /y HT");
            assertEquals(200, client.receive().status());
            assertEquals(408, client.receive().status());
            assertTrue(client.ends());
        }
    }

    @Test
    void nothingAfterTheLastResponseGoesOn() throws Exception {
        try (Proxy proxy = new Proxy().start()) {
            for (String last : List.of("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "GET / HTTP/1.0\r\n\r\n")) {
                try (Connection client = proxy.connect()) {
                    client.send(last + GET + GET);
                    assertEquals(200, client.receive().status());
                    assertTrue(client.ends());
                    proxy.seen();
                    assertEquals(0, proxy.unseen());
                }
            }
        }
    }

    /** Work beyond the pool is refused, and the event loops stay free; with virtual threads there is no such limit. */
    @Test
    void poolOfThreadsRefusesWhatIsBeyondIt() throws Exception {
        boolean virtual = Runtime.version().feature() >= 21;
        try (Proxy proxy = new Proxy("proxy.client", "camel-http", "proxy.max-threads", "2").start()) {
            CountDownLatch release = new CountDownLatch(1);
            proxy.behaving((request, out) -> {
                release.await();
                return Upstream.bytes(Upstream.OK).answer(request, out);
            });
            ExecutorService clients = Executors.newFixedThreadPool(8);
            List<Future<Integer>> statuses = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                statuses.add(clients.submit(() -> proxy.exchange(GET).status()));
            }
            int served = virtual ? 8 : 2;
            while (proxy.unseen() < served || statuses.stream().filter(Future::isDone).count() < 8 - served) {
                Thread.onSpinWait();
            }
            assertEquals(405, proxy.exchange("TRACE / HTTP/1.0\r\n\r\n").status());
            assertEquals(served, proxy.unseen());
            release.countDown();
            List<Integer> all = new ArrayList<>();
            for (Future<Integer> status : statuses) {
                all.add(status.get());
            }
            assertEquals(served, all.stream().filter(status -> status == 200).count());
            assertEquals(8 - served, all.stream().filter(status -> status == 503).count());
            clients.shutdown();
        }
    }
}
