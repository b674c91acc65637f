package io.github.camelreverseproxy.wire;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

/** What can be seen of a proxy from outside: its access log, as JSON in a file, and its management port. */
public final class Observed {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path log;
    private final int port;

    /** @param properties are given what the proxy needs for it */
    public Observed(Path directory, Map<String, String> properties) throws IOException {
        log = directory.resolve("access.log");
        port = Proxy.freePort();
        properties.put("proxy.access-log", "json");
        properties.put("proxy.access-log.file", log.toString());
        properties.put("proxy.observe.port", Integer.toString(port));
    }

    public int port() {
        return port;
    }

    public Path log() {
        return log;
    }

    /** All lines, once there are so many; each is a whole JSON object. */
    public List<JsonNode> lines(int count) throws Exception {
        Await.until(count + " lines in the log", () -> Files.exists(log) && Files.readAllLines(log).size() >= count);
        List<JsonNode> lines = new ArrayList<>();
        for (String line : Files.readAllLines(log)) {
            lines.add(JSON.readTree(line));
        }
        if (lines.size() != count) {
            throw new AssertionError(lines.size() + " lines instead of " + count + ": " + lines);
        }
        return lines;
    }

    public JsonNode line() throws Exception {
        return lines(1).get(0);
    }

    public Message get(String path) throws IOException {
        return Connection.exchange(port, "GET /observe/" + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    }

    public JsonNode json(String path) throws IOException {
        return JSON.readTree(get(path).body());
    }

    /** The values by name and labels, as in {@code proxy_requests_total{method="GET",...}}. */
    public Map<String, Double> metrics() throws IOException {
        Map<String, Double> values = new LinkedHashMap<>();
        get("metrics").body().lines().filter(line -> !line.startsWith("#")).forEach(line -> {
            int end = line.lastIndexOf(' ');
            values.put(line.substring(0, end), Double.valueOf(line.substring(end + 1)));
        });
        return values;
    }

    /** The sum of all values whose name and labels begin so and contain all of these. */
    public double sum(String name, String... labels) throws IOException {
        return metrics().entrySet().stream().filter(value -> value.getKey().equals(name) || value.getKey().startsWith(name + "{"))
                .filter(value -> List.of(labels).stream().allMatch(value.getKey()::contains)).mapToDouble(Map.Entry::getValue).sum();
    }
}
