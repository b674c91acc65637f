package io.github.camelreverseproxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.camelreverseproxy.wire.Await;
import io.github.camelreverseproxy.wire.Connection;
import io.github.camelreverseproxy.wire.Message;
import io.github.camelreverseproxy.wire.Observed;
import io.github.camelreverseproxy.wire.Proxy;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Many requests, with upstreams that are killed, clients that leave, refusals of all kinds, and edits in between: what clients
 * and upstreams have counted, what the log says and what the metrics say is the same, to the last one.
 */
class AgreementTest {
    private static final int CLIENTS = 8;
    private static final int REQUESTS = 5_000;
    private static final int REFUSED_EVERY = 53;
    private static final int LEAVES_EVERY = 211;
    private static final int MOST_NUMBERS = 500;
    private static final String UPLOAD = "{\"a\":\"" + "x".repeat(100) + "\"}";
    /** Each gets an error, and ends its connection. */
    private static final List<String> REFUSED = List.of(
            "GET %s HTTP/1.1\r\n\r\n",
            "GET %s HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
            "TRACE %s HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET %s HTTP/2.0\r\nHost: a\r\n\r\n",
            "POST %s HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
            "POST %s HTTP/1.1\r\nHost: a\r\nExpect: wonders\r\nContent-Length: 0\r\n\r\n",
            "POST %s HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 99999999\r\n\r\n",
            "GET %s HTTP/1.1\r\nHost: a\r\nX: " + "x".repeat(40_000) + "\r\n\r\n",
            "GET %s?" + "x".repeat(10_000) + " HTTP/1.1\r\nHost: a\r\n\r\n",
            "POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
            "POST %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 3\r\n\r\n[1]",
            "POST %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 3\r\n\r\n{,}");

    @TempDir
    private Path directory;
    private final Map<Integer, AtomicInteger> seenByClients = new ConcurrentSkipListMap<>();
    private final AtomicInteger left = new AtomicInteger();

    /** Counts what it has answered, by status; answers nothing any more when it is killed, until it comes back. */
    private static final class Counting implements AutoCloseable {
        private final int port;
        private final Map<String, AtomicInteger> answered = new ConcurrentHashMap<>();
        private final AtomicInteger received = new AtomicInteger();
        private final Set<Socket> open = ConcurrentHashMap.newKeySet();
        private volatile ServerSocket server;

        Counting() throws IOException {
            port = Proxy.freePort();
            come();
        }

        void come() throws IOException {
            ServerSocket listening = new ServerSocket(port, 512, InetAddress.getLoopbackAddress());
            server = listening;
            Thread acceptor = new Thread(() -> {
                try {
                    while (true) {
                        Socket socket = listening.accept();
                        open.add(socket);
                        Thread thread = new Thread(() -> serve(socket));
                        thread.setDaemon(true);
                        thread.start();
                    }
                } catch (IOException e) {
                    // It was killed.
                }
            });
            acceptor.setDaemon(true);
            acceptor.start();
        }

        private void serve(Socket socket) {
            try (socket) {
                InputStream in = new BufferedInputStream(socket.getInputStream());
                while (true) {
                    Message request = Message.read(in, false);
                    received.incrementAndGet();
                    if (request.target().startsWith("/hangs")) {
                        socket.getInputStream().read();
                        return;
                    }
                    int status = Math.floorMod(request.target().hashCode(), 97) == 0 ? 404 : 200;
                    byte[] answer = ("HTTP/1.1 " + status + " Some\r\nContent-Length: 5\r\n\r\nhello").getBytes(StandardCharsets.US_ASCII);
                    synchronized (this) {
                        // Once killed, nothing is counted that may not arrive.
                        if (server.isClosed()) {
                            return;
                        }
                        socket.getOutputStream().write(answer);
                        answered.computeIfAbsent(status / 100 + "xx", key -> new AtomicInteger()).incrementAndGet();
                    }
                }
            } catch (IOException | AssertionError e) {
                // The proxy, or a kill, has ended it.
            } finally {
                open.remove(socket);
            }
        }

        /** What it has answered has gone out before. */
        synchronized void kill() throws IOException {
            server.close();
            for (Socket socket : open) {
                socket.shutdownOutput();
            }
        }

        @Override
        public void close() throws IOException {
            server.close();
            for (Socket socket : open) {
                socket.close();
            }
        }
    }

    private void count(Message answer) {
        seenByClients.computeIfAbsent(answer.status() / 100, key -> new AtomicInteger()).incrementAndGet();
    }

    private void client(int number, Proxy proxy) throws Exception {
        Connection kept = null;
        try {
            for (int i = 0; i < REQUESTS; i++) {
                String id = number + "/" + i;
                if (i % REFUSED_EVERY == 7) {
                    count(proxy.exchange(REFUSED.get(i / REFUSED_EVERY % REFUSED.size()).formatted("/refused/" + id)));
                } else if (i % LEAVES_EVERY == 11) {
                    leave(proxy, "/hangs/" + id);
                } else {
                    kept = kept == null ? proxy.connect() : kept;
                    kept.send(i % 3 == 0 ? "POST /post/" + id + " HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: " + UPLOAD.length() + "\r\n\r\n" + UPLOAD
                            : "GET /get/" + id + " HTTP/1.1\r\nHost: a\r\n\r\n");
                    Message answer = kept.receive();
                    count(answer);
                    if ("close".equals(answer.value("Connection"))) {
                        kept.close();
                        kept = null;
                    }
                }
            }
        } finally {
            if (kept != null) {
                kept.close();
            }
        }
    }

    /** When its request has come to an upstream, so that nothing can be answered any more. */
    private void leave(Proxy proxy, String target) throws Exception {
        try (Connection client = proxy.connect()) {
            client.send("GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n");
            Thread.sleep(20);
            if (client.hasSomething()) {
                count(client.receive());
                return;
            }
            client.reset();
            left.incrementAndGet();
        }
    }

    @Test
    void logMetricsAndUpstreamsAgree() throws Exception {
        try (Counting one = new Counting(); Counting two = new Counting(); Counting three = new Counting();
                Proxy proxy = new Proxy("proxy.backoff.steps", "50", "upstream01.concurrency", "0", "proxy.timeout.response", "5000")
                        .before("http://127.0.0.1:" + one.port, "http://127.0.0.1:" + two.port, "http://127.0.0.1:" + three.port)
                        .observed(directory).startGenerations()) {
            ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
            List<Future<?>> running = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                int number = i;
                running.add(clients.submit(() -> {
                    client(number, proxy);
                    return null;
                }));
            }
            List<Counting> all = List.of(one, two, three);
            for (int round = 0; running.stream().anyMatch(client -> !client.isDone()); round++) {
                Counting victim = all.get(round % 3);
                victim.kill();
                goOn(proxy, running);
                victim.come();
                Map<String, Double> scrape = proxy.observed().metrics();
                assertEquals(scrape.get("proxy_requests_begun_total"), scrape.get("proxy_requests_in_flight")
                        + scrape.entrySet().stream().filter(number -> number.getKey().startsWith("proxy_requests_total{")).mapToDouble(Map.Entry::getValue).sum());
                proxy.routes().reset("proxy.camel.yaml");
                if (round < 10) {
                    proxy.generations().reload();
                }
                goOn(proxy, running);
            }
            for (Future<?> client : running) {
                client.get(1, TimeUnit.SECONDS);
            }
            clients.shutdown();
            compare(all, proxy.observed());
        }
    }

    /** Some hundred requests. */
    private static void goOn(Proxy proxy, List<Future<?>> running) throws Exception {
        double seen = proxy.observed().sum("proxy_requests_begun_total");
        Await.until("requests go on", () -> proxy.observed().sum("proxy_requests_begun_total") > seen + 300 || running.stream().allMatch(Future::isDone));
    }

    private void compare(List<Counting> upstreams, Observed observed) throws Exception {
        int requests = CLIENTS * REQUESTS;
        Await.until("all have ended", () -> observed.sum("proxy_requests_in_flight") == 0);
        assertEquals(requests, observed.sum("proxy_requests_begun_total"));
        assertEquals(requests, observed.sum("proxy_requests_total"));
        assertEquals(0, observed.sum("proxy_access_log_dropped_total"));

        Map<String, Long> log = new TreeMap<>();
        observed.lines(requests).forEach(line -> add(log, line));
        Map<String, Long> metrics = new TreeMap<>();
        observed.metrics().forEach((name, value) -> {
            if (value > 0 && name.matches("proxy_(requests_total|attempts_total|failures_total|redeliveries_total|received_bytes_total|sent_bytes_total)(\\{.*)?")) {
                metrics.put(name, value.longValue());
            }
        });
        assertEquals(log, metrics);

        int gone = left.get();
        assertEquals((long) gone, metrics.get("proxy_failures_total{kind=\"ClientGone\"}"));
        for (int status = 2; status <= 5; status++) {
            AtomicInteger seen = seenByClients.getOrDefault(status, new AtomicInteger());
            assertEquals(seen.get() + (status == 4 ? gone : 0), observed.sum("proxy_requests_total", "status=\"" + status + "xx\""), status + "xx");
        }
        for (int i = 0; i < upstreams.size(); i++) {
            String name = "upstream=\"upstream0" + (i + 1) + '"';
            for (String status : List.of("2xx", "4xx")) {
                assertEquals(upstreams.get(i).answered.get(status).get(), observed.sum("proxy_attempts_total", name, "outcome=\"" + status + '"'), name + status);
            }
            double sent = observed.sum("proxy_attempts_total", name) - observed.sum("proxy_attempts_total", name, "outcome=\"ConnectFailed\"");
            assertTrue(upstreams.get(i).received.get() <= sent, name);
        }
        assertTrue(gone > 100 && log.keySet().stream().filter(key -> key.startsWith("proxy_failures_total")).count() >= 8, log::toString);
        assertTrue(observed.metrics().size() < MOST_NUMBERS, "no path has a number of its own");
        assertTrue(observed.sum("proxy_redeliveries_total") > 0 && observed.sum("proxy_attempts_total", "ConnectFailed") > 0, log::toString);
    }

    /** To what the log says, by the names of the metrics. */
    private static void add(Map<String, Long> to, JsonNode line) {
        JsonNode upstream = line.get("upstream");
        String method = line.get("method").asText("none");
        add(to, "proxy_requests_total{method=\"" + (line.get("method").isNull() ? "none" : method) + "\",status=\"" + line.get("status").intValue() / 100
                + "xx\",upstream=\"" + (upstream.isNull() ? "none" : upstream.textValue()) + "\"}", 1);
        if (!line.get("failure").isNull()) {
            add(to, "proxy_failures_total{kind=\"" + line.get("failure").textValue() + "\"}", 1);
        }
        boolean first = true;
        for (JsonNode attempt : line.get("attempts")) {
            String outcome = attempt.get("outcome").textValue();
            String name = attempt.get("upstream").textValue();
            add(to, "proxy_attempts_total{outcome=\"" + (outcome.matches("[0-9]+") ? outcome.charAt(0) + "xx" : outcome) + "\",upstream=\"" + name + "\"}", 1);
            if (!first) {
                add(to, "proxy_redeliveries_total{upstream=\"" + name + "\"}", 1);
            }
            first = false;
        }
        add(to, "proxy_received_bytes_total", line.get("bytes_in").longValue());
        add(to, "proxy_sent_bytes_total", line.get("bytes_out").longValue());
    }

    private static void add(Map<String, Long> to, String name, long value) {
        if (value > 0) {
            to.merge(name, value, Long::sum);
        }
    }
}
