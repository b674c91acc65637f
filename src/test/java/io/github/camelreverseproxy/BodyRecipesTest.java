package io.github.camelreverseproxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

import io.github.camelreverseproxy.wire.Await;
import io.github.camelreverseproxy.wire.Load;
import io.github.camelreverseproxy.wire.Message;
import io.github.camelreverseproxy.wire.Proxy;
import io.github.camelreverseproxy.wire.Upstream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The recipes of docs/recipes.md that are about bodies, answers of one's own, and copies. */
class BodyRecipesTest extends RecipeFixture {
    @Test
    @DisplayName("A mirror that harms nobody")
    void mirror() throws Exception {
        try (Upstream mirror = new Upstream(); Proxy proxy = cooked("mirror01.url", mirror.url())) {
            assertEquals("ok", curl(proxy).body());
            Await.until("the copy is there", () -> mirror.pending() == 1);
            assertEquals("seen twice", mirror.request().body());
            assertEquals("seen twice", proxy.seen().body());
            String large = "x".repeat(200_000);
            assertEquals(200, proxy.exchange("PUT / HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: 200000\r\n\r\n" + large).status());
            mirror.behaving(Upstream::hangs);
            assertEquals(Collections.nCopies(100, 200), Load.statuses(proxy, 5, 20, recipe.requests().get(0)));
            assertTrue(mirror.mostInFlight() <= 8, "copies: " + mirror.mostInFlight());
            mirror.close();
            assertEquals(Collections.nCopies(50, 200), Load.statuses(proxy, 5, 10, recipe.requests().get(0)));
        }
    }

    @Test
    @DisplayName("Throttle by client")
    void throttle() throws Exception {
        try (Proxy proxy = cooked()) {
            List<Integer> statuses = Load.statuses(proxy, 4, 100, recipe.requests().get(0));
            long taken = statuses.stream().filter(status -> status == 200).count();
            assertTrue(taken >= 100 && taken < 400, taken + " of 400");
            assertEquals(Set.of(200, 429), new TreeSet<>(statuses));
            Await.until("it is refused", () -> {
                Message refused = curl(proxy);
                return refused.status() == 429 && refused.body().equals("Too many requests") && "1".equals(refused.value("Retry-After"));
            });
        }
    }

    @Test
    @DisplayName("A static answer")
    void staticAnswer() throws Exception {
        try (Proxy proxy = cooked()) {
            Message answer = curl(proxy);
            assertEquals("User-agent: *\nDisallow: /\n", answer.body());
            assertEquals("text/plain", answer.value("Content-Type"));
            assertEquals(0, proxy.unseen());
            assertEquals("ok", proxy.exchange("GET /other HTTP/1.1\r\nHost: a\r\n\r\n").body());
        }
    }

    @Test
    @DisplayName("A redirect")
    void redirect() throws Exception {
        try (Proxy proxy = cooked()) {
            Message answer = curl(proxy);
            assertEquals(301, answer.status());
            assertEquals("/new/page", answer.value("Location"));
            assertEquals("", answer.body());
            assertEquals(0, proxy.unseen());
        }
    }

    @Test
    @DisplayName("A maintenance page")
    void maintenance() throws Exception {
        try (Proxy proxy = cooked("proxy.deadline", "1")) {
            assertEquals("ok", curl(proxy).body());
            for (Upstream upstream : proxy.upstreams()) {
                upstream.close();
            }
            for (int i = 0; i < 5; i++) {
                Message page = curl(proxy);
                assertEquals(503, page.status());
                assertEquals("<h1>Back soon</h1>", page.body());
            }
            assertEquals(413, proxy.exchange("POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 99999999\r\n\r\n").status());
        }
    }

    @Test
    @DisplayName("Basic authentication")
    void basic() throws Exception {
        try (Proxy proxy = cooked()) {
            Message refused = curl(proxy);
            assertEquals(401, refused.status());
            assertEquals("Basic realm=\"proxy\"", refused.value("WWW-Authenticate"));
            assertEquals(0, proxy.unseen());
            assertEquals(200, proxy.exchange(recipe.requests().get(1)).status());
            assertFalse(proxy.seen().lines().toString().contains("Authorization"));
        }
    }

    @Test
    @DisplayName("Log a sample of bodies")
    void sample() throws Exception {
        try (Proxy proxy = cooked()) {
            assertEquals(Collections.nCopies(300, 200), Load.statuses(proxy, 2, 150, recipe.requests().get(0)));
            assertEquals("look at me", proxy.upstream(1).request().body());
        }
    }

    @Test
    @DisplayName("Transform a response")
    void transform() throws Exception {
        try (Proxy proxy = cooked()) {
            proxy.answering("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n16\r\n{\"n\":2, \"items\":[1, 2]\r\n1\r\n}\r\n0\r\n\r\n");
            assertEquals("[1,2]", curl(proxy).body());
            proxy.answering("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok");
            assertEquals("ok", curl(proxy).body());
            proxy.answering("HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
            assertEquals("{}", curl(proxy).body());
            proxy.answering("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nzip");
            assertEquals("zip", curl(proxy).body());
            proxy.answering("HTTP/1.1 304 Not Modified\r\nContent-Type: application/json\r\n\r\n");
            assertEquals(304, curl(proxy).status());
        }
    }

    @Test
    @DisplayName("Another patch of the body")
    void patch() throws Exception {
        try (Proxy proxy = cooked()) {
            curl(proxy);
            Message request = proxy.seen();
            assertTrue(request.body().matches("\\{\"n\":1,\"forwarded\":\"[^\"]*\",\"channel\":\"web\",\"customerId\":\"acme\"}"), request.body());
            proxy.exchange("POST / HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi");
            assertEquals("hi", proxy.seen().body());
            assertEquals(200, proxy.exchange("GET / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n\r\n").status());
            proxy.seen();
            proxy.exchange("POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nCache-Control: no-transform\r\nContent-Length: 2\r\n\r\n[]");
            assertEquals("[]", proxy.seen().body());
            proxy.exchange("POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
            assertFalse(proxy.seen().body().contains("customer"));
        }
    }
}
