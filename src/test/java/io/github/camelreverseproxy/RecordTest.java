package io.github.camelreverseproxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CountDownLatch;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.camelreverseproxy.wire.Await;
import io.github.camelreverseproxy.wire.Connection;
import io.github.camelreverseproxy.wire.Message;
import io.github.camelreverseproxy.wire.Observed;
import io.github.camelreverseproxy.wire.Proxy;
import io.github.camelreverseproxy.wire.Upstream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One record for each request (contract 11.1 and 11.2), seen by the line of the access log. */
class RecordTest {
    private static final String GET = "GET /a?b=c HTTP/1.1\r\nHost: proxy\r\n\r\n";
    private static final String BROKEN = "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + "x".repeat(100_000);

    @TempDir
    private Path directory;
    private Proxy proxy;
    private Observed observed;

    @BeforeEach
    void start() throws Exception {
        start(new Proxy());
    }

    private void start(Proxy with) throws Exception {
        if (proxy != null) {
            proxy.close();
        }
        proxy = with.observed(directory).start();
        observed = proxy.observed();
    }

    @AfterEach
    void nothingIsLeft() throws Exception {
        Await.until("all that has begun has ended", () -> observed.sum("proxy_requests_begun_total") == observed.sum("proxy_requests_total")
                && observed.sum("proxy_requests_in_flight") == 0);
        proxy.close();
    }

    private static void assertLine(JsonNode line, String method, String target, int status, long in, long out, String upstream, String failure) {
        assertEquals(method, line.get("method").textValue(), line::toString);
        assertEquals(target, line.get("target").textValue(), line::toString);
        assertEquals(status, line.get("status").intValue(), line::toString);
        assertEquals(in, line.get("bytes_in").longValue(), line::toString);
        assertEquals(out, line.get("bytes_out").longValue(), line::toString);
        assertEquals(upstream, line.get("upstream").textValue(), line::toString);
        assertEquals(failure, line.get("failure").textValue(), line::toString);
        assertEquals("127.0.0.1", line.get("client").textValue());
    }

    @Test
    void answered() throws Exception {
        long before = System.currentTimeMillis();
        proxy.exchange("POST /a?b=c HTTP/1.1\r\nHost: proxy\r\nContent-Length: 5\r\n\r\nhello");
        JsonNode line = observed.line();
        assertLine(line, "POST", "/a?b=c", 200, 5, 2, "upstream01", null);
        assertEquals(1, line.get("attempts").size());
        assertEquals("200", line.get("attempts").get(0).get("outcome").textValue());
        assertTrue(line.get("total_ms").doubleValue() >= line.get("upstream_ms").doubleValue() && line.get("upstream_ms").doubleValue() > 0, line::toString);
        assertTrue(Instant.parse(line.get("time").textValue()).toEpochMilli() >= before, line::toString);
        assertFalse(line.get("event_id").textValue().isEmpty());
    }

    @Test
    void refused() throws Exception {
        Message refusal = proxy.exchange("GET /a HTTP/1.1\r\n\r\n");
        JsonNode line = observed.line();
        assertLine(line, "GET", "/a", 400, 0, refusal.body().length(), null, "BadRequest");
        assertTrue(refusal.body().contains(line.get("event_id").textValue()));
        assertEquals(0, line.get("attempts").size());
    }

    @Test
    void refusedHead() throws Exception {
        try (Connection client = proxy.connect()) {
            assertEquals(400, client.send("HEAD /a HTTP/1.1\r\n\r\n").receive(true).status());
        }
        assertLine(observed.line(), "HEAD", "/a", 400, 0, 0, null, "BadRequest");
    }

    @Test
    void unreadable() throws Exception {
        proxy.exchange("\u0001\u0002 / HTTP/1.1\r\nHost: a\r\n\r\n");
        JsonNode line = observed.line();
        assertEquals(400, line.get("status").intValue());
        assertTrue(line.get("target").isNull() || line.get("target").textValue().equals("/"), line::toString);
    }

    @Test
    void refusedByARoute() throws Exception {
        Message refusal = proxy.exchange("POST /a HTTP/1.1\r\nHost: proxy\r\nContent-Type: application/json\r\nContent-Length: 3\r\n\r\n[1]");
        JsonNode line = observed.line();
        assertLine(line, "POST", "/a", refusal.status(), 3, refusal.body().length(), null, refusal.status() == 422 ? "PatchFailed" : "InvalidJson");
        assertTrue(refusal.body().contains(line.get("event_id").textValue()));
    }

    @Test
    void pipelined() throws Exception {
        try (Connection client = proxy.connect()) {
            client.send(GET + GET.replace("/a", "/second") + "GET /third HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n");
            assertEquals(200, client.receive().status());
            assertEquals(200, client.receive().status());
            assertEquals(400, client.receive().status());
        }
        List<JsonNode> lines = observed.lines(3);
        assertEquals(List.of("/a?b=c", "/second?b=c", "/third"), lines.stream().map(line -> line.get("target").textValue()).toList());
    }

    @Test
    void redelivered() throws Exception {
        proxy.upstream(1).close();
        assertEquals(200, proxy.exchange(GET).status());
        JsonNode line = observed.line();
        assertLine(line, "GET", "/a?b=c", 200, 0, 2, "upstream02", null);
        assertEquals("ConnectFailed", line.get("attempts").get(0).get("outcome").textValue());
        assertEquals("upstream01", line.get("attempts").get(0).get("upstream").textValue());
        assertEquals("200", line.get("attempts").get(1).get("outcome").textValue());
        assertEquals(1, observed.sum("proxy_redeliveries_total", "upstream=\"upstream02\""));
        assertEquals(1, observed.sum("proxy_attempts_total", "upstream=\"upstream01\"", "outcome=\"ConnectFailed\""));
    }

    @Test
    void noUpstream() throws Exception {
        start(new Proxy("proxy.deadline", "300"));
        for (Upstream upstream : proxy.upstreams()) {
            upstream.close();
        }
        assertEquals(502, proxy.exchange(GET).status());
        JsonNode line = observed.line();
        assertEquals("ConnectFailed", line.get("failure").textValue());
        assertTrue(line.get("attempts").size() >= 3, line::toString);
    }

    @Test
    void clientThatGoesAway() throws Exception {
        proxy.behaving(Upstream::hangs);
        try (Connection client = proxy.connect()) {
            client.send(GET);
            Await.until("a request is under way", () -> proxy.unseen() == 1);
            client.reset();
        }
        JsonNode line = observed.line();
        assertLine(line, "GET", "/a?b=c", 499, 0, 0, "upstream01", "ClientGone");
        assertEquals("ClientGone", line.get("attempts").get(0).get("outcome").textValue());
    }

    @Test
    void clientThatGoesAwayDuringTheResponse() throws Exception {
        proxy.behaving((request, out) -> {
            out.write(BROKEN.getBytes());
            return Upstream.hangs(request, out);
        });
        try (Connection client = proxy.connect()) {
            assertEquals("HTTP/1.1 200 OK", client.send(GET).line());
            client.reset();
        }
        JsonNode line = observed.line();
        assertEquals(499, line.get("status").intValue(), line::toString);
        assertEquals("200", line.get("attempts").get(0).get("outcome").textValue());
    }

    @Test
    void responseThatBreaksOff() throws Exception {
        proxy.behaving((request, out) -> {
            out.write(BROKEN.getBytes());
            return false;
        });
        try (Connection client = proxy.connect()) {
            client.send(GET);
            assertEquals("HTTP/1.1 200 OK", client.line());
            while (!client.line().isEmpty()) {
                // the fields
            }
            client.bytes(100_000);
            assertTrue(client.ends());
        }
        JsonNode line = observed.line();
        assertEquals(200, line.get("status").intValue(), line::toString);
        assertEquals("NoResponse", line.get("failure").textValue(), line::toString);
        assertEquals(100_000, line.get("bytes_out").intValue());
    }

    @Test
    void tunnel() throws Exception {
        ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        Thread upstream = new Thread(() -> {
            try (Connection connection = new Connection(server.accept())) {
                connection.head();
                connection.send("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n");
                connection.send(connection.bytes(4) + "!");
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        upstream.start();
        start(new Proxy().before(server));
        try (Connection client = proxy.connect()) {
            client.send("GET /t HTTP/1.1\r\nHost: proxy\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n");
            assertEquals(101, client.head().status());
            client.send("ping");
            assertEquals("ping!", client.bytes(5));
            assertTrue(client.ends());
        }
        assertLine(observed.line(), "GET", "/t", 101, 4, 5, "upstream01", null);
    }

    @Test
    void headThatNeverEnds() throws Exception {
        start(new Proxy("proxy.timeout.head", "200"));
        try (Connection client = proxy.connect()) {
            assertEquals(408, client.send("GET /a HTTP/1.1\r\nHost:").receive().status());
        }
        JsonNode line = observed.line();
        assertEquals("RequestTimeout", line.get("failure").textValue());
        assertTrue(line.get("target").isNull(), line::toString);
    }

    @Test
    void tooManyInFlight() throws Exception {
        start(new Proxy("proxy.max-in-flight", "1"));
        proxy.behaving(Upstream::hangs);
        try (Connection first = proxy.connect(); Connection second = proxy.connect()) {
            first.send(GET);
            Await.until("a request is under way", () -> proxy.unseen() == 1);
            assertEquals(503, second.send(GET.replace("/a", "/second")).receive().status());
            assertLine(observed.line(), "GET", "/second?b=c", 503, 0, observed.line().get("bytes_out").longValue(), null, "Unavailable");
        }
        observed.lines(2);
    }

    @Test
    void bodyThatIsNeverSent() throws Exception {
        try (Connection client = proxy.connect()) {
            client.send("POST /a HTTP/1.1\r\nHost: proxy\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{\"a");
            Thread.sleep(100);
            client.reset();
        }
        assertLine(observed.line(), "POST", "/a", 499, 3, 0, null, "ClientGone");
    }

    @Test
    void copiesAreNotTheAnswer() throws Exception {
        proxy.close();
        proxy = new Proxy().observed(directory).withFile("mirror.camel.yaml", "- templatedRoute: {routeTemplateRef: upstream, routeId: mirror01, parameters: "
                + "[{name: name, value: mirror01}, {name: url, value: '{{upstream03.url}}'}]}\n");
        proxy.routes().replace("proxy.camel.yaml", "        - to:\n            id: hand-over\n",
                "        - wireTap: {uri: 'direct:mirror01', executorService: copies}\n        - to:\n            id: hand-over\n");
        observed = proxy.start().observed();
        proxy.exchange(GET);
        JsonNode line = observed.line();
        assertEquals("upstream01", line.get("upstream").textValue(), line::toString);
        assertEquals(0, observed.sum("proxy_redeliveries_total"));
        Await.until("both attempts are counted", () -> observed.sum("proxy_attempts_total", "mirror01") == 1 && observed.sum("proxy_attempts_total", "upstream01") == 1);

        CountDownLatch copied = new CountDownLatch(1);
        CountDownLatch written = new CountDownLatch(1);
        proxy.upstream(2).behaving((request, out) -> {
            copied.await();
            return Upstream.bytes(Upstream.OK).answer(request, out);
        });
        proxy.upstream(3).behaving((request, out) -> {
            copied.countDown();
            written.await();
            return Upstream.bytes(Upstream.OK).answer(request, out);
        });
        proxy.exchange(GET);
        line = observed.lines(2).get(1);
        written.countDown();
        JsonNode copy = line.get("attempts").get(line.get("attempts").get(0).get("upstream").textValue().equals("mirror01") ? 0 : 1);
        assertEquals("unfinished", copy.get("outcome").textValue(), line::toString);
        assertTrue(copy.get("ms").doubleValue() <= line.get("total_ms").doubleValue(), line::toString);
    }
}
