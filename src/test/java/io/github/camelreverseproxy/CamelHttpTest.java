package io.github.camelreverseproxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;

import io.github.camelreverseproxy.wire.Await;
import io.github.camelreverseproxy.wire.Connection;
import io.github.camelreverseproxy.wire.Message;
import io.github.camelreverseproxy.wire.Proxy;
import io.github.camelreverseproxy.wire.Upstream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code client: camel-http}: what it does as the other client does, and what the README says that it does otherwise. */
class CamelHttpTest {
    private static final String GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    @RegisterExtension
    static final Proxy PROXY = new Proxy("proxy.client", "camel-http");

    @Test
    void endToEndFieldsGoBothWays() throws Exception {
        PROXY.answering("HTTP/1.1 203 Fine\r\nSet-Cookie: a\r\nX-Kept: 1\r\nSet-Cookie: b\r\nConnection: X-Hop\r\nX-Hop: 2\r\nContent-Length: 2\r\nVia: 1.1 up\r\n\r\nok");
        Message response = PROXY.exchange("GET /a%2Fb?x=%7B%7D&y HTTP/1.1\r\nHost: h\r\nAuthorization: z\r\nCookie: a=1\r\nCookie: b=2\r\nX-Any: 1\r\nX-Any: 2\r\nVia: 1.0 before\r\nTE: trailers\r\nConnection: X-Own\r\nX-Own: 1\r\n\r\n");
        assertEquals(203, response.status());
        assertEquals(List.of("a", "b"), response.values("Set-Cookie"));
        assertEquals("1", response.value("X-Kept"));
        assertNull(response.value("X-Hop"));
        assertEquals(2, response.values("Via").size());
        Message seen = PROXY.seen();
        assertEquals("GET /a%2Fb?x=%7B%7D&y HTTP/1.1", seen.start());
        assertEquals("by=localhost:65535;host=h;proto=http", seen.value("Forwarded"));
        assertEquals("z", seen.value("Authorization"));
        assertEquals("a=1; b=2", seen.value("Cookie"));
        assertEquals("1, 2", seen.value("X-Any"));
        assertEquals("1.0 before", seen.value("Via"));
        assertNull(seen.value("TE"));
        assertNull(seen.value("X-Own"));
        assertNull(seen.value("User-Agent"));
        assertNull(seen.value("Accept-Encoding"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET", "POST", "PUT", "PATCH", "DELETE"})
    void bodiesArePatchedAndWhole(String method) throws Exception {
        PROXY.answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
        Message response = PROXY.exchange(method + " / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 8\r\n\r\n{\"a\": 1}");
        assertEquals("abc", response.body());
        assertEquals("3", response.value("Content-Length"));
        Message seen = PROXY.seen();
        assertEquals(method, seen.method());
        assertEquals("{\"a\": 1,\"forwarded\":\"by=localhost:65535;host=a;proto=http\"}", seen.body());
    }

    @Test
    void streamIsMadeWhole() throws Exception {
        PROXY.answering(Upstream.OK);
        String body = "x".repeat(300_000);
        assertEquals(200, PROXY.exchange("POST / HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
                + Integer.toHexString(body.length()) + "\r\n" + body + "\r\n0\r\n\r\n").status());
        Message seen = PROXY.seen();
        assertEquals(body, seen.body());
        assertEquals("300000", seen.value("Content-Length"));
    }

    @Test
    void capsHold() throws Exception {
        try (Proxy proxy = new Proxy("proxy.client", "camel-http", "proxy.max-response-body", "1000", "proxy.max-request-body", "1000").start()) {
            proxy.answering("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + "x".repeat(1001));
            Message response = proxy.exchange(GET);
            assertEquals(502, response.status());
            assertTrue(response.body().contains("larger than allowed"), response.body());
            assertEquals(413, proxy.exchange("POST / HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: 70000\r\n\r\n" + "x".repeat(70_000)).status());
            proxy.answering("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + "x".repeat(1000));
            assertEquals(1000, proxy.exchange(GET).body().length());
        }
    }

    /** A request is sent once. */
    @Test
    void nothingIsRepeated() throws Exception {
        PROXY.answering("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n");
        assertEquals(503, PROXY.exchange("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx").status());
        PROXY.seen();
        PROXY.answering("HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n");
        assertEquals("/elsewhere", PROXY.exchange(GET).value("Location"));
        PROXY.seen();
    }

    @Test
    void clientThatGoesAwayGivesItsPlaceBack() throws Exception {
        try (Proxy proxy = new Proxy("proxy.client", "camel-http", "proxy.max-in-flight", "1").start()) {
            proxy.behaving((request, out) -> {
                if (request.target().equals("/slow")) {
                    Thread.sleep(20_000);
                }
                return Upstream.bytes(Upstream.OK).answer(request, out);
            });
            try (Connection client = proxy.connect().send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")) {
                proxy.seen();
                assertEquals(503, proxy.exchange(GET).status());
                client.reset();
            }
            int status = 503;
            for (int i = 0; i < 200 && status == 503; i++) {
                Thread.sleep(10);
                status = proxy.exchange(GET).status();
            }
            assertEquals(200, status);
        }
    }

    /** Options of the endpoint are the user's: here, to ask by way of a forward proxy. */
    @Test
    void optionsOfCamelHttp() throws Exception {
        try (Upstream forward = new Upstream(); Proxy proxy = new Proxy().start()) {
            proxy.answeredBy(route -> route.to("upstream:far?url=http://far.example&client=camel-http&http.proxyHost=127.0.0.1&http.proxyPort=" + forward.port()));
            assertEquals(200, proxy.exchange("GET /x HTTP/1.1\r\nHost: a\r\n\r\n").status());
            Message seen = forward.request();
            assertEquals("GET http://far.example/x HTTP/1.1", seen.start());
            assertEquals("far.example", seen.value("Host"));
        }
    }

    /** Neither the client nor an event loop waits for what comes without end. */
    @Test
    void endlessAnswerIsEnded() throws Exception {
        try (Proxy proxy = new Proxy("proxy.client", "camel-http", "proxy.timeout.total", "400", "proxy.max-in-flight", "4").start()) {
            proxy.behaving((request, out) -> {
                if (!request.target().equals("/endless")) {
                    return Upstream.bytes(Upstream.OK).answer(request, out);
                }
                out.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".getBytes());
                while (true) {
                    out.write("1\r\nx\r\n".getBytes());
                    Thread.sleep(50);
                }
            });
            for (int i = 0; i < 6; i++) {
                assertEquals(504, proxy.exchange("GET /endless HTTP/1.1\r\nHost: a\r\n\r\n").status());
            }
            for (int i = 0; i < 6; i++) {
                assertEquals(200, proxy.exchange(GET).status());
            }
            Await.until("its connections are closed", () -> proxy.upstreams().stream().mapToInt(Upstream::open).sum() <= 6);
        }
    }
}
