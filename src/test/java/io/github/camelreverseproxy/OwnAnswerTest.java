package io.github.camelreverseproxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.Stream;

import io.github.camelreverseproxy.wire.Message;
import io.github.camelreverseproxy.wire.Proxy;
import io.github.camelreverseproxy.wire.Upstream;
import org.apache.camel.Exchange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What routes set, for answers of their own and for upstreams. */
class OwnAnswerTest {
    private static final String SECRETS = "GET /health HTTP/1.1\r\nHost: a\r\nCookie: secret=1\r\nCookie: secret=2\r\nAuthorization: Basic secret\r\n"
            + "Content-Type: text/plain; charset=bogus\r\nVia: 1.1 x\r\nX-Mine: 1\r\n\r\n";

    @ParameterizedTest
    @ValueSource(strings = {"seed", "rfc7239"})
    void noFieldOfTheRequestComesBack(String style) throws Exception {
        try (Proxy proxy = new Proxy("proxy.header.style", style).start()) {
            proxy.answeredBy(route -> route.setBody().constant("OK").setHeader("X-Own").constant("2"));
            Message response = proxy.exchange(SECRETS);
            assertEquals("OK", response.body());
            assertEquals(List.of("X-Own: 2"), response.without("Date", "Via", "Content-Length").lines());
            assertEquals(1, response.values("Via").size());
        }
    }

    /** A name that the client has sent too, with the same value even. */
    @Test
    void whatWasSetForTheAnswerGoesOut() throws Exception {
        try (Proxy proxy = new Proxy().start()) {
            proxy.answeredBy(route -> route.process(exchange -> {
                exchange.getMessage().setHeader("Content-Type", new String("text/plain; charset=bogus"));
                exchange.getMessage().setHeader("X-Mine", "3");
                exchange.getMessage().setHeader(Exchange.HTTP_RESPONSE_CODE, "202");
                exchange.getMessage().setBody("caf\u00e9 \u20ac");
            }));
            Message response = proxy.exchange(SECRETS);
            assertEquals(202, response.status());
            assertEquals(List.of("Content-Type: text/plain; charset=bogus", "X-Mine: 3"), response.without("Date", "Via", "Content-Length").lines());
            assertEquals("caf\u00c3\u00a9 \u00e2\u0082\u00ac", response.body());
        }
    }

    @Test
    void whatCannotBeSentIsRefusedByName() throws Exception {
        String[][] cases = {{Exchange.HTTP_PATH, "/u/a HTTP/1.0"}, {Exchange.HTTP_PATH, "/\u20ac"}, {Exchange.HTTP_PATH, "/\r\n"}, {Exchange.HTTP_RAW_QUERY, "a b"},
                {Exchange.HTTP_METHOD, "GET /x"}, {"X-Value", "a\r\nb"}, {"X-Value", "\u20ac"}, {"X Name", "a"}, {"X-Value\r\nX-Other", "b"}};
        for (String[] header : cases) {
            try (Proxy proxy = new Proxy().start()) {
                proxy.answeredBy(route -> route.process(exchange -> exchange.getMessage().setHeader(header[0], header[1])).to("direct:next-upstream"));
                Message response = proxy.exchange("GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
                assertEquals(500, response.status(), String.join(": ", header));
                assertEquals(0, proxy.unseen());
            }
        }
    }

    @Test
    void pathWithoutASlashGetsOne() throws Exception {
        try (Proxy proxy = new Proxy().start()) {
            proxy.answeredBy(route -> route.setHeader(Exchange.HTTP_PATH).constant("x/y").to("direct:next-upstream"));
            assertEquals(200, proxy.exchange("GET /z HTTP/1.1\r\nHost: a\r\n\r\n").status());
            assertEquals("/x/y", proxy.seen().target());
        }
    }

    static Stream<String> climbing() {
        return Stream.of("/../admin", "/..", "/a/../../b", "/%2e%2e/x", "/%2E./x", "/a/%2e%2e/..%2fx", "/..%2fx", "/..;a=b/x", "/..\\x", "/%5c..%5c..", "//../../x", "/.//../x");
    }

    @ParameterizedTest
    @MethodSource("climbing")
    void pathStaysBelowTheBaseOfTheUpstream(String path) throws Exception {
        try (Upstream upstream = new Upstream();
                Proxy proxy = new Proxy().before(upstream.url() + "/base", upstream.url() + "/base/", upstream.url() + "/base").start()) {
            Message refused = proxy.exchange("GET " + path + "?a/../.. HTTP/1.1\r\nHost: a\r\n\r\n");
            assertEquals(400, refused.status());
            assertEquals(0, upstream.pending());
            for (String fine : List.of("/a/../b", "/a/b/../..", "/...", "/a..b", "/?../..", "/a/%2e%2e/b", "/%")) {
                if (proxy.exchange("GET " + fine + " HTTP/1.1\r\nHost: a\r\n\r\n").status() == 200) {
                    assertEquals("/base" + fine, upstream.request().target());
                } else {
                    assertTrue(fine.equals("/%"), fine);
                }
            }
        }
    }
}
