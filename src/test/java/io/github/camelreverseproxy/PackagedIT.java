package io.github.camelreverseproxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.SocketException;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;

import io.github.camelreverseproxy.wire.Await;
import io.github.camelreverseproxy.wire.Proxy;
import io.github.camelreverseproxy.wire.Connection;
import io.github.camelreverseproxy.wire.Installation;
import io.github.camelreverseproxy.wire.Message;
import io.github.camelreverseproxy.wire.ProxyProcess;
import io.github.camelreverseproxy.wire.Recipe;
import io.github.camelreverseproxy.wire.RouteFiles;
import io.github.camelreverseproxy.wire.Upstream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The packaged jar, and the same routes under the Camel CLI: processes of their own, told what to do by files and environment. */
class PackagedIT {
    private static final String GET = "GET /anything HTTP/1.1\r\nHost: a\r\n\r\n";
    private static final String SEED = "GET /anything HTTP/1.1\r\nHost: localhost:65535\r\nUser-Agent: curl/7.64.1\r\nAccept: */*\r\n"
            + "Content-Type: appliaction/json\r\nContent-Length: 18\r\n\r\n{\"snot\": \"badger\"}";

    private final Installation here = new Installation();
    private final Upstream upstream = here.upstream();
    private final Path directory = here.directory();
    private final int port = here.port();

    @AfterEach
    void end() throws Exception {
        here.close();
    }

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
                proxy.terminate();
                assertEquals(143, proxy.exitCode());
            }
        }
    }

    /** More than the heap could hold, all at once: each is served, or refused with 503, and the process lives. */
    @ParameterizedTest
    @CsvSource({"256, 60, false", "512, 90, true"})
    void moreBodiesThanMemory(int heap, int clients, boolean whole) throws Exception {
        String body = "{\"a\":\"" + "x".repeat(9_999_000) + "\"}";
        String head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: " + body.length() + "\r\n\r\n";
        try (ProxyProcess proxy = here.jar("-Xmx" + heap + "m", "-XX:+ExitOnOutOfMemoryError").started()) {
            List<Connection> all = new ArrayList<>();
            ExecutorService threads = Executors.newFixedThreadPool(clients);
            List<Future<Integer>> statuses = new ArrayList<>();
            for (int i = 0; i < clients; i++) {
                Connection client = new Connection(port);
                all.add(client);
                statuses.add(threads.submit(() -> {
                    try {
                        client.send(head).send(whole ? body : body.substring(0, 9_000_000));
                        return whole ? client.receive().status() : 0;
                    } catch (SocketException e) {
                        // Refused while it was still being sent.
                        return 503;
                    }
                }));
            }
            for (Future<Integer> status : statuses) {
                assertTrue(List.of(0, 200, 503).contains(status.get()), status.get() + "");
                upstream.forget();
            }
            threads.shutdown();
            assertEquals(200, Connection.exchange(port, GET).status());
            for (Connection client : all) {
                client.close();
            }
            assertFalse(proxy.output().contains("OutOfMemory"), proxy.output());
        }
    }

    /** Again and again, and long before it fills the largest heap, which is what the serial collector of newer JDKs waits for. */
    @Test
    void garbageInTheTenuredSpaceIsCollected() throws Exception {
        String body = "{\"a\":\"" + "x".repeat(5_000_000) + "\"}";
        try (ProxyProcess proxy = here.jar("-XX:+UseSerialGC", "-Xmn4m", "-Xmx2g", "-Xlog:gc").started();
                Connection client = new Connection(port)) {
            String request = "PUT / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: " + body.length() + "\r\n\r\n" + body;
            int collections = 0;
            for (int i = 0; i < 5000 && collections < 3; i++) {
                assertEquals(200, client.send(request).receive().status());
                upstream.forget();
                collections = proxy.output().split("Pause Full \\(System.gc", -1).length - 1;
            }
            assertTrue(collections >= 3, proxy.output());
        }
    }

    /** Asks again and again: after a connection that it had no descriptor for, the listener takes no other one for a second. */
    private static Message until(int status, Connection client) throws Exception {
        Message response = client.send(GET).receive();
        for (int i = 0; i < 3000 && response.status() != status; i++) {
            Thread.sleep(10);
            response = client.send(GET).receive();
        }
        assertEquals(status, response.status(), response.body());
        return response;
    }

    /** Descriptors that the clients have taken all of: the answer is 503, and no upstream is blamed. */
    @ParameterizedTest
    @ValueSource(strings = {"event-loop", "camel-http"})
    void outOfDescriptors(String client) throws Exception {
        upstream.answering(Upstream.OK.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
        List<String> command = List.of("sh", "-c", "ulimit -n 250; exec \"$0\" -jar \"$1\"", ProxyProcess.java(), System.getProperty("proxy-test.jar"));
        try (ProxyProcess proxy = here.set("PROXY_CLIENT", client).run(command).started();
                Connection busy = new Connection(port)) {
            assertEquals(200, Connection.exchange(port, GET).status(), "the JDK itself needs a descriptor to close its first connection");
            List<Connection> idle = new ArrayList<>();
            for (int i = 0; i < 300; i++) {
                idle.add(new Connection(port));
            }
            Message refused = until(503, busy);
            assertTrue(refused.body().contains("Unavailable: too many requests in flight"), refused.body());
            for (Connection one : idle) {
                one.close();
            }
            until(200, busy);
            assertFalse(proxy.output().contains(" open for "), proxy.output());
            assertTrue(proxy.output().contains("too many requests in flight (upstream0"), proxy.output());
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
