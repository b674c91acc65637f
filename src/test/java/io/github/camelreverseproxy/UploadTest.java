package io.github.camelreverseproxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.ServerSocket;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

import io.github.camelreverseproxy.wire.Connection;
import io.github.camelreverseproxy.wire.Message;
import io.github.camelreverseproxy.wire.Proxy;
import io.github.camelreverseproxy.wire.Upstream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Bodies of requests that go on as they come, and those that are whole. */
class UploadTest {
    private static final String GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    private static final String POST = "POST /x HTTP/1.1\r\nHost: a\r\n";

    /** The head goes on before the body is here, or only with all of it: the type and the first byte decide. */
    @ParameterizedTest
    @CsvSource({"text/plain, 70000, true", "text/plain, 65536, false", "text/plain, -1, true", "application/json, 70000, false", "application/json, -1, false",
            ", 70000, true", ", -1, true", "application/octet-stream, 1000000000000, true", "application/json;x=no-transform, 70000, false"})
    void whatStreams(String type, long length, boolean streams) throws Exception {
        String fields = (type == null ? "" : "Content-Type: " + type + "\r\n") + (length < 0 ? "Transfer-Encoding: chunked" : "Content-Length: " + length) + "\r\n\r\n";
        String first = type != null && type.startsWith("application/json") ? "{" : "x";
        try (ServerSocket server = new ServerSocket(0); Proxy proxy = new Proxy("proxy.timeout.body", "700").before(server).start(); Connection client = proxy.connect()) {
            client.send(POST + fields + (length < 0 ? Connection.chunk(first) : first));
            if (!streams) {
                assertEquals(408, client.receive().status());
                return;
            }
            try (Connection upstream = new Connection(server.accept())) {
                Message seen = upstream.head();
                assertEquals(length < 0 ? null : Long.toString(length), seen.value("Content-Length"));
                assertEquals(length < 0 ? "chunked" : null, seen.value("Transfer-Encoding"));
                assertEquals(length < 0 ? "1" : "x", length < 0 ? upstream.line() : upstream.bytes(1));
            }
        }
    }

    @Test
    void unknownBodiesAreReadIfTheyMayBeJson() throws Exception {
        try (Proxy proxy = new Proxy().start(); Connection client = proxy.connect()) {
            client.send(POST + "Transfer-Encoding: chunked\r\n\r\n" + Connection.chunk(" \r\n") + Connection.chunk("\t{\"a\"") + Connection.chunk(":1}") + "0\r\n\r\n");
            assertEquals(200, client.receive().status());
            assertEquals(" \r\n\t{\"a\":1,\"forwarded\":\"by=localhost:65535;host=a;proto=http\"}", proxy.seen().body());
            client.send(POST + "Transfer-Encoding: chunked\r\n\r\n" + Connection.chunk(" \r\n") + Connection.chunk("\t[\"a\"") + Connection.chunk("]") + "0\r\n\r\n");
            assertEquals(200, client.receive().status());
            Message seen = proxy.seen();
            assertEquals(" \r\n\t[\"a\"]", seen.body());
            assertEquals("chunked", seen.value("Transfer-Encoding"));
            client.send(POST + "Transfer-Encoding: chunked\r\n\r\n" + Connection.chunk("   ") + "0\r\n\r\n");
            assertEquals(200, client.receive().status());
            assertEquals("   ", proxy.seen().body());
            String large = "{" + " ".repeat(100_000) + "}";
            client.send(POST + "Content-Length: " + large.length() + "\r\n\r\n" + large);
            assertEquals(200, client.receive().status());
            assertTrue(proxy.seen().body().endsWith("\"forwarded\":\"by=localhost:65535;host=a;proto=http\"}"));
        }
    }

    @Test
    void largeBodiesPassAsTheyAre() throws Exception {
        String body = "0123456789abcdef".repeat(1_000_000);
        try (Proxy proxy = new Proxy("proxy.max-body-memory", "1000000").start(); Connection client = proxy.connect()) {
            for (int i = 0; i < 2; i++) {
                client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Type: image/png\r\nContent-Length: " + body.length() + "\r\n\r\n" + body);
                assertEquals(200, client.receive().status());
                assertEquals(body, proxy.seen().body());
                client.send("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + Connection.chunk(body) + "0\r\n\r\n");
                assertEquals(200, client.receive().status());
                Message seen = proxy.seen();
                assertEquals("chunked", seen.value("Transfer-Encoding"));
                assertEquals(body, seen.body());
            }
        }
    }

    @Test
    void continueIsSaidWhenTheBodyIsWanted() throws Exception {
        try (ServerSocket server = new ServerSocket(0); Proxy proxy = new Proxy().before(server).start(); Connection client = proxy.connect()) {
            client.send(POST + "Content-Type: text/plain\r\nExpect: 100-continue\r\nContent-Length: 70000\r\n\r\n");
            try (Connection upstream = new Connection(server.accept())) {
                assertNull(upstream.head().value("Expect"));
                assertEquals("HTTP/1.1 100 Continue", client.head().start());
                client.send("x".repeat(70000));
                assertEquals("x".repeat(70000), upstream.bytes(70000));
                upstream.send(Upstream.OK);
                assertEquals("ok", client.receive().body());
            }
        }
        String none = "http://127.0.0.1:" + Proxy.freePort();
        try (Proxy proxy = new Proxy("proxy.deadline", "1").before(none, none, none).start(); Connection client = proxy.connect()) {
            client.send(POST + "Content-Type: text/plain\r\nExpect: 100-continue\r\nContent-Length: 70000\r\n\r\n");
            Message response = client.receive();
            assertEquals(502, response.status(), "nobody has wanted it");
            assertEquals("close", response.value("Connection"));
            assertTrue(client.ends());
        }
    }

    @Test
    void clientIsReadOnlyAsFastAsTheUpstreamTakes() throws Exception {
        AtomicLong sent = new AtomicLong();
        try (ServerSocket server = new ServerSocket(0); Proxy proxy = new Proxy("proxy.max-body-memory", "1000000", "proxy.timeout.body", "300").before(server).start();
                Connection client = proxy.connect()) {
            client.send(POST + "Content-Type: text/plain\r\nContent-Length: 100000000\r\n\r\n");
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
            try (Connection upstream = new Connection(server.accept())) {
                upstream.head();
                long before = -1;
                for (int i = 0; i < 100 && before != sent.get(); i++) {
                    before = sent.get();
                    Thread.sleep(400);
                }
                assertTrue(before < 50_000_000, before + " bytes were read for an upstream that takes none");
                for (int i = 0; i < 1000; i++) {
                    upstream.bytes(100_000);
                }
                upstream.send(Upstream.OK);
                assertEquals("ok", client.receive().body());
            }
            sending.join();
        }
    }

    /** It is heard, and what is still on its way is not waited for. */
    @ParameterizedTest
    @CsvSource({"true", "false"})
    void upstreamThatAnswersEarly(boolean closes) throws Exception {
        try (ServerSocket server = new ServerSocket(0); Proxy proxy = new Proxy().before(server).start(); Connection client = proxy.connect()) {
            client.send(POST + "Content-Type: text/plain\r\nContent-Length: 10000000\r\n\r\n" + "x".repeat(1000));
            try (Connection upstream = new Connection(server.accept())) {
                upstream.head();
                upstream.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno");
                if (closes) {
                    upstream.close();
                }
                Message response = client.receive();
                assertEquals(413, response.status());
                assertEquals("close", response.value("Connection"));
                client.send("x".repeat(1_000_000));
                client.shutdownOutput();
                assertTrue(client.ends());
            }
        }
    }

    /** Both ways at once. */
    @Test
    void answerBeginsWhileTheBodyIsOnItsWay() throws Exception {
        try (ServerSocket server = new ServerSocket(0); Proxy proxy = new Proxy().before(server).start(); Connection client = proxy.connect()) {
            client.send(POST + "Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n");
            try (Connection upstream = new Connection(server.accept())) {
                upstream.head();
                upstream.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
                assertEquals(200, client.head().status());
                for (String text : List.of("a", "bc", "def")) {
                    client.send(Connection.chunk(text));
                    assertEquals(Integer.toHexString(text.length()), upstream.line());
                    assertEquals(text + "\r\n", upstream.bytes(text.length() + 2));
                    upstream.send(Connection.chunk(text));
                    assertEquals(Integer.toHexString(text.length()), client.line());
                    assertEquals(text + "\r\n", client.bytes(text.length() + 2));
                }
                client.send("0\r\n\r\n");
                assertEquals("0", upstream.line());
                upstream.send("0\r\n\r\n");
                assertEquals("0", client.line());
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"end, 400", "reset, 0", "stall, 408", "garbage, 400"})
    void bodyThatBreaksOffEndsTheUpstreamsConnection(String how, int status) throws Exception {
        try (ServerSocket server = new ServerSocket(0); Proxy proxy = new Proxy("proxy.timeout.body", "300", "proxy.backoff.failures", "1",
                "proxy.backoff.steps", "60000").before(server).start(); Connection client = proxy.connect()) {
            client.send(POST + "Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n" + Connection.chunk("abc"));
            try (Connection upstream = new Connection(server.accept())) {
                upstream.head();
                assertEquals("3", upstream.line());
                upstream.bytes(5);
                switch (how) {
                    case "end" -> client.shutdownOutput();
                    case "reset" -> client.reset();
                    case "garbage" -> client.send("xyz\r\n");
                    default -> { }
                }
                assertTrue(upstream.ends(), "without a last chunk");
                if (status > 0) {
                    Message response = client.receive();
                    assertEquals(status, response.status());
                    assertEquals("close", response.value("Connection"));
                    assertTrue(client.ends());
                }
            }
            try (Connection next = proxy.connect().send(GET); Connection upstream = new Connection(server.accept())) {
                upstream.head();
                upstream.send(Upstream.OK);
                assertEquals(200, next.receive().status(), "no breaker has learnt anything");
            }
        }
    }

    @Test
    void whatFollowsABodyIsAnswered() throws Exception {
        try (Proxy proxy = new Proxy().start(); Connection client = proxy.connect()) {
            client.send(POST + "Transfer-Encoding: chunked\r\n\r\n" + Connection.chunk("x") + "0\r\n\r\n" + GET + "garbage\r\n\r\n");
            assertEquals(200, client.receive().status());
            assertEquals(200, client.receive().status());
            assertEquals(400, client.receive().status());
        }
        try (Proxy proxy = new Proxy().start(); Connection client = proxy.connect()) {
            client.send(POST + "Transfer-Encoding: chunked\r\n\r\n" + Connection.chunk("x") + "0\r\n\r\ngarbage\r\n\r\n");
            assertEquals(200, client.receive().status());
            assertEquals(400, client.receive().status());
        }
    }

    /** It takes its time, and the upstream none: neither is there too little of it in all, nor is that held against the upstream. */
    @Test
    void slowClientIsNoSlowUpstream() throws Exception {
        try (Proxy proxy = new Proxy("proxy.backoff.timeout", "300", "proxy.timeout.total", "400", "proxy.backoff.failures", "1", "proxy.backoff.steps", "60000",
                "proxy.backoff.silence", "200").start()) {
            for (int i = 0; i < 3; i++) {
                try (Connection client = proxy.connect().send(POST + "Content-Type: text/plain\r\nContent-Length: 70000\r\n\r\n")) {
                    for (int piece = 0; piece < 10; piece++) {
                        client.send("x".repeat(7000));
                        Thread.sleep(100);
                        if (piece % 3 == 2) {
                            assertEquals(200, proxy.exchange(GET).status());
                        }
                    }
                    assertEquals(200, client.receive().status());
                }
            }
            assertEquals(List.of(4, 4, 4), proxy.upstreams().stream().map(Upstream::pending).toList(), "each had its turn");
        }
    }

    /** All of it is there, and no answer comes. */
    @Test
    void timeOfAnUploadCountsFromItsEnd() throws Exception {
        try (ServerSocket server = new ServerSocket(0); Proxy proxy = new Proxy("proxy.timeout.total", "500").before(server).start();
                Connection client = proxy.connect().send(POST + "Content-Type: text/plain\r\nContent-Length: 70000\r\n\r\n"); Connection upstream = new Connection(server.accept())) {
            client.send("x".repeat(35_000));
            Thread.sleep(400);
            client.send("x".repeat(35_000));
            upstream.head();
            upstream.bytes(70_000);
            assertEquals(504, client.receive().status());
        }
    }
}
