package io.github.camelreverseproxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.ServerSocket;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

import io.github.camelreverseproxy.wire.Await;
import io.github.camelreverseproxy.wire.Connection;
import io.github.camelreverseproxy.wire.Message;
import io.github.camelreverseproxy.wire.Proxy;
import io.github.camelreverseproxy.wire.Upstream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Responses that go on as they come. */
class StreamTest {
    private static final String GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    private static final String CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    private static final String EVENTS = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n";

    @ParameterizedTest
    @ValueSource(strings = {"Transfer-Encoding: chunked", "X: to the end"})
    void eventsArriveBeforeTheNextIsSent(String framing) throws Exception {
        try (ServerSocket server = new ServerSocket(0); Proxy proxy = new Proxy().before(server).start(); Connection client = proxy.connect().send(GET);
                Connection upstream = new Connection(server.accept())) {
            upstream.head();
            upstream.send(EVENTS + framing + "\r\n\r\n");
            Message head = client.head();
            assertEquals(200, head.status());
            assertEquals("chunked", head.value("Transfer-Encoding"));
            for (int i = 0; i < 20; i++) {
                String event = "data: " + i + "\n\n";
                upstream.send(framing.startsWith("T") ? Connection.chunk(event) : event);
                assertEquals(event, client.chunk());
            }
            if (framing.startsWith("T")) {
                upstream.send("0\r\n\r\n");
            } else {
                upstream.close();
            }
            assertEquals("0", client.line());
            assertEquals("", client.line());
        }
    }

    @Test
    void largeBodiesPassAsTheyAre() throws Exception {
        String body = "0123456789abcdef".repeat(500_000);
        try (Proxy proxy = new Proxy("proxy.max-body-memory", "1000000").start(); Connection client = proxy.connect()) {
            proxy.behaving((request, out) -> Upstream.bytes(request.target().equals("/chunked") ? CHUNKED + Connection.chunk(body) + "0\r\n\r\n"
                    : "HTTP/1.1 200 OK\r\nContent-Length: " + body.length() + "\r\n\r\n" + body).answer(request, out));
            for (int i = 0; i < 3; i++) {
                Message response = client.send(GET).receive();
                assertEquals(Integer.toString(body.length()), response.value("Content-Length"));
                assertEquals(body, response.body());
                assertEquals(body, client.send("GET /chunked HTTP/1.1\r\nHost: a\r\n\r\n").receive().body());
            }
            assertTrue(proxy.upstreams().stream().mapToInt(Upstream::accepted).sum() <= 6, "connections are used again");
        }
    }

    /** What the kernel buffers on both sides, and a little in between. */
    @Test
    void upstreamIsReadOnlyAsFastAsTheClientTakes() throws Exception {
        AtomicLong written = new AtomicLong();
        try (Proxy proxy = new Proxy("proxy.max-body-memory", "1000000").start(); Connection client = proxy.connect()) {
            proxy.behaving((request, out) -> {
                if (!request.target().equals("/")) {
                    return Upstream.bytes(Upstream.OK).answer(request, out);
                }
                out.write("HTTP/1.1 200 OK\r\nContent-Length: 200000000\r\n\r\n".getBytes());
                byte[] piece = new byte[10_000];
                for (int i = 0; i < 20_000; i++) {
                    out.write(piece);
                    written.addAndGet(piece.length);
                }
                return true;
            });
            client.send(GET);
            assertEquals("200000000", client.head().value("Content-Length"));
            long before = -1;
            for (int i = 0; i < 100 && before != written.get(); i++) {
                before = written.get();
                Thread.sleep(200);
            }
            assertTrue(before < 50_000_000, before + " bytes were read for a client that takes none");
            assertEquals(200, proxy.exchange("GET /other HTTP/1.1\r\nHost: a\r\n\r\n").status());
            for (int i = 0; i < 2000; i++) {
                client.bytes(100_000);
            }
            Await.until("the rest has come too", () -> written.get() == 200_000_000);
            assertEquals(200, client.send("GET /other HTTP/1.1\r\nHost: a\r\n\r\n").receive().status());
        }
    }

    @Test
    void trailersPassWhereTheMessageStreams() throws Exception {
        try (Proxy proxy = new Proxy().start()) {
            proxy.answering(CHUNKED + Connection.chunk("abc") + "0\r\nX-Sum: 1\r\nContent-Length: 5\r\nX-Sum: 2\r\nConnection: x\r\n\r\n");
            Message response = proxy.exchange("POST / HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + Connection.chunk("def") + "0\r\nX-Up: 1\r\nHost: b\r\nAuthorization: c\r\nTransfer-Encoding: chunked\r\n\r\n");
            assertEquals("abc", response.body());
            assertEquals(List.of("X-Sum: 1", "X-Sum: 2"), response.trailers());
            Message seen = proxy.seen();
            assertEquals("def", seen.body());
            assertEquals(List.of("X-Up: 1"), seen.trailers());
        }
    }

    @Test
    void earlyHintsPass() throws Exception {
        try (Proxy proxy = new Proxy().start(); Connection client = proxy.connect()) {
            proxy.answering("HTTP/1.1 103 Early Hints\r\nLink: <x>\r\nConnection: y\r\nY: z\r\n\r\n" + CHUNKED + Connection.chunk("abc") + "0\r\n\r\n");
            for (int i = 0; i < 2; i++) {
                Message hints = client.send(GET).receive();
                assertEquals(103, hints.status());
                assertEquals(List.of("Link: <x>"), hints.lines());
                assertEquals("abc", client.receive().body());
            }
            assertEquals(200, proxy.exchange("GET / HTTP/1.0\r\n\r\n").status(), "HTTP/1.0 knows no such thing");
        }
    }

    @Test
    void readingAStreamIsAnErrorThatSaysSo() throws Exception {
        try (Proxy proxy = new Proxy().start()) {
            proxy.answering(CHUNKED + Connection.chunk("abc") + "0\r\n\r\n");
            proxy.answeredBy(route -> route.to("direct:next-upstream").setBody().simple("${body}!"));
            assertEquals(500, proxy.exchange(GET).status());
        }
        try (Proxy proxy = new Proxy().start()) {
            proxy.answering(CHUNKED + Connection.chunk("abc") + "0\r\n\r\n");
            proxy.answeredBy(route -> route.to("direct:next-upstream").process("wholeBody").setBody().simple("${body}!"));
            assertEquals("abc!", proxy.exchange(GET).body());
        }
    }
}
