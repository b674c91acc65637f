package io.github.camelreverseproxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.List;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.camelreverseproxy.wire.Connection;
import io.github.camelreverseproxy.wire.Message;
import io.github.camelreverseproxy.wire.Proxy;
import io.github.camelreverseproxy.wire.Upstream;
import org.junit.jupiter.api.Test;

/** Each row of the table of errors: status, text, fields, and what becomes of the connection. */
class ErrorTest {
    private static final String GET = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n";

    private static Message error(Message response, int status, String text, String proxyStatus) throws IOException {
        assertEquals(status, response.status(), response.canonical());
        assertEquals("application/json", response.value("Content-Type"));
        assertEquals("camel-reverse-proxy; error=" + proxyStatus, response.value("Proxy-Status"));
        assertEquals(List.of("1.1 " + InetAddress.getLocalHost().getHostName() + "/camel"), response.values("Via"));
        JsonNode document = new ObjectMapper().readTree(response.body());
        assertTrue(document.get("error").asText().startsWith(text), response.body());
        assertFalse(document.get("event_id").asText().isEmpty());
        assertEquals(2, document.size());
        for (String internal : List.of("127.0.0.1", "localhost", "Exception", "org.apache", "java", "/opt/secret", "\tat ")) {
            assertFalse(response.body().contains(internal), response.body());
        }
        return response;
    }

    private static String free() throws IOException {
        return "http://127.0.0.1:" + Proxy.freePort();
    }

    @Test
    void connectionRefused() throws Exception {
        try (Proxy proxy = new Proxy().before(free(), free(), free()).start()) {
            Message response = error(proxy.exchange(GET), 502, "ConnectFailed: failed to connect to the server", "connection_refused");
            assertTrue(response.body().matches("\\{\"error\":\"ConnectFailed: failed to connect to the server\",\"event_id\":\"[^\"]+\"}"), response.body());
            assertNull(response.value("Connection"));
        }
    }

    /** The broadcast address, to which no connection can be made: the kernel says so, and nothing is sent. */
    @Test
    void networkUnreachable() throws Exception {
        String url = "http://255.255.255.255";
        try (Proxy proxy = new Proxy().before(url, url, url).start()) {
            error(proxy.exchange(GET), 502, "ConnectFailed: failed to connect to the server", "destination_ip_unroutable");
        }
    }

    @Test
    void nameNotFound() throws Exception {
        String url = "http://no-such-host.invalid";
        try (Proxy proxy = new Proxy().before(url, url, url).start()) {
            error(proxy.exchange(GET), 502, "CouldntResolveHost: couldn't resolve host name", "dns_error");
        }
    }

    @Test
    void badResponses() throws Exception {
        try (Proxy proxy = new Proxy("proxy.backoff.steps", "1").start()) {
            proxy.behaving((request, out) -> false);
            error(proxy.exchange(GET), 502, "NoResponse: ", "connection_terminated");
            String head = "HTTP/1.1 200 OK\r\nConnection: close\r\n";
            for (String incomplete : List.of("HTTP/1.1 200 OK\r\nConnection: close", head + "Content-Length: 5\r\n\r\nabcd")) {
                proxy.answering(incomplete);
                error(proxy.exchange(GET), 502, "NoResponse: ", "http_response_incomplete");
            }
            for (String malformed : List.of("garbage\r\n\r\n", "HTTP/2.0 200 OK\r\n\r\n", "HTTP/1.1 abc\r\n\r\n", "HTTP/1.1 99 x\r\n\r\n", head + "no colon\r\n\r\n",
                    head + "Content-Length: x\r\n\r\n", head + "Content-Length: -1\r\n\r\n", head + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
                    head + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", head + "Transfer-Encoding: gzip\r\n\r\nabc",
                    head + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nno colon\r\n\r\n",
                    head + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-A: \0\r\n\r\n")) {
                proxy.answering(malformed);
                error(proxy.exchange(GET), 502, "BadResponse: ", "http_protocol_error");
            }
            proxy.answering(head + "Transfer-Encoding: chunked\r\n\r\nxyz\r\nabc\r\n0\r\n\r\n");
            error(proxy.exchange(GET), 502, "BadResponse: ", "http_response_transfer_coding");
            proxy.answering(head + "X-A: " + "x".repeat(40_000) + "\r\n\r\n");
            error(proxy.exchange(GET), 502, "BadResponse: ", "http_response_header_section_size");
            proxy.answering(Upstream.OK);
            assertEquals("ok", proxy.exchange(GET).body());
        }
    }

    @Test
    void wholeResponsesHaveACap() throws Exception {
        try (Proxy proxy = new Proxy("proxy.max-response-body", "1000").start()) {
            proxy.answeredBy(route -> route.to("direct:next-upstream").process("wholeBody"));
            String head = "HTTP/1.1 200 OK\r\nConnection: close\r\n";
            for (String large : List.of(head + "Content-Length: 70000\r\n\r\n" + "x".repeat(70000), head + "\r\n" + "x".repeat(1001),
                    head + "Transfer-Encoding: chunked\r\n\r\n3e9\r\n" + "x".repeat(1001) + "\r\n0\r\n\r\n")) {
                proxy.answering(large);
                error(proxy.exchange(GET), 502, "BadResponse: ", "http_response_body_size");
            }
        }
    }

    @Test
    void noResponseInTime() throws Exception {
        try (Proxy proxy = new Proxy("proxy.timeout.response", "300").start()) {
            proxy.behaving((request, out) -> {
                Thread.sleep(2000);
                return false;
            });
            error(proxy.exchange(GET), 504, "Timeout: request took longer than the configured timeout", "http_response_timeout");
        }
    }

    @Test
    void everyBreakerOpen() throws Exception {
        try (Proxy proxy = new Proxy("proxy.backoff.failures", "1", "proxy.backoff.steps", "60000").before(free(), free(), free()).start()) {
            error(proxy.exchange(GET), 502, "ConnectFailed: ", "connection_refused");
            Message response = error(proxy.exchange(GET), 503, "Unavailable: ", "destination_unavailable");
            int seconds = Integer.parseInt(response.value("Retry-After"));
            assertTrue(seconds > 50 && seconds <= 60, seconds + " s");
        }
    }

    @Test
    void tooManyInFlight() throws Exception {
        try (Proxy proxy = new Proxy("proxy.max-in-flight", "1").start(); Connection first = proxy.connect()) {
            Object release = new Object();
            boolean[] released = {false};
            proxy.behaving((request, out) -> {
                synchronized (release) {
                    while (!released[0]) {
                        release.wait();
                    }
                }
                return Upstream.bytes(Upstream.OK).answer(request, out);
            });
            first.send(GET);
            proxy.seen();
            try (Connection second = proxy.connect()) {
                assertEquals("1", error(second.send(GET).receive(), 503, "Unavailable: too many requests in flight", "http_request_denied").value("Retry-After"));
                synchronized (release) {
                    released[0] = true;
                    release.notifyAll();
                }
                assertEquals(200, first.receive().status());
                // The exchange ends a moment after its response.
                Message next = second.send(GET).receive();
                for (int i = 0; i < 1000 && next.status() == 503; i++) {
                    next = second.send(GET).receive();
                }
                assertEquals(200, next.status());
            }
        }
    }

    @Test
    void unforeseen() throws Exception {
        try (Proxy proxy = new Proxy().start()) {
            proxy.answeredBy(route -> route.throwException(new IllegalStateException("secret of org.apache at /opt/secret")));
            error(proxy.exchange(GET), 500, "Internal: ", "proxy_internal_error");
        }
    }

    @Test
    void malformedRequestEndsTheConnection() throws Exception {
        try (Proxy proxy = new Proxy().start(); Connection client = proxy.connect()) {
            client.send("GET /x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" + GET);
            assertEquals("close", error(client.receive(), 400, "BadRequest: more than one Host", "http_request_error").value("Connection"));
            assertTrue(client.ends());
            assertEquals(0, proxy.unseen());
        }
    }

    @Test
    void limits() throws Exception {
        try (Proxy proxy = new Proxy("proxy.max-target", "100", "proxy.max-head", "2500", "proxy.max-request-body", "1000").start()) {
            error(proxy.exchange("GET /" + "x".repeat(200) + " HTTP/1.1\r\nHost: a\r\n\r\n"), 414, "UriTooLong: ", "http_request_error");
            error(proxy.exchange("GET / HTTP/1.1\r\nHost: a\r\nX: " + "x".repeat(2700) + "\r\n\r\n"), 431, "FieldsTooLarge: ", "http_request_error");
            error(proxy.exchange("GET / HTTP/1.1\r\nHost: a\r\n" + "X:\r\n".repeat(500) + "\r\n"), 431, "FieldsTooLarge: ", "http_request_error");
            error(proxy.exchange("POST / HTTP/1.1\r\nHost: a\r\nContent-Type: text/json\r\nContent-Length: 1001\r\n\r\n"), 413, "ContentTooLarge: ", "http_request_error");
            error(proxy.exchange("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Type: a/b+json\r\nContent-Length: 1001\r\n\r\n"), 413, "ContentTooLarge: ", "http_request_error");
            try (Connection client = proxy.connect()) {
                client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" + "{".repeat(1001) + "\r\n0\r\n\r\n" + GET);
                error(client.receive(), 413, "ContentTooLarge: ", "http_request_error");
                assertTrue(client.ends());
            }
            assertEquals(0, proxy.unseen());
            proxy.answering(Upstream.OK);
            assertEquals(200, proxy.exchange("GET /" + "x".repeat(99) + " HTTP/1.1\r\nHost: a\r\n\r\n").status());
            assertEquals(200, proxy.exchange("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n" + "x".repeat(1000)).status());
        }
    }

    @Test
    void slowRequests() throws Exception {
        try (Proxy proxy = new Proxy("proxy.timeout.head", "400", "proxy.timeout.body", "400", "proxy.timeout.idle", "700").start()) {
            for (String start : List.of("G", "GET / HTTP/1.1\r\nHost: a\r\n", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabc",
                    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab")) {
                try (Connection client = proxy.connect()) {
                    client.send(start);
                    assertEquals("close", error(client.receive(), 408, "RequestTimeout: ", "http_request_error").value("Connection"));
                    assertTrue(client.ends());
                }
            }
            try (Connection client = proxy.connect()) {
                proxy.behaving((request, out) -> {
                    Thread.sleep(1500);
                    return Upstream.bytes(Upstream.OK).answer(request, out);
                });
                assertEquals(200, client.send(GET).receive().status());
                assertTrue(client.ends());
            }
            try (Connection client = proxy.connect()) {
                assertTrue(client.ends());
            }
        }
    }

    @Test
    void versionNotSupported() throws Exception {
        try (Proxy proxy = new Proxy().start()) {
            for (String version : List.of("HTTP/2.0", "HTTP/3.0")) {
                error(proxy.exchange("GET / " + version + "\r\nHost: a\r\n\r\n"), 505, "VersionNotSupported: ", "http_request_denied");
            }
            error(proxy.exchange("GET / HTTQ/1.1\r\nHost: a\r\n\r\n"), 400, "BadRequest: ", "http_request_error");
            proxy.answering(Upstream.OK);
            assertEquals(200, proxy.exchange("GET / HTTP/1.2\r\nHost: a\r\n\r\n").status());
        }
    }

    @Test
    void headGetsNoDocument() throws Exception {
        try (Proxy proxy = new Proxy().before(free(), free(), free()).start(); Connection client = proxy.connect()) {
            Message response = client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n").receive(true);
            assertEquals(502, response.status());
            assertNotNull(response.value("Content-Length"));
            assertEquals(503, client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n").receive(true).status());
        }
    }

    @Test
    void problemDetails() throws Exception {
        try (Proxy proxy = new Proxy().before(free(), free(), free()).start()) {
            String accept = "GET / HTTP/1.1\r\nHost: a\r\nAccept: ";
            Message response = proxy.exchange(accept + "text/html, application/problem+json;q=0.9\r\n\r\n");
            assertEquals("application/problem+json", response.value("Content-Type"));
            JsonNode problem = new ObjectMapper().readTree(response.body());
            assertEquals("about:blank", problem.get("type").asText());
            assertEquals("Bad Gateway", problem.get("title").asText());
            assertEquals(502, problem.get("status").asInt());
            assertEquals("ConnectFailed: failed to connect to the server", problem.get("detail").asText());
            assertFalse(problem.get("event_id").asText().isEmpty());
            assertEquals("application/json", proxy.exchange(accept + "application/problem+json;q=0\r\n\r\n").value("Content-Type"));
            assertEquals("application/json", proxy.exchange(accept + "*/*\r\n\r\n").value("Content-Type"));
            Message refused = proxy.exchange("BREW / HTTP/1.1\r\nHost: a\r\nAccept: application/problem+json\r\n\r\n");
            assertEquals("application/problem+json", refused.value("Content-Type"));
        }
    }

    /** Nobody accepts here, and the backlog is full: connecting takes until the timeout. */
    @Test
    void noConnectionInTime() throws Exception {
        try (ServerSocket full = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
             Connection one = new Connection(full.getLocalPort()); Connection two = new Connection(full.getLocalPort())) {
            String url = "http://127.0.0.1:" + full.getLocalPort();
            try (Proxy proxy = new Proxy("proxy.timeout.connect", "300").before(url, url, url).start()) {
                error(proxy.exchange(GET), 504, "Timeout: ", "connection_timeout");
            }
        }
    }
}
