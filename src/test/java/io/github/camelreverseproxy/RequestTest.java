package io.github.camelreverseproxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

import io.github.camelreverseproxy.wire.Connection;
import io.github.camelreverseproxy.wire.Message;
import io.github.camelreverseproxy.wire.Proxy;
import io.github.camelreverseproxy.wire.Upstream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a request is when it reaches an upstream: the bytes that the client sent, but for what the contract names. */
class RequestTest {
    @RegisterExtension
    static final Proxy PROXY = new Proxy();

    private static final String FORWARDED = "Forwarded: by=localhost:65535;host=example.org;proto=http";

    @BeforeEach
    void ok() {
        PROXY.answering(Upstream.OK);
    }

    /** Sends a request with Host example.org and returns what an upstream saw, less its own fields. */
    private static Message through(String start, String fields, String body) throws Exception {
        Message response = PROXY.exchange(start + " HTTP/1.1\r\nHost: example.org\r\n" + fields + "\r\n" + body);
        assertEquals(200, response.status(), response.canonical());
        Message seen = PROXY.seen();
        String number = seen.value("Host").substring("127.0.0.1:".length());
        assertTrue(PROXY.upstreams().stream().anyMatch(u -> Integer.toString(u.port()).equals(number)), "Host is the upstream's own");
        return seen.without("Host", "X-Upstream");
    }

    private static DynamicTest unchanged(String name, String start, String fields, String body) {
        return DynamicTest.dynamicTest(name, () -> {
            Message expected = new Message(start + " HTTP/1.1", new ArrayList<>(fields.isEmpty() ? List.of()
                    : List.of(fields.split("\r\n"))), body).with(FORWARDED);
            assertEquals(expected.canonical(), through(start, fields, body).canonical());
        });
    }

    @TestFactory
    Stream<DynamicTest> targetsReachTheUpstreamByteForByte() {
        return Stream.of("/", "//x", "///", "/a//b/", "/%2F", "/%2f", "/%7B%7Bx%7D%7D", "/?", "/?a&a=1&a=2", "/+?a+b=c+d", "/a%20b",
                "/caf%C3%A9", "/%c3%a9?%E2%82%AC=%20", "/..", "/a/../b/./c", "/a;b=c,d", "/?a=b=c&&", "/?a[]=1&b[x]=2", "/%00", "/?x=%0d%0a",
                "/a:b@c", "/~user/-._~!$&'()*+,;=:@", "/?q=/?/?", "/?Forwarded=x&Authorization=y&Host=z", "/$%7Bheader.Host%7D",
                "/?CamelHttpMethod=DELETE&CamelHttpUri=http://127.0.0.1:1/", "/" + "x".repeat(4000), "/?" + "y=1&".repeat(1000))
                .map(target -> unchanged(target.length() > 60 ? target.substring(0, 60) : target, "GET " + target, "", ""));
    }

    @TestFactory
    Stream<DynamicTest> methodsAreForwardedWithAndWithoutABody() {
        return Stream.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS").flatMap(method -> Stream.of(
                unchanged(method, method + " /m", "", ""),
                unchanged(method + " with length 0", method + " /m", "Content-Length: 0\r\n", ""),
                unchanged(method + " with a body", method + " /m", "Content-Type: text/plain\r\nContent-Length: 5\r\n", "hello")));
    }

    @Test
    void fieldsReachTheUpstreamInTheirOrder() throws Exception {
        Message seen = through("GET /", "Zeta: 1\r\naccept: a\r\nX-Any: 1\r\nBeta: 2\r\nX-ANY: 2\r\n", "");
        assertEquals(List.of("Zeta: 1", "accept: a", "X-Any: 1", "X-Any: 2", "Beta: 2", FORWARDED), seen.lines());
    }

    @Test
    void optionsOfTheServerItselfIsForwarded() throws Exception {
        assertEquals("OPTIONS * HTTP/1.1", through("OPTIONS *", "", "").start());
    }

    @Test
    void methodNotForwarded() throws Exception {
        for (String method : List.of("TRACE", "CONNECT")) {
            Message response = PROXY.exchange(method + " /x HTTP/1.1\r\nHost: a\r\n\r\n");
            assertEquals(405, response.status());
            assertEquals("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS", response.value("Allow"));
            assertTrue(response.body().startsWith("{\"error\":\"MethodNotAllowed: "), response.body());
        }
        for (String method : List.of("get", "BREW", "PROPFIND", "GETX")) {
            assertEquals(501, PROXY.exchange(method + " /x HTTP/1.1\r\nHost: a\r\n\r\n").status());
        }
        assertEquals(0, PROXY.unseen());
    }

    @Test
    void connectInAuthorityFormIsAnswered() throws Exception {
        assertEquals(405, PROXY.exchange("CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n").status());
    }

    @ParameterizedTest
    @ValueSource(strings = {"/%", "/%1", "/%zz", "/#f", "/a?b#c", "x", "http:/x", "ftp://a/b", "/caf\u00e9",
            "http://", "http://a b/", "http://user@host/", "*", "?x", "/\u0001"})
    void targetThatIsNoUri(String target) throws Exception {
        Message response = PROXY.exchange("GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n");
        assertEquals(400, response.status());
        assertTrue(response.body().startsWith("{\"error\":\"BadRequest: "), response.body());
        assertEquals("close", response.value("Connection"));
        assertEquals(0, PROXY.unseen());
    }

    /** As browsers send them: every visible ASCII character but the one that begins a fragment. */
    @Test
    void visibleTargetsArrive() throws Exception {
        for (String target : List.of("/?q={a}", "/?q=a|b", "/a[1]", "/`", "/^", "/{x}", "/<>\"\\", "/?<>\"\\[]{}|^`", "/{{proxy.port}}/${body}")) {
            assertEquals("GET " + target + " HTTP/1.1", through("GET " + target, "", "").start());
        }
    }

    @Test
    void absoluteFormTellsTheHost() throws Exception {
        assertEquals("by=localhost:65535;host=Other.example:81;proto=http", through("GET http://Other.example:81/p", "", "").value("Forwarded"));
        assertEquals(400, PROXY.exchange("GET http://a/ HTTP/1.1\r\n\r\n").status());
        assertEquals(400, PROXY.exchange("GET http://a/ HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n").status());
        assertEquals(0, PROXY.unseen());
    }

    @Test
    void optionsOfTheServerAsAWhole() throws Exception {
        assertEquals("OPTIONS * HTTP/1.1", through("OPTIONS http://other.example", "", "").start());
        assertEquals("OPTIONS / HTTP/1.1", through("OPTIONS http://other.example/", "", "").start());
        assertEquals("OPTIONS * HTTP/1.1", through("OPTIONS *", "", "").start());
    }

    @Test
    void maxForwardsOfOptionsIsCountedDown() throws Exception {
        assertEquals("4", through("OPTIONS /", "Max-Forwards: 5\r\n", "").value("Max-Forwards"));
        assertEquals("5", through("GET /", "Max-Forwards: 5\r\n", "").value("Max-Forwards"));
        for (String odd : List.of("x", "-1", "99999999999999999999", "")) {
            assertEquals(odd, through("OPTIONS /", "Max-Forwards: " + odd + "\r\n", "").value("Max-Forwards"));
        }
        Message answer = PROXY.exchange("OPTIONS / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\nAuthorization: secret\r\n\r\n");
        assertEquals(200, answer.status());
        assertEquals("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS", answer.value("Allow"));
        assertEquals(List.of("Allow", "Content-Length", "Date", "Via"), answer.lines().stream()
                .map(line -> line.substring(0, line.indexOf(':'))).map(name -> name.equals("Via") ? name : name.substring(0, 1).toUpperCase() + name.substring(1))
                .map(name -> name.replace("length", "Length")).sorted().toList());
        assertEquals("", answer.body());
        assertEquals(0, PROXY.unseen());
    }

    @Test
    void fieldThatBecomesAVariableOfCgiStaysBehind() throws Exception {
        assertNull(through("GET /", "Proxy: http://evil/\r\nproxy: x\r\n", "").value("Proxy"));
    }

    @Test
    void absoluteFormChoosesNoHost() throws Exception {
        assertEquals("GET /p?q HTTP/1.1", through("GET http://evil.example:81/p?q", "", "").start());
        assertEquals("GET / HTTP/1.1", through("GET http://evil.example", "", "").start());
        assertEquals("GET /?q HTTP/1.1", through("GET HTTP://evil.example?q", "", "").start());
    }

    @Test
    void forwardedReplacesTheClients() throws Exception {
        Message seen = through("GET /", "Forwarded: for=1.2.3.4\r\nforwarded: by=evil\r\n", "");
        assertEquals("by=localhost:65535;host=example.org;proto=http", seen.value("Forwarded"));
    }

    @Test
    void hostIsSentOnAsItCame() throws Exception {
        PROXY.exchange("GET / HTTP/1.1\r\nhOST: EXAMPLE.org:8080\r\n\r\n");
        assertEquals("by=localhost:65535;host=EXAMPLE.org:8080;proto=http", PROXY.seen().value("Forwarded"));
        PROXY.exchange("GET / HTTP/1.1\r\nHost:\r\n\r\n");
        assertEquals("by=localhost:65535;host=;proto=http", PROXY.seen().value("Forwarded"));
        PROXY.exchange("GET / HTTP/1.0\r\n\r\n");
        assertEquals("by=localhost:65535;host=UNDEFINED;proto=http", PROXY.seen().value("Forwarded"));
    }

    @TestFactory
    Stream<DynamicTest> endToEndFieldsArrive() {
        return Stream.of("Accept: */*", "accept: a\r\naccept: b\r\nACCEPT: c", "X-Any: 1\r\nx-any: 2\r\nX-Any: 1", "Cache-Control: no-cache", "Pragma: no-cache",
                "Date: Tue, 15 Nov 1994 08:12:31 GMT", "Via: 1.0 fred, 1.1 p.example.net", "Warning: 199 - \"x\"", "Authorization: Basic dTpw",
                "Authorization: Basic a\r\nCookie: a=b; c=d\r\nCookie: e=f", "Cookie: $Version=1; x=\"y\"", "X-Empty:", "X-Comma: a,b , c", "X-List: [a, b]",
                "If-None-Match: \"x\", W/\"y\"", "Range: bytes=0-1", "Origin: null", "Referer: http://x/?a=b", "User-Agent: me/1.0 (x; y)", "X-Quote: \"a\\\"b\"",
                "X-Placeholder: {{proxy.port}} ${header.Host} $simple{body}", "X-Latin1: caf\u00e9", "X-Utf8: \u00c3\u0080\u00e2\u0082\u00ac", "Max-Forwards: 5",
                "Accept-Encoding: gzip, br", "Content-Type: text/plain; charset=bogus", "Content-Language: de", "Link: <a>; rel=b", "X-Tab: a\tb",
                "From: a@b", "DNT: 1", "X-Forwarded-For: 1.2.3.4", "X-Request-Id: 1\r\nX-Correlation-Id: 2", "Priority: u=1", "org.apache.camel.x: y",
                "breadcrumbId: x", "X-Camel: y", "X-Long: " + "z".repeat(6000), "!#$%&'*+-.^_`|~: token", "1: 2")
                .map(fields -> unchanged(fields.length() > 60 ? fields.substring(0, 60) : fields, "GET /", fields + "\r\n", ""));
    }

    @Test
    void hopByHopFieldsStayBehind() throws Exception {
        Message seen = through("GET /", "Connection: X-Secret , keep-alive, x-other\r\nX-Secret: 1\r\nX-Other: 2\r\nX-Kept: 3\r\nKeep-Alive: timeout=5\r\n"
                + "Proxy-Connection: keep-alive\r\nProxy-Authenticate: x\r\nProxy-Authorization: y\r\nTE: trailers\r\nTrailer: Z\r\nUpgrade: h2c\r\n", "");
        assertEquals(List.of("X-Kept: 3", FORWARDED), seen.lines().stream().sorted(java.util.Comparator.reverseOrder()).toList());
    }

    @Test
    void nothingIsInvented() throws Exception {
        PROXY.exchange("GET / HTTP/1.1\r\nHost: example.org\r\n\r\n");
        assertEquals(List.of(FORWARDED), PROXY.seen().without("Host", "X-Upstream").lines());
    }

    @Test
    void camelHeadersSteerNothing() throws Exception {
        Message seen = through("GET /real?q", "CamelHttpPath: /evil\r\ncamelhttpuri: http://127.0.0.1:1/\r\nCAMELHTTPMETHOD: DELETE\r\nCamelHttpQuery: a=b\r\n"
                + "CamelHttpRawQuery: evil\r\nCamelHttpResponseCode: 500\r\nCamelNettyCloseChannelWhenComplete: true\r\nCamel: x\r\n", "");
        assertEquals("GET /real?q HTTP/1.1", seen.start());
        assertEquals(List.of(FORWARDED), seen.lines());
    }

    @Test
    void expectContinueIsAnsweredHere() throws Exception {
        try (Connection client = PROXY.connect()) {
            client.send("PUT / HTTP/1.1\r\nHost: example.org\r\nExpect: 100-continue\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\n");
            assertEquals("HTTP/1.1 100 Continue", client.receive().start());
            client.send("abc");
            assertEquals(200, client.receive().status());
        }
        Message seen = PROXY.seen();
        assertNull(seen.value("Expect"));
        assertEquals("abc", seen.body());
        Message refused = PROXY.exchange("PUT / HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\nContent-Length: 3\r\n\r\nabc");
        assertEquals(417, refused.status());
        assertEquals(0, PROXY.unseen());
    }

    @Test
    void chunkedBodiesGetALength() throws Exception {
        Message seen = through("POST /", "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n",
                "5;ext=1\r\n{\"a\":\r\n3\r\n 1}\r\n0\r\nX-Trailer: 1\r\n\r\n");
        String body = "{\"a\": 1,\"forwarded\":\"by=localhost:65535;host=example.org;proto=http\"}";
        assertEquals(body, seen.body());
        assertEquals(Integer.toString(body.length()), seen.value("Content-Length"));
        assertNull(seen.value("Transfer-Encoding"));
        assertEquals("", through("POST /", "Transfer-Encoding: chunked\r\n", "0\r\n\r\n").body());
    }

    @Test
    void pipelinedRequestsAreAnsweredInOrder() throws Exception {
        PROXY.behaving((request, out) -> {
            if (request.target().equals("/0")) {
                Thread.sleep(300);
            }
            return Upstream.bytes("HTTP/1.1 200 OK\r\nContent-Length: " + request.target().length() + "\r\n\r\n" + request.target()).answer(request, out);
        });
        try (Connection client = PROXY.connect()) {
            StringBuilder requests = new StringBuilder();
            for (int i = 0; i < 200; i++) {
                requests.append("GET /").append(i).append(" HTTP/1.1\r\nHost: a\r\n\r\n");
            }
            client.send(requests.toString());
            for (int i = 0; i < 200; i++) {
                assertEquals("/" + i, client.receive().body());
            }
        }
    }

    @Test
    void persistenceFollowsTheVersionOfTheClient() throws Exception {
        try (Connection client = PROXY.connect()) {
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            assertNull(client.receive().value("Connection"));
            client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close, X\r\n\r\n");
            assertEquals("close", client.receive().value("Connection"));
            assertTrue(client.ends());
        }
        try (Connection client = PROXY.connect()) {
            client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
            assertEquals("keep-alive", client.receive().value("Connection"));
            client.send("GET / HTTP/1.0\r\n\r\n");
            assertEquals("close", client.receive().value("Connection"));
            assertTrue(client.ends());
        }
    }
}
