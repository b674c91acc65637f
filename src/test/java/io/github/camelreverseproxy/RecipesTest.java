package io.github.camelreverseproxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.github.camelreverseproxy.wire.Load;
import io.github.camelreverseproxy.wire.Message;
import io.github.camelreverseproxy.wire.Proxy;
import io.github.camelreverseproxy.wire.Recipe;
import io.github.camelreverseproxy.wire.Upstream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What docs/recipes.md says is done, and its curls are sent. */
class RecipesTest extends RecipeFixture {
    @Test
    void everyRecipeHasATest() throws Exception {
        Set<String> tested = Stream.of(RecipesTest.class, BodyRecipesTest.class).flatMap(tests -> Arrays.stream(tests.getDeclaredMethods())).map(method -> method.getAnnotation(DisplayName.class))
                .filter(name -> name != null).map(DisplayName::value).collect(Collectors.toCollection(TreeSet::new));
        Set<String> elsewhere = Set.of("Under the Camel CLI", "Test your routes", "An upstream behind TLS with its own CA");
        tested.addAll(elsewhere);
        assertEquals(new TreeSet<>(Recipe.titles()), tested);
    }

    @Test
    void readme() throws Exception {
        recipe = Recipe.of(Path.of("README.md"), "Reroute traffic");
        try (Upstream reports = new Upstream(); Proxy proxy = cooked("upstream04.url", reports.url())) {
            assertEquals(200, curl(proxy).status());
            assertEquals("/reports/today", reports.request().target());
            Load.statuses(proxy, 1, 3, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            assertEquals(List.of(1, 1, 1), seen(proxy));
        }
    }

    /** Whatever YAML stands in the two files stands in a section that is tested. */
    @Test
    void noOtherYaml() throws Exception {
        String readme = Files.readString(Path.of("README.md"));
        int begin = readme.indexOf("\n## Reroute traffic\n");
        int end = readme.indexOf("\n## ", begin + 1);
        assertFalse((readme.substring(0, begin) + readme.substring(end)).contains("```yaml"));
    }

    @Test
    @DisplayName("A fourth upstream")
    void fourth() throws Exception {
        try (Upstream fourth = new Upstream(); Proxy proxy = cooked("upstream04.url", fourth.url())) {
            for (int i = 0; i < 8; i++) {
                assertEquals(200, curl(proxy).status());
            }
            assertEquals(List.of(2, 2, 2), seen(proxy));
            assertEquals(2, fourth.pending());
        }
    }

    @Test
    @DisplayName("A second pool by path")
    void secondPool() throws Exception {
        try (Proxy proxy = cooked()) {
            for (int i = 0; i < 6; i++) {
                assertEquals(200, proxy.exchange(recipe.requests().get(0)).status());
            }
            assertEquals(List.of(0, 3, 3), seen(proxy));
            for (int i = 0; i < 6; i++) {
                assertEquals(200, proxy.exchange(recipe.requests().get(1)).status());
            }
            assertEquals(List.of(2, 5, 5), seen(proxy));
            proxy.upstream(2).close();
            assertEquals(Collections.nCopies(20, 200), Load.statuses(proxy, 2, 10, recipe.requests().get(0)));
        }
    }

    @Test
    @DisplayName("Choice by host, header or method")
    void choice() throws Exception {
        try (Proxy proxy = cooked()) {
            for (int i = 0; i < 3; i++) {
                assertEquals(200, proxy.exchange(recipe.requests().get(i)).status());
                assertEquals(1, proxy.upstream(i + 1).pending());
            }
            Load.statuses(proxy, 1, 3, "GET / HTTP/1.1\r\nHost: other\r\n\r\n");
            assertEquals(List.of(2, 2, 2), seen(proxy));
        }
    }

    @Test
    @DisplayName("Choice by the body")
    void choiceByBody() throws Exception {
        try (Proxy proxy = cooked()) {
            Load.statuses(proxy, 1, 3, recipe.requests().get(0));
            assertEquals(List.of(0, 0, 3), seen(proxy));
            assertTrue(proxy.upstream(3).request().body().startsWith("{\"kind\": \"report\", \"n\": 1.0,\"forwarded\":"));
            Load.statuses(proxy, 1, 3, recipe.requests().get(0).replace("report", "letter"));
            Load.statuses(proxy, 1, 3, "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi");
            assertEquals(List.of(2, 2, 4), seen(proxy));
        }
    }

    @Test
    @DisplayName("Strip a prefix of the path")
    void strip() throws Exception {
        try (Proxy proxy = cooked()) {
            curl(proxy);
            assertEquals("/orders?id=7", proxy.seen().target());
            proxy.exchange("GET /api HTTP/1.1\r\nHost: a\r\n\r\n");
            assertEquals("/", proxy.seen().target());
            for (String other : List.of("/other/api/x", "/apiary/x")) {
                proxy.exchange("GET " + other + " HTTP/1.1\r\nHost: a\r\n\r\n");
                assertEquals(other, proxy.seen().target());
            }
        }
    }

    @Test
    @DisplayName("Fields of requests")
    void requestFields() throws Exception {
        try (Proxy proxy = cooked()) {
            curl(proxy);
            Message request = proxy.seen();
            assertEquals("production", request.value("X-Environment"));
            assertEquals("acme", request.value("X-Customer"));
            assertNull(request.value("X-Client"));
            assertNull(request.value("X-Debug-Level"));
        }
    }

    @Test
    @DisplayName("Fields of responses")
    void responseFields() throws Exception {
        try (Proxy proxy = cooked("proxy.deadline", "1")) {
            proxy.answering("HTTP/1.1 200 OK\r\nServer: secret/1.0\r\nContent-Length: 2\r\n\r\nok");
            Message response = curl(proxy);
            assertEquals("secret/1.0", response.value("X-Backend"));
            assertNull(response.value("Server"));
            assertEquals("DENY", response.value("X-Frame-Options"));
            for (Upstream upstream : proxy.upstreams()) {
                upstream.close();
            }
            Message error = curl(proxy);
            assertEquals(502, error.status());
            assertEquals("DENY", error.value("X-Frame-Options"));
        }
    }

    @Test
    @DisplayName("Weighted canary")
    void canary() throws Exception {
        try (Proxy proxy = cooked()) {
            Load.statuses(proxy, 1, 100, recipe.requests().get(0));
            assertEquals(List.of(80, 10, 10), seen(proxy));
            proxy.upstream(3).close();
            assertEquals(Collections.nCopies(90, 200), Load.statuses(proxy, 1, 90, recipe.requests().get(0)));
        }
    }

    @Test
    @DisplayName("Sticky by cookie")
    void sticky() throws Exception {
        try (Proxy proxy = cooked()) {
            Load.statuses(proxy, 1, 10, recipe.requests().get(0));
            assertTrue(seen(proxy).contains(10), seen(proxy).toString());
            Load.statuses(proxy, 1, 5, recipe.requests().get(0).replace("lang=en; SESSION=42", "SESSION=42"));
            assertTrue(seen(proxy).contains(15), "the same session: " + seen(proxy));
            proxy.upstreams().forEach(Upstream::forget);
            Load.statuses(proxy, 1, 9, "GET / HTTP/1.1\r\nHost: a\r\nCookie: lang=en; JSESSIONID=3\r\n\r\n");
            assertEquals(List.of(3, 3, 3), seen(proxy));
            proxy.upstreams().forEach(Upstream::forget);
            Load.statuses(proxy, 1, 5, "GET / HTTP/1.1\r\nHost: a\r\nCookie: lang=en\r\nCookie: SESSION=42\r\n\r\n");
            Load.statuses(proxy, 1, 5, recipe.requests().get(0));
            assertTrue(seen(proxy).contains(10), "two fields: " + seen(proxy));
        }
    }

    @Test
    @DisplayName("Failover")
    void failover() throws Exception {
        try (Proxy proxy = cooked()) {
            Load.statuses(proxy, 1, 10, recipe.requests().get(0));
            assertEquals(List.of(10, 0, 0), seen(proxy));
            proxy.upstream(1).close();
            assertEquals(Collections.nCopies(10, 200), Load.statuses(proxy, 1, 10, recipe.requests().get(0)));
            assertEquals(10, proxy.upstream(2).pending());
        }
    }
}
