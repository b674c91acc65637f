package io.github.camelreverseproxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

import io.github.camelreverseproxy.wire.Await;
import io.github.camelreverseproxy.wire.Connection;
import io.github.camelreverseproxy.wire.Message;
import io.github.camelreverseproxy.wire.Proxy;
import io.github.camelreverseproxy.wire.ProxyProcess;
import io.github.camelreverseproxy.wire.Upstream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the process does when memory or descriptors run out. */
class LimitsIT extends InstalledFixture {
    private static final String METRICS = "GET /observe/metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

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

    /** The file may have 32 KiB; when there is room again, lines go on. */
    @Test
    void diskThatIsFullLosesWholeLines() throws Exception {
        Path log = here.directory().resolve("access.log");
        int observe = Proxy.freePort();
        here.set("PROXY_OBSERVE_PORT", Integer.toString(observe)).set("PROXY_ACCESS_LOG", "json").set("PROXY_ACCESS_LOG_FILE", log.toString());
        List<String> command = List.of("sh", "-c", "ulimit -f 64; exec \"$0\" -XX:-UsePerfData -jar \"$1\"", ProxyProcess.java(), System.getProperty("proxy-test.jar"));
        try (ProxyProcess proxy = here.run(command).started(); Connection client = new Connection(port)) {
            for (int i = 0; i < 500; i++) {
                client.send(GET).receive();
            }
            Await.until("the file is full", () -> Files.size(log) == 32 * 1024);
            List<String> lines = new ArrayList<>(Files.readAllLines(log));
            Files.newByteChannel(log, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING).close();
            for (int i = 0; i < 20; i++) {
                client.send(GET).receive();
            }
            Await.until("each line is written or counted", () -> {
                List<String> all = new ArrayList<>(lines);
                all.addAll(Files.readAllLines(log));
                long whole = all.stream().filter(line -> line.startsWith("{\"time\"") && line.endsWith("}")).count();
                long torn = all.stream().filter(line -> !line.isEmpty()).count() - whole;
                assertTrue(torn <= 1, all::toString);
                return Connection.exchange(observe, METRICS).body().contains("\nproxy_access_log_dropped_total " + (520.0 - whole) + "\n");
            });
            assertTrue(Files.readAllLines(log).size() >= 20, "lines go on");
        }
    }

    /** The output may have 32 KiB; when there is room again, the log goes on, and says what is missing. */
    @Test
    void outputThatIsFullIsWrittenToAgain() throws Exception {
        Path output = directory.resolve("output.log");
        int observe = Proxy.freePort();
        here.set("PROXY_OBSERVE_PORT", Integer.toString(observe));
        List<String> command = List.of("sh", "-c", "ulimit -f 64; exec \"$0\" -XX:-UsePerfData -jar \"$1\" >> output.log", ProxyProcess.java(), System.getProperty("proxy-test.jar"));
        try (ProxyProcess proxy = here.run(command)) {
            Await.until("it runs", () -> Files.exists(output) && Files.readString(output).contains(") started in "));
            try (Connection client = new Connection(port)) {
                for (int i = 0; i < 500; i++) {
                    client.send(GET).receive();
                }
            }
            Await.until("the file is full", () -> Files.size(output) == 32 * 1024);
            proxy.hangUp();
            Await.until("that is not told", () -> Connection.exchange(observe, METRICS).body().contains("\nproxy_generation 2.0\n"));
            Files.newByteChannel(output, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING).close();
            proxy.hangUp();
            Await.until("the log goes on", () -> Files.readString(output).contains("INFO  Generations - Generation 3"));
            Await.until("what is missing is told", () -> Files.readString(output).matches("(?s).*at least [1-9][0-9]* lines of the log are missing.*"));
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
}
