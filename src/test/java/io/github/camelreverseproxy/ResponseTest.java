package io.github.camelreverseproxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.stream.Stream;

import io.github.camelreverseproxy.wire.Connection;
import io.github.camelreverseproxy.wire.Message;
import io.github.camelreverseproxy.wire.Proxy;
import io.github.camelreverseproxy.wire.Upstream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a response is when it reaches the client: the bytes of the upstream, and Via. */
class ResponseTest {
    /** The breakers are out of the way: statuses that count as failures are another test's business. */
    @RegisterExtension
    static final Proxy PROXY = new Proxy("proxy.backoff.failures", "1000", "proxy.backoff.steps", "1");

    private static Message answer(String method, String response) throws Exception {
        PROXY.answering(response);
        return PROXY.exchange(method + " / HTTP/1.1\r\nHost: a\r\n\r\n");
    }

    private static String via() throws Exception {
        return "1.1 " + InetAddress.getLocalHost().getHostName() + "/camel";
    }

    private static DynamicTest unchanged(String name, String method, Message response) {
        return DynamicTest.dynamicTest(name, () -> {
            String wire = response.start() + "\r\n" + String.join("\r\n", response.lines()) + "\r\n\r\n" + response.body();
            Message got = answer(method, wire);
            Message expected = method.equals("HEAD") ? new Message(response.start(), response.lines(), "") : response;
            assertNotNull(got.value("Date"));
            got = expected.value("Date") == null ? got.without("Date") : got;
            assertEquals(expected.with("Via: " + via()).canonical(), got.canonical());
        });
    }

    private static Message response(String status, String body, String... fields) {
        return new Message("HTTP/1.1 " + status, List.of("Content-Length: " + body.length()), body).with(fields);
    }

    @TestFactory
    Stream<DynamicTest> statusAndBodyAreTheUpstreams() {
        return Stream.of("200 OK", "201 Created", "202 Accepted", "203 Non-Authoritative Information", "206 Partial Content", "226 IM Used", "299 Something",
                "300 Multiple Choices", "301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect",
                "400 Bad Request", "401 Unauthorized", "402 Payment Required", "403 Forbidden", "404 Not Found", "405 Method Not Allowed", "407 Proxy Authentication Required",
                "408 Request Timeout", "409 Conflict", "410 Gone", "412 Precondition Failed", "413 Content Too Large", "415 Unsupported Media Type", "418 I'm a teapot",
                "422 Unprocessable Entity", "429 Too Many Requests", "451 Unavailable For Legal Reasons", "500 Internal Server Error", "501 Not Implemented",
                "502 Bad Gateway", "503 Service Unavailable", "504 Gateway Timeout", "505 HTTP Version Not Supported", "599 Custom", "200 Fine by me")
                .map(status -> unchanged(status, "GET", response(status, "body of " + status, "Location: http://elsewhere.example/x", "WWW-Authenticate: Basic realm=\"x\"")));
    }

    @Tag("event-loop")
    @TestFactory
    Stream<DynamicTest> fieldsAreTheUpstreams() {
        return Stream.of(new String[] {"Set-Cookie: a=1; Path=/", "Set-Cookie: b=2", "Set-Cookie: a=3"}, new String[] {"set-cookie: x", "Set-Cookie: y"},
                new String[] {"Content-Type: application/x-java-serialized-object"}, new String[] {"Content-Type: text/html; charset=bogus"},
                new String[] {"Content-Type: application/json", "Content-Encoding: gzip"}, new String[] {"Content-Encoding: br"}, new String[] {"Content-Encoding: deflate"},
                new String[] {"Cache-Control: no-store", "Pragma: no-cache", "Warning: 110 - \"stale\""}, new String[] {"Date: Tue, 15 Nov 1994 08:12:31 GMT"},
                new String[] {"ETag: W/\"x\"", "Vary: Accept", "Vary: Origin"}, new String[] {"X-List: [a, b]"}, new String[] {"X-Empty:"}, new String[] {"Server: gunicorn/19.9.0"},
                new String[] {"Access-Control-Allow-Origin: *"}, new String[] {"X-Utf8: \u00c3\u0080\u00e2\u0082\u00ac"}, new String[] {"Proxy-Status: upstream; error=x"},
                new String[] {"X-Placeholder: {{proxy.port}} ${header.Host}"}, new String[] {"Retry-After: 120"}, new String[] {"Content-Range: bytes 0-1/2"},
                new String[] {"Age: 1", "Expires: 0", "Last-Modified: x"}, new String[] {"X-Camel: 1"}, new String[] {"Content-Disposition: attachment; filename=\"x\""},
                new String[] {"Strict-Transport-Security: max-age=1"}, new String[] {"X-Long: " + "z".repeat(9000)})
                .map(fields -> unchanged(fields[0].length() > 60 ? fields[0].substring(0, 60) : String.join(" | ", fields), "GET", response("200 OK", "\u001f\u008b\u0000\u00ff", fields)));
    }

    @TestFactory
    Stream<DynamicTest> bodiesOfAnySize() {
        return Stream.of(0, 1, 8191, 8192, 8193, 65536, 1_000_000)
                .map(size -> unchanged(size + " bytes", "GET", response("200 OK", "x".repeat(size))));
    }

    @Tag("event-loop")
    @TestFactory
    Stream<DynamicTest> headKeepsTheLength() {
        return Stream.of(unchanged("HEAD", "HEAD", response("200 OK", "12345", "Content-Type: text/plain")),
                unchanged("HEAD of an error", "HEAD", response("404 Not Found", "12345")));
    }

    @Tag("event-loop")
    @Test
    void statusesWithoutABody() throws Exception {
        Message notModified = answer("GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 345\r\nETag: \"x\"\r\n\r\n");
        assertEquals("345", notModified.value("Content-Length"));
        assertNull(answer("GET", "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n\r\n").value("Content-Length"));
        Message noContent = answer("DELETE", "HTTP/1.1 204 No Content\r\n\r\n");
        assertEquals(204, noContent.status());
        assertNull(noContent.value("Content-Length"));
        Message head = answer("HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        assertNull(head.value("Transfer-Encoding"));
        assertNull(head.value("Content-Length"));
    }

    @Test
    void fieldsReachTheClientInTheirOrder() throws Exception {
        Message got = answer("GET", "HTTP/1.1 200 OK\r\nZeta: 1\r\nset-cookie: a\r\nBeta: 2\r\nset-cookie: b\r\nContent-Length: 0\r\n\r\n");
        assertEquals(List.of("Zeta: 1", "set-cookie: a", "set-cookie: b", "Beta: 2", "Via: " + via()), got.without("Content-Length", "Date").lines());
    }

    @Tag("event-loop")
    @Test
    void chunkedResponsesStayChunked() throws Exception {
        Message response = answer("GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX-T: 1\r\n\r\n");
        assertEquals("abcde", response.body());
        assertNull(response.value("Content-Length"));
        assertEquals("chunked", response.value("Transfer-Encoding"));
    }

    @Test
    void bodyUntilTheConnectionEnds() throws Exception {
        Message response = answer("GET", "HTTP/1.0 200 OK\r\nConnection: close\r\n\r\nuntil the end");
        assertEquals("HTTP/1.1 200 OK", response.start());
        assertEquals("until the end", response.body());
    }

    @Test
    void viaIsAppendedAfterTheUpstreams() throws Exception {
        Message response = answer("GET", "HTTP/1.1 200 OK\r\nVia: 1.0 a, 1.1 b\r\nvia: 1.1 c\r\nContent-Length: 0\r\n\r\n");
        assertEquals(List.of("1.0 a, 1.1 b", "1.1 c", via()), response.values("Via"));
    }

    @Tag("event-loop")
    @Test
    void hopByHopFieldsStayBehind() throws Exception {
        Message response = answer("GET", "HTTP/1.1 200 OK\r\nConnection: X-Secret\r\nX-Secret: 1\r\nKeep-Alive: timeout=5\r\nProxy-Connection: x\r\nUpgrade: h2c\r\n"
                + "Trailer: X\r\nTE: x\r\nProxy-Authenticate: x\r\nX-Kept: 1\r\nContent-Length: 0\r\n\r\n");
        assertEquals(List.of("X-Kept: 1"), response.without("Via", "Content-Length", "Date").lines());
    }

    @Test
    void camelFieldsOfAnUpstreamSteerNothing() throws Exception {
        Message response = answer("GET", "HTTP/1.1 200 OK\r\nCamelHttpResponseCode: 500\r\ncamelhttpresponsetext: x\r\nContent-Length: 2\r\n\r\nok");
        assertEquals("HTTP/1.1 200 OK", response.start());
        assertEquals(List.of(), response.without("Via", "Content-Length", "Date").lines());
    }

    @Test
    void noRequestFieldComesBack() throws Exception {
        PROXY.answering(Upstream.OK);
        Message response = PROXY.exchange("POST / HTTP/1.1\r\nHost: a\r\nAuthorization: Basic secret\r\nCookie: secret=1\r\nX-Mine: 1\r\nContent-Type: text/x\r\nContent-Length: 1\r\n\r\nx");
        assertEquals(List.of(), response.without("Via", "Content-Length", "Date").lines());
        for (int i = 0; i < 3; i++) {
            PROXY.upstreams().forEach(u -> u.behaving((request, out) -> false));
            Message error = PROXY.exchange("POST / HTTP/1.1\r\nHost: a\r\nAuthorization: Basic secret\r\nCookie: secret=1\r\nX-Mine: 1\r\n\r\n");
            assertFalse(error.canonical().contains("secret"), error.canonical());
            assertNull(error.value("X-Mine"));
        }
    }

    /** With none of its own a response gets the time at which it came (RFC 9110, section 6.6.1). */
    @Test
    void everyResponseHasADate() throws Exception {
        Instant before = Instant.now().truncatedTo(ChronoUnit.SECONDS);
        for (Message response : List.of(answer("GET", Upstream.OK), PROXY.exchange("BREW / HTTP/1.1\r\nHost: a\r\n\r\n"))) {
            Instant date = DateTimeFormatter.RFC_1123_DATE_TIME.parse(response.value("Date"), Instant::from);
            assertFalse(date.isBefore(before) || date.isAfter(Instant.now()), response.value("Date"));
        }
    }

    @Tag("event-loop")
    @Test
    void viaHasTheVersionOfTheUpstream() throws Exception {
        assertEquals(via().replace("1.1", "1.0"), answer("GET", "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n").value("Via"));
    }

    @Tag("event-loop")
    @Test
    void spaceBeforeAColonIsRemoved() throws Exception {
        Message response = answer("GET", "HTTP/1.1 200 OK\r\nX-Foo : bar\r\nContent-Length \t: 2\r\n\r\nok");
        assertEquals("bar", response.value("X-Foo"));
        assertEquals("ok", response.body());
    }

    @Tag("event-loop")
    @Test
    void headOfSomethingLarge() throws Exception {
        assertEquals("200000000", answer("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 200000000\r\n\r\n").value("Content-Length"));
        assertEquals("20000000000", answer("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 20000000000\r\n\r\n").value("Content-Length"));
        assertEquals("200000000", answer("GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 200000000\r\n\r\n").value("Content-Length"));
    }

    /** The upstream names itself, since it was asked by its own name; @ stands for that. */
    @ParameterizedTest
    @CsvSource({"@/home?x#y, http://example.org:81/home?x#y", "@, http://example.org:81", "@?q, http://example.org:81?q", "http://elsewhere/x, http://elsewhere/x",
            "/x, /x", "@.evil/x, @.evil/x", "https@/x, https@/x", "HTTP@/x, http://example.org:81/x"})
    void locationOfTheUpstreamBecomesTheOneThatTheClientAsked(String location, String expected) throws Exception {
        for (String field : List.of("Location", "Content-Location")) {
            PROXY.upstreams().forEach(u -> u.answering("HTTP/1.1 302 Found\r\n" + field + ": " + absolute(location, u)
                    + "\r\nContent-Length: 0\r\n\r\n").forget());
            Message response = PROXY.exchange("GET / HTTP/1.1\r\nHost: example.org:81\r\n\r\n");
            assertTrue(PROXY.upstreams().stream().map(u -> absolute(expected, u)).anyMatch(response.value(field)::equals), response.canonical());
        }
    }

    private static String absolute(String location, Upstream upstream) {
        String authority = upstream.url().substring("http".length());
        return location.replaceFirst("^@", "http" + authority).replaceFirst("^(HTTP|https)@", "$1" + authority);
    }

    @Test
    void locationForAClientWithoutAHost() throws Exception {
        PROXY.upstreams().forEach(u -> u.answering("HTTP/1.1 302 Found\r\nLocation: " + u.url() + "/x\r\nContent-Length: 0\r\n\r\n").forget());
        assertEquals("/x", PROXY.exchange("GET / HTTP/1.0\r\n\r\n").value("Location"));
        try (Proxy keeping = new Proxy("proxy.location", "keep").start()) {
            keeping.upstreams().forEach(u -> u.answering("HTTP/1.1 302 Found\r\nLocation: " + u.url() + "/x\r\nContent-Length: 0\r\n\r\n"));
            assertEquals(keeping.upstream(1).url() + "/x", keeping.exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n").value("Location"));
        }
    }

    @Test
    void interimResponsesAreNotTheAnswer() throws Exception {
        Message response = answer("GET", "HTTP/1.1 102 Processing\r\nLink: <x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + Upstream.OK);
        assertEquals(200, response.status());
        assertNull(response.value("Link"));
    }

    @Tag("event-loop")
    @Test
    void http10ClientGetsAllToTheEnd() throws Exception {
        PROXY.answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
        try (Connection client = PROXY.connect()) {
            Message response = client.send("GET / HTTP/1.0\r\n\r\n").receive();
            assertEquals("abc", response.body());
            assertNull(response.value("Content-Length"));
            assertNull(response.value("Transfer-Encoding"));
            assertTrue(client.ends());
        }
    }
}
