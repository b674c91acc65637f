package io.github.camelreverseproxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.OutputStream;
import java.net.ConnectException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.camelreverseproxy.host.StartException;
import io.github.camelreverseproxy.wire.Await;
import io.github.camelreverseproxy.wire.Connection;
import io.github.camelreverseproxy.wire.Message;
import io.github.camelreverseproxy.wire.Observed;
import io.github.camelreverseproxy.wire.Proxy;
import io.github.camelreverseproxy.wire.Upstream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The management port (contract 11.3): health, upstreams, numbers, the status page. */
class ObserveTest {
    private static final String GET = "GET /a HTTP/1.1\r\nHost: proxy\r\n\r\n";

    @TempDir
    private Path directory;
    private Proxy proxy;
    private Observed observed;

    private void start(Proxy with) throws Exception {
        proxy = with.observed(directory).startGenerations();
        observed = proxy.observed();
    }

    @AfterEach
    void stop() throws Exception {
        proxy.close();
    }

    /** A client may have its response a moment before that is written down. */
    private void awaitEnds() throws Exception {
        Await.until("none is in flight", () -> observed.sum("proxy_requests_in_flight") == 0);
    }

    private void awaitClosed(int port) throws Exception {
        Await.until(port + " is closed", () -> {
            try (Connection connection = new Connection(port)) {
                return false;
            } catch (ConnectException e) {
                return true;
            }
        });
    }

    private JsonNode upstream(int number) throws Exception {
        return observed.json("upstreams").get("upstreams").get(number - 1);
    }

    private static boolean hangs(Message request, OutputStream out) throws InterruptedException {
        Thread.sleep(60_000);
        return false;
    }

    @Test
    void pages() throws Exception {
        start(new Proxy());
        for (String page : List.of("", "status", "upstreams", "metrics", "health/live", "health/ready")) {
            Message answer = observed.get(page);
            assertEquals(200, answer.status(), page);
            assertEquals("no-store", answer.value("Cache-Control"));
        }
        assertEquals("text/html; charset=utf-8", observed.get("").value("Content-Type"));
        assertTrue(observed.get("").value("Content-Security-Policy").startsWith("default-src 'none'"));
        assertEquals("text/plain; version=0.0.4; charset=utf-8", observed.get("metrics").value("Content-Type"));
        assertEquals("{\"status\":\"UP\",\"reasons\":[],\"reload_errors\":[]}", observed.get("health/live").body());
        assertEquals(404, observed.get("nothing").status());
        assertEquals(421, Connection.exchange(observed.port(), GET).status());
        assertEquals("/observe/", Connection.exchange(observed.port(), "GET / HTTP/1.1\r\nHost: 127.0.0.1:9876\r\n\r\n").value("Location"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"POST", "PUT", "DELETE", "PATCH", "OPTIONS"})
    void readsAlone(String method) throws Exception {
        start(new Proxy());
        Message answer = Connection.exchange(observed.port(), method + " /observe/status HTTP/1.1\r\nHost: 127.0.0.1:9876\r\nContent-Length: 0\r\n\r\n");
        assertEquals(405, answer.status());
        assertEquals("GET, HEAD", answer.value("Allow"));
    }

    @Test
    void neverProxies() throws Exception {
        start(new Proxy());
        for (String target : List.of("/anything", "http://127.0.0.1:1/", "/observe/../anything", "//a/observe/status", "/observe")) {
            assertTrue(Connection.exchange(observed.port(), "GET " + target + " HTTP/1.1\r\nHost: 127.0.0.1:9876\r\n\r\n").status() >= 300, target);
        }
        assertEquals(400, Connection.exchange(observed.port(), "GET /observe/status HTTP/1.1\r\n\r\n").status());
        assertEquals(0, proxy.unseen());
        assertEquals(0, observed.sum("proxy_requests_begun_total"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"example.com", "localhost.example.com", "127.0.0.1.example.com:9876"})
    void namesOfOthersAreNotMeant(String host) throws Exception {
        start(new Proxy());
        assertEquals(421, Connection.exchange(observed.port(), "GET /observe/status HTTP/1.1\r\nHost: " + host + "\r\n\r\n").status());
    }

    @Test
    void headHasNoBody() throws Exception {
        start(new Proxy());
        try (Connection client = new Connection(observed.port())) {
            Message answer = client.send("HEAD /observe/health/ready HTTP/1.1\r\nHost: 127.0.0.1:9876\r\n\r\n").receive(true);
            assertEquals(200, answer.status());
            assertEquals(200, client.send("HEAD /observe/ HTTP/1.1\r\nHost: 127.0.0.1:9876\r\n\r\n").receive(true).status());
        }
    }

    @Test
    void readyWhileOneUpstreamMayBeCalled() throws Exception {
        start(new Proxy("proxy.backoff.steps", "700", "proxy.deadline", "100"));
        proxy.upstream(1).close();
        proxy.upstream(2).close();
        assertEquals(200, proxy.exchange(GET).status());
        assertEquals(200, proxy.exchange(GET).status());
        awaitEnds();
        assertEquals("open", upstream(1).get("state").textValue());
        assertEquals("ConnectFailed", upstream(1).get("last_error").get("what").textValue());
        assertFalse(upstream(1).get("since").isNull());
        assertTrue(upstream(1).get("seconds_to_probe").doubleValue() <= 0.7);
        assertEquals(200, observed.get("health/ready").status());
        proxy.upstream(3).close();
        proxy.exchange(GET);
        Message unready = observed.get("health/ready");
        assertEquals(503, unready.status());
        assertEquals("{\"status\":\"DOWN\",\"reasons\":[\"no upstream can be reached: upstream01, upstream02, upstream03\"],\"reload_errors\":[]}", unready.body());
        assertEquals(200, observed.get("health/live").status());
        Await.until("a probe may come", () -> observed.get("health/ready").status() == 200);
    }

    @Test
    void upstreamsThatAnswerBadlyCanBeReached() throws Exception {
        start(new Proxy("proxy.backoff.failures", "1", "proxy.backoff.steps", "60000", "proxy.deadline", "100"));
        proxy.answering("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n");
        for (int i = 0; i < 4; i++) {
            proxy.exchange(GET);
        }
        awaitEnds();
        assertEquals("open", upstream(1).get("state").textValue());
        assertEquals("status 503", upstream(1).get("last_error").get("what").textValue());
        assertEquals(200, observed.get("health/ready").status());
    }

    @Test
    void breakersAsNumbers() throws Exception {
        start(new Proxy("proxy.backoff.steps", "60000", "proxy.deadline", "100"));
        assertEquals(1, observed.sum("proxy_breaker_state", "upstream=\"upstream01\"", "state=\"closed\""));
        proxy.upstream(1).close();
        proxy.exchange(GET);
        assertEquals(0, observed.sum("proxy_breaker_state", "upstream=\"upstream01\"", "state=\"closed\""));
        assertEquals(1, observed.sum("proxy_breaker_state", "upstream=\"upstream01\"", "state=\"open\""));
        assertEquals(1, observed.sum("proxy_breaker_openings_total", "upstream=\"upstream01\""));
        double probe = observed.sum("proxy_breaker_probe_seconds", "upstream=\"upstream01\"");
        assertTrue(probe > 50 && probe <= 60, () -> "in " + probe);
        double since = observed.sum("proxy_breaker_open_since_timestamp_seconds", "upstream=\"upstream01\"");
        assertTrue(Math.abs(System.currentTimeMillis() / 1000.0 - since) < 30, () -> "since " + since);
        assertEquals(9, observed.sum("proxy_upstream_in_flight_limit", "upstream=\"upstream01\""));
    }

    @Test
    void inFlight() throws Exception {
        start(new Proxy());
        proxy.behaving(ObserveTest::hangs);
        List<Connection> clients = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            clients.add(proxy.connect().send(GET));
        }
        Await.until("six are in flight", () -> proxy.unseen() == 6);
        assertEquals(6, observed.sum("proxy_requests_in_flight"));
        assertEquals(6, observed.sum("proxy_upstream_in_flight"));
        assertEquals(2, upstream(1).get("in_flight").intValue());
        assertEquals(6, observed.sum("proxy_pool_connections", "state=\"open\""));
        assertEquals(6, observed.sum("proxy_connections_open"));
        for (Connection client : clients) {
            client.reset();
        }
        Await.until("none is", () -> observed.sum("proxy_requests_in_flight") == 0 && observed.sum("proxy_pool_connections") == 0
                && observed.sum("proxy_connections_open") == 0);
        assertEquals(6, observed.sum("proxy_requests_total", "status=\"4xx\"", "upstream=\"upstream0"));
        assertEquals(6, observed.sum("proxy_failures_total", "kind=\"ClientGone\""));
    }

    @Test
    void idleConnectionsAreCounted() throws Exception {
        start(new Proxy());
        proxy.exchange(GET);
        assertEquals(1, observed.sum("proxy_pool_connections", "state=\"idle\"", "upstream01"));
        proxy.upstream(1).close();
        Await.until("it is closed", () -> observed.sum("proxy_pool_connections") == 0);
    }

    @Test
    void answersWhenTheProxyIsFull() throws Exception {
        start(new Proxy("proxy.max-in-flight", "1", "proxy.max-connections", "2", "proxy.max-body-memory", "1"));
        proxy.behaving(ObserveTest::hangs);
        try (Connection one = proxy.connect().send(GET); Connection two = proxy.connect()) {
            Await.until("one is in flight", () -> proxy.unseen() == 1);
            assertEquals(503, two.send(GET).receive().status());
            Connection waiting = proxy.connect().send(GET);
            assertEquals(200, observed.get("health/live").status());
            assertEquals(2, observed.sum("proxy_connections_open"));
            waiting.close();
        }
    }

    @Test
    void picture() throws Exception {
        start(new Proxy());
        for (int i = 0; i < 6; i++) {
            proxy.exchange(GET);
        }
        awaitEnds();
        JsonNode routes = observed.json("status").get("routes");
        Map<String, JsonNode> byId = new HashMap<>();
        routes.forEach(route -> byId.put(route.get("id").textValue(), route));
        assertEquals("127.0.0.1:" + proxy.port(), byId.get("proxy").get("listens").textValue());
        assertEquals(6, byId.get("proxy").get("total").intValue());
        JsonNode handOver = byId.get("proxy").get("arrows").get(0);
        assertEquals("upstreams", handOver.get("to").textValue());
        assertEquals(6, handOver.get("total").intValue());
        assertEquals(List.of("upstream01", "upstream02", "upstream03"), byId.get("upstreams").get("arrows").findValuesAsText("to"));
        assertEquals(List.of("2", "2", "2"), byId.get("upstreams").get("arrows").findValuesAsText("total"));
        assertEquals("upstream:upstream01", byId.get("upstream01").get("arrows").get(0).get("to").textValue());
        assertEquals(2, byId.get("upstream01").get("arrows").get(0).get("total").intValue());
        Await.until("a second has passed", () -> observed.json("status").get("history").get("requests").size() > 0);
    }

    @Test
    void refusals() throws Exception {
        start(new Proxy());
        proxy.exchange("GET /a?secret HTTP/1.1\r\n\r\n");
        awaitEnds();
        JsonNode refusal = observed.json("status").get("refusals").get(0);
        assertEquals("BadRequest", refusal.get("kind").textValue());
        assertEquals("/a", refusal.get("path").textValue());
        for (int i = 0; i < 100; i++) {
            proxy.exchange("GET /" + i + " HTTP/1.1\r\n\r\n");
        }
        awaitEnds();
        assertEquals(20, observed.json("status").get("refusals").size());
        assertEquals("/99", observed.json("status").get("refusals").get(0).get("path").textValue());
    }

    @Test
    void reloads() throws Exception {
        start(new Proxy());
        proxy.exchange(GET);
        awaitEnds();
        proxy.generations().reload("routes/proxy.camel.yaml");
        JsonNode status = observed.json("status");
        assertEquals(2, status.get("generation").get("number").intValue());
        assertTrue(status.get("reloads").get(0).get("ok").booleanValue());
        assertEquals("routes/proxy.camel.yaml", status.get("reloads").get(0).get("files").get(0).textValue());
        assertEquals(1, observed.sum("proxy_attempts_total"));
        assertEquals(2, observed.sum("proxy_generation"));

        proxy.withFile("more.camel.yaml", "- route: {from: {uri: 'direct:x', steps: [{too: y}]}}\n");
        assertThrows(StartException.class, () -> proxy.generations().reload("routes/more.camel.yaml"));
        JsonNode failed = observed.json("status").get("reloads").get(0);
        assertFalse(failed.get("ok").booleanValue());
        assertTrue(failed.get("errors").get(0).textValue().contains("more.camel.yaml:1: "), failed::toString);
        assertEquals(1, observed.sum("proxy_reload_failed"));
        assertEquals(200, observed.get("health/ready").status());
        assertTrue(observed.json("health/ready").get("reload_errors").get(0).textValue().contains("more.camel.yaml:1: "));
        assertEquals(1, observed.sum("proxy_reloads_total", "outcome=\"failed\""));

        proxy.withFile("more.camel.yaml", "- route: {from: {uri: 'direct:x', steps: [{stop: {}}]}}\n");
        proxy.generations().reload();
        assertEquals(0, observed.sum("proxy_reload_failed"));
        assertEquals(1, observed.sum("proxy_attempts_total"), "numbers go on");
    }

    @Test
    void upstreamsThatAreGoneAreForgotten() throws Exception {
        start(new Proxy());
        proxy.exchange(GET);
        assertTrue(observed.sum("proxy_upstream_in_flight_limit", "upstream01") > 0);
        String routes = Files.readString(proxy.routes().file("upstreams.camel.yaml")).replace("upstream01", "other");
        proxy.withFile("upstreams.camel.yaml", routes.replace("other.", "upstream01.")).generations().reload();
        assertTrue(observed.metrics().keySet().stream().noneMatch(name -> name.contains("upstream01")), () -> "still there");
        proxy.exchange(GET);
        proxy.exchange(GET);
        proxy.exchange(GET);
        awaitEnds();
        assertEquals(9, observed.sum("proxy_upstream_in_flight_limit", "\"other\""));
        assertEquals(1, observed.sum("proxy_attempts_total", "\"other\""));
    }

    @Test
    void portMoves() throws Exception {
        start(new Proxy());
        int moved = Proxy.freePort();
        proxy.setting("proxy.observe.port", Integer.toString(moved)).generations().reload();
        assertEquals(200, Connection.exchange(moved, "GET /observe/health/ready HTTP/1.1\r\nHost: 127.0.0.1:9876\r\n\r\n").status());
        awaitClosed(observed.port());
        proxy.setting("proxy.observe.port", "0").generations().reload();
        awaitClosed(moved);
        proxy.setting("proxy.observe.port", Integer.toString(observed.port())).generations().reload();
        assertEquals(200, observed.get("status").status());
    }

    @Test
    void addressThatCannotBeHad() throws Exception {
        start(new Proxy());
        StartException taken = assertThrows(StartException.class,
                () -> proxy.setting("proxy.observe.port", Integer.toString(proxy.upstream(1).port())).generations().reload());
        assertTrue(taken.getMessage().startsWith("proxy.observe.host = 127.0.0.1, proxy.observe.port = " + proxy.upstream(1).port()), taken::getMessage);
        assertEquals(200, observed.get("health/ready").status());
    }

    @Test
    void drains() throws Exception {
        start(new Proxy());
        proxy.behaving((request, out) -> {
            Thread.sleep(1500);
            return Upstream.bytes(Upstream.OK).answer(request, out);
        });
        try (Connection client = proxy.connect().send(GET)) {
            Await.until("a request is under way", () -> proxy.unseen() == 1);
            Thread stopping = new Thread(proxy.generations()::stop);
            stopping.start();
            Await.until("it is not ready", () -> observed.get("health/ready").status() == 503);
            assertEquals("the process is about to stop", observed.json("health/ready").get("reasons").get(0).textValue());
            assertEquals(200, client.receive().status());
            stopping.join();
        }
    }

    @Test
    void logChangesWithAReload() throws Exception {
        start(new Proxy());
        proxy.exchange(GET);
        assertNull(observed.line().get("failure").textValue());
        Path other = directory.resolve("other.log");
        proxy.setting("proxy.access-log.file", other.toString()).setting("proxy.access-log", "logfmt").generations().reload();
        proxy.exchange(GET);
        Await.until("a line is there", () -> Files.exists(other) && Files.readString(other).endsWith("failure=-\n"));
        assertTrue(Files.readString(other).matches("time=\\S+Z event_id=\\S+ client=127.0.0.1 method=GET target=\"/a\" status=200 bytes_in=0 bytes_out=2 "
                + "upstream=upstream02 attempts=\"upstream02:200:[0-9.]+\" total_ms=[0-9]+\\.[0-9]{3} upstream_ms=[0-9]+\\.[0-9]{3} failure=-\n"));
        observed.line();
        proxy.setting("proxy.access-log", "off").generations().reload();
        proxy.exchange(GET);
        assertEquals(1, Files.readAllLines(other).size());
    }

    @Test
    void manyMayAskAtOnce() throws Exception {
        start(new Proxy());
        List<Connection> probes = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            probes.add(new Connection(observed.port()).send("GET /observe/health/ready HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        }
        for (Connection probe : probes) {
            assertEquals(200, probe.receive().status());
            probe.close();
        }
    }

    @Test
    void idleConnectionsMakeRoom() throws Exception {
        start(new Proxy());
        List<Connection> idle = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            idle.add(new Connection(observed.port()));
        }
        assertEquals(200, observed.get("health/live").status());
        for (Connection one : idle) {
            one.close();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"http://:4318/", "http://@/", "http://x_y/", "http://user:secret@localhost/", "localhost:4318"})
    void endpointThatIsNoneChangesNothing(String endpoint) throws Exception {
        start(new Proxy());
        proxy.setting("proxy.tracing", "otlp").setting("proxy.tracing.endpoint", endpoint).setting("proxy.max-in-flight", "7");
        assertThrows(StartException.class, () -> proxy.generations().reload());
        assertEquals(4096, observed.sum("proxy_requests_in_flight_limit"));
        assertFalse(observed.get("health/ready").body().contains("secret"), observed.get("health/ready").body());
        assertEquals(1, observed.sum("proxy_reload_failed"));
    }

    @Test
    void passwordsAreNotSaidAgain() throws Exception {
        start(new Proxy());
        proxy.setting("upstream01.url", "http://user:secret@127.0.0.1");
        StartException refused = assertThrows(StartException.class, () -> proxy.generations().reload());
        assertFalse(refused.getMessage().contains("secret"), refused::getMessage);
        assertTrue(refused.getMessage().contains("no user and no password"), refused::getMessage);
    }

    @Test
    void pipeIsNoLog() throws Exception {
        start(new Proxy());
        assertEquals(0, new ProcessBuilder("mkfifo", directory.resolve("pipe").toString()).start().waitFor());
        proxy.setting("proxy.access-log.file", directory.resolve("pipe").toString());
        assertThrows(StartException.class, () -> proxy.generations().reload());
    }
}
