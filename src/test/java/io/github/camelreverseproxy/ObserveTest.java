package io.github.camelreverseproxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.camelreverseproxy.host.StartException;
import io.github.camelreverseproxy.wire.Await;
import io.github.camelreverseproxy.wire.Connection;
import io.github.camelreverseproxy.wire.Message;
import io.github.camelreverseproxy.wire.Proxy;
import io.github.camelreverseproxy.wire.Upstream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the management port tells (contract 11.3): health, upstreams, numbers, what the status page shows. */
class ObserveTest extends ObservedFixture {
    /** A client may have its response a moment before that is written down. */
    private void awaitEnds() throws Exception {
        Await.until("none is in flight", () -> observed.sum("proxy_requests_in_flight") == 0);
    }

    private JsonNode upstream(int number) throws Exception {
        return observed.json("upstreams").get("upstreams").get(number - 1);
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
        proxy.answering("HTTP/1.1 429 No\r\nContent-Length: 0\r\n\r\n");
        for (int i = 0; i < 4; i++) {
            proxy.exchange(GET);
        }
        awaitEnds();
        assertEquals("open", upstream(1).get("state").textValue());
        assertEquals("status 429", upstream(1).get("last_error").get("what").textValue());
        assertTrue(upstream(1).get("failures").intValue() > 0);
        assertEquals(200, observed.get("health/ready").status());
    }

    @Test
    void breakersAsNumbers() throws Exception {
        start(new Proxy("proxy.backoff.steps", "1,1,60000", "proxy.deadline", "100"));
        assertEquals(1, observed.sum("proxy_breaker_state", "upstream=\"upstream01\"", "state=\"closed\""));
        proxy.upstream(1).close();
        Await.until("probes have failed", () -> {
            proxy.exchange(GET);
            return observed.sum("proxy_breaker_probe_seconds", "upstream=\"upstream01\"") > 1;
        });
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
        proxy.behaving(Upstream::hangs);
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
    void upstreamsThatAreGoneHaveNoStateButKeepTheirSums() throws Exception {
        start(new Proxy());
        proxy.exchange(GET);
        assertTrue(observed.sum("proxy_upstream_in_flight_limit", "upstream01") > 0);
        String routes = Files.readString(proxy.routes().file("upstreams.camel.yaml")).replace("upstream01", "other");
        proxy.withFile("upstreams.camel.yaml", routes.replace("other.", "upstream01.")).generations().reload();
        assertTrue(observed.metrics().keySet().stream().noneMatch(name -> name.contains("upstream01") && name.matches("proxy_(breaker|pool|upstream).*")), () -> "still there");
        proxy.exchange(GET);
        proxy.exchange(GET);
        proxy.exchange(GET);
        awaitEnds();
        assertEquals(9, observed.sum("proxy_upstream_in_flight_limit", "\"other\""));
        assertEquals(1, observed.sum("proxy_attempts_total", "\"other\""));
        assertEquals(4, observed.sum("proxy_requests_total"));
    }

    @Test
    void upstreamWithoutABreakerIsNotSaidToBeOpen() throws Exception {
        Proxy bare = new Proxy();
        bare.routes().insertBefore("proxy.camel.yaml", "hand-over", "- to: {uri: 'upstream:bare?url={{upstream01.url}}'}");
        start(bare);
        proxy.exchange(GET);
        awaitEnds();
        assertTrue(observed.sum("proxy_attempts_total", "\"bare\"") > 0);
        assertTrue(observed.metrics().keySet().stream().noneMatch(name -> name.contains("bare") && name.contains("breaker")));
        assertEquals("unknown", upstream(1).get("state").textValue());
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
    void methodsThatNobodyKnowsAreOneNumber() throws Exception {
        start(new Proxy());
        for (String method : List.of("BREW", "WHEN", "PROPFIND", "GET")) {
            proxy.exchange(method + " /a HTTP/1.1\r\nHost: proxy\r\n\r\n");
        }
        observed.lines(4);
        assertEquals(3, observed.sum("proxy_requests_total", "method=\"other\""));
    }

    @Test
    void upstreamMayBeCalledLikeALabel() throws Exception {
        Proxy named = new Proxy();
        for (String what : List.of("value: upstream01\n", "direct:upstream01\n")) {
            named.routes().replace("upstreams.camel.yaml", what, what.replace("upstream01", "none"));
        }
        start(named);
        for (int i = 0; i < 3; i++) {
            assertEquals(200, proxy.exchange(GET).status());
        }
        proxy.exchange("GET /a HTTP/1.1\r\n\r\n");
        observed.lines(4);
        assertEquals(1, observed.sum("proxy_attempts_total", "\"none\""));
        assertEquals(200, observed.get("status").status());
    }
}
