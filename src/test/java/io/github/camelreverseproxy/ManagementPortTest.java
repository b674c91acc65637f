package io.github.camelreverseproxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.ConnectException;
import java.util.ArrayList;
import java.util.List;

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

/** The management port (contract 11.3): what it answers, and to whom. */
class ManagementPortTest extends ObservedFixture {
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
    void answersWhenTheProxyIsFull() throws Exception {
        start(new Proxy("proxy.max-in-flight", "1", "proxy.max-connections", "2", "proxy.max-body-memory", "1"));
        proxy.behaving(Upstream::hangs);
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
    void portMoves() throws Exception {
        start(new Proxy());
        int moved = Proxy.freePort();
        Connection page = new Connection(observed.port()).send("GET /observe/status HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assertEquals(200, page.receive().status());
        proxy.setting("proxy.observe.port", Integer.toString(moved)).generations().reload();
        assertTrue(page.ends());
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
}
