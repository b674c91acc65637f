package io.github.camelreverseproxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.camelreverseproxy.wire.Await;
import io.github.camelreverseproxy.wire.Proxy;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Alert rules and dashboard: that they ask for metrics that there are, and say what to do. */
class MonitoringTest {
    private static final Path ALERTS = Path.of("deploy/prometheus/alerts.yaml");
    private static final Path DASHBOARD = Path.of("deploy/grafana/camel-reverse-proxy.json");
    private static final Set<String> names = new TreeSet<>();

    /** The names of the metrics of a proxy that runs, and has had failures and reloads. */
    private static Set<String> names() throws Exception {
        if (names.isEmpty()) {
            try (Proxy proxy = new Proxy().observed(Path.of("target")).startGenerations()) {
                proxy.upstream(1).close();
                for (int i = 0; i < 3; i++) {
                    proxy.exchange("GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
                }
                proxy.exchange("GET /no-host HTTP/1.1\r\n\r\n");
                proxy.generations().reload();
                System.gc();
                Await.until("a collection is counted", () -> proxy.observed().metrics().keySet().stream().anyMatch(name -> name.startsWith("jvm_gc_pause")));
                proxy.observed().metrics().keySet().forEach(name -> names.add(name.replaceFirst("\\{.*", "")));
            }
        }
        return names;
    }

    @Test
    void alertsSayWhatToDo() throws Exception {
        String operations = Files.readString(Path.of("docs/operations.md"));
        Set<String> alerts = new TreeSet<>();
        for (JsonNode rule : rules()) {
            String alert = rule.path("alert").asText();
            assertTrue(alerts.add(alert), alert);
            assertTrue(Set.of("warning", "critical").contains(rule.path("labels").path("severity").asText()), alert);
            assertFalse(rule.path("annotations").path("summary").asText().isBlank(), alert);
            assertFalse(rule.path("annotations").path("description").asText().isBlank(), alert);
            assertEquals("docs/operations.md#" + alert.toLowerCase(Locale.ROOT), rule.path("annotations").path("runbook").asText());
            assertTrue(Pattern.compile("(?m)^#+ " + alert + "$").matcher(operations).find(), "no heading " + alert);
        }
        assertFalse(alerts.isEmpty());
    }

    private static List<JsonNode> rules() throws Exception {
        List<JsonNode> rules = new ArrayList<>();
        KubernetesTest.yaml(ALERTS).path("groups").forEach(group -> group.path("rules").forEach(rules::add));
        return rules;
    }

    @Test
    void alertsAskForMetricsThatThereAre() throws Exception {
        Set<String> used = new TreeSet<>();
        for (JsonNode rule : rules()) {
            used.addAll(metrics(rule.path("expr").asText()));
        }
        assertTrue(used.remove("up"), "it is Prometheus' own");
        used.removeAll(names());
        assertEquals(Set.of(), used);
    }

    @Test
    void dashboardAsksForMetricsThatThereAre() throws Exception {
        JsonNode dashboard = KubernetesTest.yaml(DASHBOARD);
        Set<String> used = new TreeSet<>();
        for (JsonNode query : dashboard.findValues("expr")) {
            used.addAll(metrics(query.asText()));
        }
        for (JsonNode variable : dashboard.findValues("definition")) {
            Matcher values = Pattern.compile("label_values\\((.*), \\w+\\)").matcher(variable.asText());
            assertTrue(values.matches(), variable.asText());
            used.addAll(metrics(values.group(1)));
        }
        used.removeAll(names());
        assertEquals(Set.of(), used);
    }

    @Test
    void dashboardLeavesTheSourceToTheUser() throws Exception {
        JsonNode dashboard = KubernetesTest.yaml(DASHBOARD);
        assertEquals(Set.of("${datasource}"), dashboard.findValues("datasource").stream().map(source -> source.path("uid").asText()).collect(Collectors.toSet()));
        Set<String> titles = new TreeSet<>();
        Set<Integer> ids = new TreeSet<>();
        for (JsonNode panel : dashboard.path("panels")) {
            assertTrue(ids.add(panel.path("id").asInt()), panel.path("title").asText());
            if (panel.path("type").asText().equals("row")) {
                titles.add(panel.path("title").asText());
            } else {
                assertFalse(panel.path("description").asText().isBlank(), panel.path("title").asText());
                assertFalse(panel.path("fieldConfig").path("defaults").path("unit").asText().isBlank(), panel.path("title").asText());
            }
        }
        assertEquals(Set.of("Breakers", "JVM", "Limits", "Traffic", "Upstreams"), titles);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
            "a_total | a_total",
            "sum by (job, le) (rate(a_total{job=\"b_c\",x=~\"d\"}[5m])) / count(b{e=\"f\"}) > 0.05 and vector(1) | a_total,b",
            "a{b=\"}\"} / on (c) group_left (d) e offset 5m or 2 * f | a,e,f",
            "histogram_quantile(0.99, sum(rate(a_bucket[$__rate_interval])) by (le)) > 1e3 | a_bucket",
            "time() - (a > 0) | a"})
    void metricsOfAQueryAreFound(String query, String metrics) {
        assertEquals(new TreeSet<>(Set.of(metrics.split(","))), metrics(query));
    }

    /** What is left when strings, labels, ranges, functions, numbers and words of the language are gone. */
    static Set<String> metrics(String query) {
        String rest = query.replaceAll("\"[^\"]*\"", "").replaceAll("\\{[^}]*}", " ").replaceAll("\\[[^]]*]", " ")
                .replaceAll("\\b(by|without|on|ignoring|group_left|group_right)\\s*\\([^)]*\\)", " ")
                .replaceAll("\\b(and|or|unless|bool|offset)\\b", " ");
        Set<String> found = new TreeSet<>();
        Matcher name = Pattern.compile("(?<![\\w:.$])[a-zA-Z_:][\\w:]*+(?!\\s*\\()").matcher(rest);
        while (name.find()) {
            found.add(name.group());
        }
        return found;
    }
}
