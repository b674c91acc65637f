package io.github.camelreverseproxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CountDownLatch;

import io.github.camelreverseproxy.wire.Connection;
import io.github.camelreverseproxy.wire.Message;
import io.github.camelreverseproxy.wire.Proxy;
import io.github.camelreverseproxy.wire.Upstream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What connections to upstreams go through: leftovers, upstreams that do not read, drip, close too early or answer too early. */
class UpstreamConnectionTest {
    private static final String GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

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
            proxy.answering("HTTP/1.1 102 Processing\r\n\r\n".repeat(1000) + Upstream.OK);
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
}
