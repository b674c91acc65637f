package io.github.camelreverseproxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;

import io.github.camelreverseproxy.wire.Connection;
import io.github.camelreverseproxy.wire.Message;
import io.github.camelreverseproxy.wire.Proxy;
import io.github.camelreverseproxy.wire.Upstream;
import org.junit.jupiter.api.Test;

/** Steps that read a body, and bodies that cannot be sent twice. */
class WholeBodyTest {
    private static final String GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    private static final String POST = "POST /x HTTP/1.1\r\nHost: a\r\n";

    @Test
    void untouchedBodyGoesToAnotherUpstream() throws Exception {
        String none = "http://127.0.0.1:" + Proxy.freePort();
        try (Upstream upstream = new Upstream(); Proxy proxy = new Proxy().before(none, upstream.url(), none).start()) {
            for (int i = 0; i < 6; i++) {
                assertEquals(200, proxy.exchange(POST + "Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n" + Connection.chunk("x".repeat(100_000)) + "0\r\n\r\n").status());
                assertEquals("x".repeat(100_000), upstream.request().body());
            }
        }
    }

    /** Its method would allow it, but it is not here any more. */
    @Test
    void bodyThatHasGoneOutIsNotSentAgain() throws Exception {
        try (Proxy proxy = new Proxy().start()) {
            proxy.behaving((request, out) -> false);
            Message response = proxy.exchange("PUT / HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n" + Connection.chunk("x") + "0\r\n\r\n");
            assertEquals(502, response.status());
            assertEquals("x", proxy.seen().body());
            assertEquals(502, proxy.exchange("PUT / HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: 1\r\n\r\nx").status());
            assertEquals(3, proxy.unseen(), "a whole one goes to each");
        }
    }

    @Test
    void streamedBodiesMayHaveALimit() throws Exception {
        try (Proxy proxy = new Proxy("proxy.max-streamed-body", "100000").start()) {
            assertEquals(413, proxy.exchange(POST + "Content-Type: text/plain\r\nContent-Length: 100001\r\n\r\n").status());
            assertEquals(413, proxy.exchange(POST + "Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n" + Connection.chunk("x".repeat(100_001)) + "0\r\n\r\n").status());
            assertEquals(0, proxy.unseen());
            assertEquals(200, proxy.exchange(POST + "Content-Type: text/plain\r\nContent-Length: 100000\r\n\r\n" + "x".repeat(100_000)).status());
        }
    }

    @Test
    void stepsThatReadTheBodyNeedItWhole() throws Exception {
        String request = POST + "Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n" + Connection.chunk("abc") + "0\r\n\r\n";
        try (Proxy proxy = new Proxy("proxy.max-request-body", "1000").start()) {
            proxy.answeredBy(route -> route.process("wholeBody").setBody().simple("${body}!").to("direct:next-upstream"));
            assertEquals(200, proxy.exchange(request).status());
            assertEquals("abc!", proxy.seen().body());
            assertEquals(413, proxy.exchange(request.replace(Connection.chunk("abc"), Connection.chunk("x".repeat(1001)))).status());
        }
        try (Proxy proxy = new Proxy().start()) {
            proxy.answeredBy(route -> route.multicast().to("direct:upstream01", "direct:upstream02").end());
            assertEquals(500, proxy.exchange(request).status(), "there are two, and the body is there once");
        }
        try (Proxy proxy = new Proxy().start()) {
            proxy.answeredBy(route -> route.wireTap("direct:upstream01").to("direct:upstream02"));
            assertEquals(200, proxy.exchange(request).status(), "a copy does no harm");
            assertEquals("abc", proxy.upstream(2).request().body());
        }
        try (Proxy proxy = new Proxy().start()) {
            proxy.answeredBy(route -> route.process("wholeBody").wireTap("direct:upstream01").to("direct:upstream02"));
            assertEquals(200, proxy.exchange(request).status());
            assertEquals("abc", proxy.upstream(1).request().body());
            assertEquals("abc", proxy.upstream(2).request().body());
        }
        try (Proxy proxy = new Proxy().start()) {
            proxy.answeredBy(route -> route.setHeader("X-Own").constant("1"));
            assertEquals("abc", proxy.exchange(request).body(), "a route without an upstream gives the body back");
        }
    }

    /** Who has collected it has had enough, in the middle of a read; there is one answer. */
    @Test
    void tooMuchInTheLastPiece() throws Exception {
        try (Proxy proxy = new Proxy("proxy.max-request-body", "1000").start(); Connection client = proxy.connect()) {
            proxy.answeredBy(route -> route.process("wholeBody").to("direct:next-upstream"));
            client.send(POST + "Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n" + Connection.chunk("x".repeat(990)));
            Thread.sleep(200);
            client.send(Connection.chunk("x".repeat(20)) + "0\r\n\r\n");
            assertEquals(413, client.receive().status());
            assertTrue(client.ends());
            assertEquals(0, proxy.unseen());
        }
        try (Proxy proxy = new Proxy("proxy.max-request-body", "80000").start(); Connection client = proxy.connect()) {
            proxy.answeredBy(route -> route.process("wholeBody").to("direct:next-upstream"));
            client.send(POST + "Content-Type: text/plain\r\nContent-Length: 80001\r\n\r\n" + "x".repeat(80_000));
            assertEquals(413, client.receive().status());
            assertTrue(client.ends());
        }
    }

    /** What was collected once may be sent again. */
    @Test
    void collectedBodyIsRedelivered() throws Exception {
        String none = "http://127.0.0.1:" + Proxy.freePort();
        for (String type : List.of("event-loop", "camel-http")) {
            try (Upstream upstream = new Upstream(); Proxy proxy = new Proxy("proxy.client", type).before(none, upstream.url(), none).start()) {
                for (int i = 0; i < 6; i++) {
                    assertEquals(200, proxy.exchange(POST + "Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n" + Connection.chunk("abc") + "0\r\n\r\n").status());
                    assertEquals("abc", upstream.request().body());
                }
            }
        }
    }
}
