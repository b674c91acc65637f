package io.github.camelreverseproxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import io.github.camelreverseproxy.wire.Await;
import io.github.camelreverseproxy.wire.Proxy;
import io.github.camelreverseproxy.wire.Connection;
import io.github.camelreverseproxy.wire.ProxyProcess;
import io.github.camelreverseproxy.wire.Recipe;
import io.github.camelreverseproxy.wire.RouteFiles;
import io.github.camelreverseproxy.wire.Upstream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The packaged jar, and the same routes under the Camel CLI: processes of their own, told what to do by files and environment. */
class PackagedIT extends InstalledFixture {
    private static final String SEED = "GET /anything HTTP/1.1\r\nHost: localhost:65535\r\nUser-Agent: curl/7.64.1\r\nAccept: */*\r\n"
            + "Content-Type: appliaction/json\r\nContent-Length: 18\r\n\r\n{\"snot\": \"badger\"}";

    private void answersTheSeed() throws Exception {
        for (int i = 1; i <= 3; i++) {
            assertEquals(200, Connection.exchange(port, SEED).status());
            var seen = upstream.request();
            assertEquals("{\"snot\": \"badger\",\"forwarded\":\"by=localhost:65535;host=localhost:65535;proto=http\"}", seen.body());
            assertEquals("by=localhost:65535;host=localhost:65535;proto=http", seen.value("Forwarded"));
            assertEquals(i == 3 ? "upstream03" : null, seen.value("X-Upstream"));
        }
    }

    @Test
    void environmentOverridesTheFile() throws Exception {
        try (ProxyProcess proxy = here.jar().started()) {
            answersTheSeed();
            proxy.terminate();
            int code = proxy.exitCode();
            assertTrue(code == 0 || code == 143, "exit code " + code);
            assertFalse(proxy.output().contains("httpbin"), "no demo");
        }
    }

    @Test
    void systemPropertyOverridesTheEnvironment() throws Exception {
        try (ProxyProcess proxy = here.set("PROXY_FORWARDED_BY", "environment").jar("-Dproxy.forwarded.by=property").started()) {
            Connection.exchange(port, GET);
            assertEquals("by=property;host=a;proto=http", upstream.request().value("Forwarded"));
        }
    }

    @Test
    void filesAreReplaceable() throws Exception {
        Path properties = directory.resolve("application.properties");
        Files.writeString(properties, "proxy.forwarded.by = file\n");
        Path route = directory.resolve("routes/upstreams.camel.yaml");
        Files.writeString(route, Files.readString(route).replace("value: \"X-Upstream: upstream03\"", "value: \"X-Upstream: edited\""));
        try (ProxyProcess proxy = here.jar().started()) {
            for (int i = 0; i < 3; i++) {
                Connection.exchange(port, GET);
            }
            upstream.request();
            upstream.request();
            var third = upstream.request();
            assertEquals("edited", third.value("X-Upstream"));
            assertEquals("by=file;host=a;proto=http", third.value("Forwarded"));
        }
    }

    @Test
    void logMayBeOnesOwn() throws Exception {
        Path file = Files.writeString(directory.resolve("own.xml"), "<configuration><appender name='own' class='ch.qos.logback.core.ConsoleAppender'><encoder>"
                + "<pattern>own %msg%n</pattern></encoder></appender><root level='INFO'><appender-ref ref='own'/></root></configuration>");
        try (ProxyProcess proxy = here.jar("-Dlogback.configurationFile=" + file).started()) {
            assertTrue(proxy.output().lines().allMatch(line -> line.startsWith("own ") || line.startsWith("WARNING: ")), proxy.output());
        }
    }

    @Test
    void mistakesStopTheStartInOneLine() throws Exception {
        Map<String, String> mistakes = Map.of("-Dproxy.port=99999", "proxy.port = 99999: ", "-Dproxy.backoff.steps=a,b", "proxy.backoff.steps = a,b: ",
                "-Dproxy.prot=1", "proxy.prot: there is no such property", "-Dupstream01.ulr=x", "upstream01.ulr: there is no such property");
        for (Map.Entry<String, String> mistake : mistakes.entrySet()) {
            try (ProxyProcess proxy = here.jar(mistake.getKey())) {
                assertEquals(2, proxy.exitCode(), proxy.output());
                List<String> complaints = proxy.output().lines().filter(line -> !line.contains(" INFO ") && !line.startsWith("WARNING: ")).toList();
                assertEquals(1, complaints.size(), proxy.output());
                assertTrue(complaints.get(0).startsWith("camel-reverse-proxy: " + mistake.getValue()), complaints.get(0));
            }
        }
    }

    /** In one line, without a stack trace, whatever it is. */
    @ParameterizedTest
    @ValueSource(strings = {"port", "address", "yaml", "bean", "routes"})
    void whatCannotBeStartedIsSaidInOneLine(String what) throws Exception {
        Path route = directory.resolve("routes/proxy.camel.yaml");
        try (ServerSocket taken = new ServerSocket(what.equals("port") ? port : 0, 1, InetAddress.getByName("127.0.0.1"))) {
            switch (what) {
                case "address" -> here.set("PROXY_HOST", "192.0.2.1");
                case "yaml" -> Files.writeString(route, Files.readString(route).replace("  steps:", "  stepz:"));
                case "bean" -> Files.writeString(route, Files.readString(route).replace("ref: bodyPatch", "ref: noSuchBean"));
                case "routes" -> Files.writeString(route, "- route: [");
                default -> { }
            }
            try (ProxyProcess proxy = here.jar()) {
                assertEquals(2, proxy.exitCode(), proxy.output());
                List<String> complaints = proxy.output().lines().filter(line -> !line.contains(" INFO ") && !line.startsWith("WARNING: ")).toList();
                assertEquals(1, complaints.size(), proxy.output());
                assertTrue(complaints.get(0).startsWith("camel-reverse-proxy: "), complaints.get(0));
                if (what.equals("port")) {
                    assertEquals("camel-reverse-proxy: proxy.host = 127.0.0.1, proxy.port = " + port + ": Address already in use", complaints.get(0));
                }
                assertTrue(taken.isBound());
            }
        }
    }

    @Test
    void floodOfFailuresIsAFewLinesOfLog() throws Exception {
        upstream.close();
        try (ProxyProcess proxy = here.set("PROXY_DEADLINE", "1").set("PROXY_BACKOFF_STEPS", "60000").set("PROXY_ACCESS_LOG", "off").jar().started();
             Connection client = new Connection(port)) {
            long before = proxy.output().lines().count();
            long start = System.nanoTime();
            for (int i = 0; i < 10_000; i++) {
                assertTrue(client.send(GET).receive().status() >= 502);
            }
            long seconds = 1 + (System.nanoTime() - start) / 1_000_000_000;
            long lines = proxy.output().lines().count() - before;
            assertTrue(lines <= 5 + 3 * seconds, lines + " lines in " + seconds + " s");
            assertFalse(proxy.output().contains("\tat "), "no stack traces");
            assertTrue(proxy.output().contains("failed to connect to the server (upstream0"), proxy.output());
        }
    }

    /** It is written to a pipe that is full. */
    @Test
    void outputThatNobodyReadsHoldsNobodyUp() throws Exception {
        int observe = Proxy.freePort();
        here.set("PROXY_OBSERVE_PORT", Integer.toString(observe)).set("PROXY_BACKOFF_STEPS", "1");
        List<String> command = List.of("sh", "-c", "mkfifo output && exec \"$0\" -jar \"$1\" > output", ProxyProcess.java(), System.getProperty("proxy-test.jar"));
        try (ProxyProcess proxy = here.run(command)) {
            Path pipe = here.directory().resolve("output");
            Await.until("the pipe is there", () -> Files.exists(pipe));
            try (InputStream nobody = new FileInputStream(pipe.toFile())) {
                String ready = "GET /observe/health/ready HTTP/1.1\r\nHost: localhost\r\n\r\n";
                Await.until("it is ready", () -> {
                    try {
                        return Connection.exchange(observe, ready).status() == 200;
                    } catch (IOException e) {
                        return false;
                    }
                });
                try (Connection client = new Connection(port)) {
                    for (int i = 0; i < 20_000; i++) {
                        assertEquals(200, client.send(GET).receive().status());
                    }
                    upstream.close();
                    for (int i = 0; i < 10; i++) {
                        assertTrue(client.send(GET).receive().status() >= 502);
                    }
                }
                String metrics = Connection.exchange(observe, ready.replace("health/ready", "metrics")).body();
                assertTrue(metrics.contains("proxy_requests_begun_total 20010.0"), metrics);
                assertFalse(metrics.contains("proxy_access_log_dropped_total 0.0"), metrics);
                assertTrue(nobody.available() > 0, "something is in the pipe");
                Path properties = directory.resolve("application.properties");
                Path file = directory.resolve("access.log");
                Files.writeString(properties, Files.readString(properties).replace("proxy.access-log.file =", "proxy.access-log.file = " + file));
                Await.until("there is a log", () -> Files.exists(file));
                Connection.exchange(port, GET);
                Await.until("a line is there", () -> Files.readAllLines(file).size() == 1);
                proxy.terminate();
                assertEquals(143, proxy.exitCode());
            }
        }
    }

    /** As in the README, but for the jar, which is not in a repository yet. */
    @Test
    void sameRoutesUnderTheCamelCli() throws Exception {
        Path launcher = Files.writeString(directory.resolve("CamelCli.java"), """
                public final class CamelCli {
                    public static void main(String[] args) throws Exception {
                        Class.forName("org.apache.camel.dsl.jbang.core.commands.CamelJBangMain")
                                .getMethod("run", String[].class).invoke(null, (Object) args);
                    }
                }
                """);
        List<String> command = new ArrayList<>(List.of(ProxyProcess.java(), "-XX:TieredStopAtLevel=1", "-Xmx256m", "-Duser.home=" + directory,
                "-Dmaven.repo.local=" + System.getProperty("proxy-test.repository"),
                "-cp", Files.readString(Path.of(System.getProperty("proxy-test.cli"))).strip(), launcher.toString(), "run"));
        Recipe pool = Recipe.of("A second pool by path").edit(new RouteFiles(directory.resolve("routes")));
        try (Stream<Path> routes = Files.list(directory.resolve("routes"))) {
            routes.map(Path::toString).forEach(command::add);
        }
        command.addAll(List.of("application.properties", System.getProperty("proxy-test.thin-jar"), "--kamelets-version=" + System.getProperty("proxy-test.camel"),
                "--logging-color=false", "--profile=prod", "--max-seconds=120"));
        try (ProxyProcess proxy = here.run(command).started()) {
            answersTheSeed();
            assertEquals(200, Connection.exchange(port, pool.requests().get(0)).status());
            assertEquals("/reports/today", upstream.request().target());
        }
    }
}
