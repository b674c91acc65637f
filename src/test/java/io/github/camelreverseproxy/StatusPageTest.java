package io.github.camelreverseproxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.camelreverseproxy.host.StartException;
import io.github.camelreverseproxy.wire.Await;
import io.github.camelreverseproxy.wire.Browser;
import io.github.camelreverseproxy.wire.Proxy;
import io.github.camelreverseproxy.wire.Upstream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The status page in Chromium. Without Debian's chromium and chromium-driver, or axe-core in target/axe, it is left out, unless
 * PROXY_TEST_BROWSER says that it is required.
 */
class StatusPageTest {
    private static final Path AXE = Path.of("target/axe/node_modules/axe-core/axe.min.js");
    private static final String GET = "GET /a HTTP/1.1\r\nHost: proxy\r\n\r\n";
    /** Within these the page has to have seen what has happened. */
    private static final long SECONDS = 2;

    @TempDir
    private Path directory;
    private Proxy proxy;
    private Browser browser;
    private Thread load;
    private volatile boolean loading = true;

    @BeforeAll
    static void isThere() {
        boolean required = "required".equals(System.getenv("PROXY_TEST_BROWSER"));
        assumeTrue(required || Browser.isThere() && Files.exists(AXE), "no Chromium, or no axe-core");
    }

    @BeforeEach
    void start() throws Exception {
        proxy = new Proxy("proxy.backoff.steps", "200").observed(directory).startGenerations();
        browser = new Browser().open("http://127.0.0.1:" + proxy.observed().port() + "/observe/");
        load = new Thread(() -> {
            while (loading) {
                try {
                    proxy.exchange(GET);
                    Thread.sleep(20);
                } catch (Exception e) {
                    throw new AssertionError(e);
                }
            }
        });
        load.start();
        Await.until("the upstreams are shown", () -> state(1).equals("closed"));
    }

    @AfterEach
    void stop() throws Exception {
        loading = false;
        load.join();
        List<String> complaints = browser.complaints().stream().filter(line -> !line.contains("ERR_CONNECTION")).toList();
        browser.close();
        proxy.close();
        assertEquals(List.of(), complaints);
    }

    private String state(int upstream) throws Exception {
        return browser.run("const row = document.querySelector('tr[data-upstream=\"upstream0" + upstream + "\"]'); return row ? row.dataset.state : ''").textValue();
    }

    private void awaitState(int upstream, String state) throws Exception {
        long begin = System.nanoTime();
        Await.until("upstream0" + upstream + " is shown as " + state, () -> state(upstream).equals(state));
        long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin);
        assertTrue(millis <= SECONDS * 1000, () -> "after " + millis + " ms");
    }

    @Test
    void killedUpstreamTurnsOpenAndBack() throws Exception {
        int port = proxy.upstream(2).port();
        proxy.upstream(2).close();
        awaitState(2, "open");
        assertTrue(browser.run("return document.querySelector('tr[data-upstream=upstream02]').textContent").textValue().contains("ConnectFailed"));
        assertEquals("true", browser.run("return document.getElementById('ready').dataset.ready").textValue());
        try (Upstream again = new Upstream(port)) {
            again.answering(Upstream.OK);
            awaitState(2, "closed");
        }
    }

    @Test
    void badEditShowsItsLine() throws Exception {
        proxy.withFile("more.camel.yaml", "- route: {from: {uri: 'direct:x', steps: [{too: y}]}}\n");
        assertThrows(StartException.class, () -> proxy.generations().reload("routes/more.camel.yaml"));
        Await.until("the line is shown", () -> browser.run("return [...document.querySelectorAll('.reload-error')].map(line => line.textContent).join()")
                .textValue().contains("more.camel.yaml:1: "));
    }

    @Test
    void sayWhenTheProxyIsGone() throws Exception {
        loading = false;
        load.join();
        proxy.generations().stop();
        Await.until("the page says so", () -> browser.run("const it = document.getElementById('stale'); return it && !it.hidden && it.textContent")
                .asText().contains("No answer since"));
    }

    @Test
    void whatComesFromOutsideIsText() throws Exception {
        proxy.withFile("more.camel.yaml", "- route:\n    id: \"<img src=x onerror=document.title='hit'>\"\n    description: \"<script>document.title='hit'</script>\"\n"
                + "    from: {uri: 'direct:x', steps: [{to: 'direct:upstreams'}]}\n").generations().reload();
        proxy.exchange("GET /<img/src=x/onerror=document.title='hit'> HTTP/1.1\r\n\r\n");
        Await.until("it is shown", () -> browser.run("return document.body.textContent").textValue().contains("<img src=x"));
        assertEquals(0, browser.run("return document.querySelectorAll('img, main script').length").intValue());
        assertFalse(browser.run("return document.title").textValue().contains("hit"));
    }

    @Test
    void everybodyCanReadIt() throws Exception {
        proxy.upstream(2).close();
        proxy.exchange("GET /refused HTTP/1.1\r\n\r\n");
        awaitState(2, "open");
        browser.run(Files.readString(AXE));
        for (int width : new int[] {1280, 390}) {
            for (boolean dark : new boolean[] {false, true}) {
                browser.looksLike(width, width == 390 ? 844 : 900, dark);
                Await.until("the width is right", () -> browser.run("return innerWidth").intValue() == width);
                JsonNode violations = browser.await("axe.run().then(found => found.violations.map(one => one.id + ': ' + one.nodes.map(node => node.html).join()))");
                assertTrue(violations.isArray() && violations.isEmpty(), () -> width + (dark ? " dark: " : " light: ") + violations);
                assertTrue(browser.run("return document.documentElement.scrollWidth <= innerWidth").booleanValue(), () -> "wider than " + width);
            }
        }
    }
}
