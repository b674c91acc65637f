package io.github.camelreverseproxy.wire;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

/** Headless Chromium by way of its driver (W3C WebDriver, and what Chromium has beyond that). */
public final class Browser implements AutoCloseable {
    private static final Path DRIVER = Path.of("/usr/bin/chromedriver");
    private static final ObjectMapper JSON = new ObjectMapper();

    private final HttpClient http = HttpClient.newHttpClient();
    private final Process driver;
    private final String base;
    private String session = "";

    /** Whether there is one on this machine. */
    public static boolean isThere() {
        return Files.isExecutable(DRIVER);
    }

    public Browser() throws Exception {
        int port = Proxy.freePort();
        Path profile = Files.createTempDirectory(Path.of("target").toAbsolutePath(), "browser");
        driver = new ProcessBuilder(DRIVER.toString(), "--port=" + port).redirectErrorStream(true)
                .redirectOutput(profile.resolve("driver.log").toFile()).start();
        base = "http://127.0.0.1:" + port;
        Await.until("the driver has started", () -> driver.isAlive() && get(base + "/status").contains("\"ready\":true"));
        List<String> options = List.of("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
                "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--user-data-dir=" + profile.resolve("data"));
        session = "/session/" + post("/session", Map.of("capabilities", Map.of("alwaysMatch",
                Map.of("goog:chromeOptions", Map.of("args", options, "binary", "/usr/bin/chromium"), "goog:loggingPrefs", Map.of("browser", "ALL")))))
                .get("sessionId").textValue();
    }

    private String get(String url) {
        try {
            return http.send(HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.ofString()).body();
        } catch (IOException e) {
            return "";
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private JsonNode post(String path, Object body) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(base + session + path)).header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(JSON.writeValueAsString(body))).build();
        HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() != 200) {
            throw new AssertionError(path + ": " + answer.body());
        }
        return JSON.readTree(answer.body()).get("value");
    }

    public Browser open(String url) throws Exception {
        post("/url", Map.of("url", url));
        return this;
    }

    /** @param width in pixels; the page knows that a narrow one is a phone */
    public Browser looksLike(int width, int height, boolean dark) throws Exception {
        chromium("Emulation.setDeviceMetricsOverride", Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", width < 640));
        chromium("Emulation.setEmulatedMedia", Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", dark ? "dark" : "light"))));
        return this;
    }

    private void chromium(String command, Map<String, ?> parameters) throws Exception {
        post("/goog/cdp/execute", Map.of("cmd", command, "params", parameters));
    }

    /** What a script returns. */
    public JsonNode run(String script) throws Exception {
        return post("/execute/sync", Map.of("script", script, "args", List.of()));
    }

    /** What a promise comes to. */
    public JsonNode await(String promise) throws Exception {
        return post("/execute/async", Map.of("script", "const done = arguments[0]; (" + promise + ").then(done, e => done(String(e)))", "args", List.of()));
    }

    /** What the page has complained about so far. */
    public List<String> complaints() throws Exception {
        return post("/se/log", Map.of("type", "browser")).findValuesAsText("message");
    }

    @Override
    public void close() throws InterruptedException {
        try {
            http.send(HttpRequest.newBuilder(URI.create(base + session)).DELETE().build(), HttpResponse.BodyHandlers.discarding());
        } catch (IOException e) {
            // It is gone already.
        }
        driver.destroy();
        if (!driver.waitFor(10, TimeUnit.SECONDS)) {
            driver.destroyForcibly();
        }
    }
}
