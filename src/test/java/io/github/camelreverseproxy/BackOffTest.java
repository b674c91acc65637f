package io.github.camelreverseproxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.camelreverseproxy.wire.Await;
import io.github.camelreverseproxy.wire.Connection;
import io.github.camelreverseproxy.wire.Load;
import io.github.camelreverseproxy.wire.Message;
import io.github.camelreverseproxy.wire.Proxy;
import io.github.camelreverseproxy.wire.Upstream;
import org.junit.jupiter.api.Test;

/** When an upstream is left alone, for how long, and what brings it back. */
class BackOffTest {
    private static final String GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    private static final String FAULT = "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 5\r\n\r\nfault";

    private static void allOk(List<Integer> statuses) {
        assertEquals(List.of(200), statuses.stream().distinct().toList());
    }

    @Test
    void failingAnswersInARowOpenTheBreaker() throws Exception {
        try (Proxy proxy = new Proxy("proxy.backoff.steps", "60000").start(); Connection client = proxy.connect()) {
            proxy.upstream(2).answering(FAULT);
            int faults = 0;
            for (int i = 0; i < 60; i++) {
                faults += client.send(GET).receive().status() == 500 ? 1 : 0;
            }
            assertEquals(3, faults);
            assertEquals(3, proxy.upstream(2).pending());
        }
    }

    @Test
    void seedsRule() throws Exception {
        try (Proxy proxy = new Proxy("proxy.backoff.steps", "60000", "proxy.backoff.status", "400-599", "proxy.backoff.failures", "1").start(); Connection client = proxy.connect()) {
            proxy.upstream(2).answering("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
            for (int i = 0; i < 30; i++) {
                client.send(GET).receive();
            }
            assertEquals(1, proxy.upstream(2).pending());
        }
    }

    @Test
    void clientsErrorsAreNoFailures() throws Exception {
        try (Proxy proxy = new Proxy().start(); Connection client = proxy.connect()) {
            proxy.answering("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
            for (int i = 0; i < 30; i++) {
                client.send(GET).receive();
            }
            assertEquals(List.of(10, 10, 10), proxy.upstreams().stream().map(Upstream::pending).toList());
        }
    }

    @Test
    void slowAnswersAreFailuresThatTheClientGets() throws Exception {
        try (Proxy proxy = new Proxy("proxy.backoff.steps", "60000", "proxy.backoff.timeout", "50").start(); Connection client = proxy.connect()) {
            proxy.upstream(2).behaving((request, out) -> {
                Thread.sleep(100);
                return Upstream.bytes(Upstream.OK).answer(request, out);
            });
            for (int i = 0; i < 30; i++) {
                assertEquals(200, client.send(GET).receive().status());
            }
            assertEquals(3, proxy.upstream(2).pending());
        }
    }

    /** A broken page never takes a site down: with every breaker open by statuses, requests still get the upstreams' answers. */
    @Test
    void openUpstreamThatAnswersIsTheLastResort() throws Exception {
        try (Proxy proxy = new Proxy("proxy.backoff.steps", "60000").start()) {
            proxy.answering(FAULT);
            List<Integer> statuses = Load.statuses(proxy, 8, 50, GET);
            assertEquals(List.of(500), statuses.stream().distinct().toList());
            assertEquals(400, proxy.unseen());
            proxy.answering(Upstream.OK);
            allOk(Load.statuses(proxy, 8, 10, GET));
        }
    }

    @Test
    void aThirdOfTheAnswersAreFaults() throws Exception {
        try (Proxy proxy = new Proxy().start()) {
            AtomicInteger count = new AtomicInteger();
            proxy.behaving((request, out) -> Upstream.bytes(count.incrementAndGet() % 3 == 0 ? FAULT : Upstream.OK).answer(request, out));
            List<Integer> statuses = Load.statuses(proxy, 16, 100, GET);
            assertTrue(statuses.stream().allMatch(status -> status == 200 || status == 500));
            assertEquals(1600, proxy.unseen());
        }
    }

    /** Each wait is at least its step, and while it lasts nothing comes, however many clients there are. */
    @Test
    void probesComeOneAtATimeAfterTheSteps() throws Exception {
        long[] steps = {100, 200, 400, 400};
        try (Proxy proxy = new Proxy("proxy.backoff.steps", "100,200,400", "proxy.backoff.failures", "1").start()) {
            Queue<Long> arrivals = new ConcurrentLinkedQueue<>();
            AtomicInteger atOnce = new AtomicInteger();
            AtomicInteger most = new AtomicInteger();
            proxy.upstream(2).behaving((request, out) -> {
                arrivals.add(System.nanoTime());
                most.accumulateAndGet(atOnce.incrementAndGet(), Math::max);
                Thread.sleep(30);
                atOnce.decrementAndGet();
                return false;
            });
            proxy.exchange(GET);
            proxy.exchange(GET);
            ExecutorService clients = Executors.newFixedThreadPool(64);
            CountDownLatch seen = new CountDownLatch(1);
            List<Future<?>> done = new ArrayList<>();
            for (int c = 0; c < 64; c++) {
                done.add(clients.submit(() -> {
                    try (Connection client = proxy.connect()) {
                        while (seen.getCount() > 0) {
                            assertEquals(200, client.send(GET).receive().status());
                        }
                    }
                    return null;
                }));
            }
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
            while (arrivals.size() < 5 && System.nanoTime() < end) {
                Thread.onSpinWait();
            }
            seen.countDown();
            clients.shutdown();
            for (Future<?> client : done) {
                client.get(30, TimeUnit.SECONDS);
            }
            assertEquals(1, most.get(), "probes at once");
            List<Long> times = new ArrayList<>(arrivals);
            for (int i = 0; i < 4; i++) {
                long waited = TimeUnit.NANOSECONDS.toMillis(times.get(i + 1) - times.get(i));
                assertTrue(waited >= steps[i], "waited " + waited + " ms for step " + i);
            }
        }
    }

    @Test
    void probeThatIsAnsweredClosesTheBreaker() throws Exception {
        try (Proxy proxy = new Proxy("proxy.backoff.steps", "50").start(); Connection client = proxy.connect()) {
            proxy.upstream(2).behaving((request, out) -> false);
            while (proxy.upstream(2).pending() < 2) {
                assertEquals(200, client.send(GET).receive().status());
            }
            proxy.upstream(2).answering(Upstream.OK).forget();
            while (proxy.upstream(2).pending() < 1) {
                assertEquals(200, client.send(GET).receive().status());
            }
            proxy.upstreams().forEach(Upstream::forget);
            for (int i = 0; i < 30; i++) {
                assertEquals(200, client.send(GET).receive().status());
            }
            assertEquals(List.of(10, 10, 10), proxy.upstreams().stream().map(Upstream::pending).toList());
        }
    }

    @Test
    void upstreamThatNeverAnswersCostsThreeTimeouts() throws Exception {
        try (Proxy proxy = new Proxy("proxy.timeout.response", "300", "proxy.backoff.steps", "60000").start(); Connection client = proxy.connect()) {
            proxy.upstream(2).behaving((request, out) -> {
                new CountDownLatch(1).await();
                return false;
            });
            for (int i = 0; i < 30; i++) {
                assertEquals(200, client.send(GET).receive().status());
            }
            assertEquals(3, proxy.upstream(2).pending());
        }
    }

    @Test
    void activeCheckTakesThePlaceOfClientsProbes() throws Exception {
        try (Proxy proxy = new Proxy("proxy.backoff.steps", "50", "proxy.backoff.failures", "1", "upstream02.check.path", "/health?x", "upstream02.check.interval", "20").start(); Connection client = proxy.connect()) {
            proxy.upstream(2).behaving((request, out) -> false);
            for (int i = 0; i < 3; i++) {
                assertEquals(200, client.send(GET).receive().status());
            }
            assertEquals("GET / HTTP/1.1", proxy.upstream(2).request().start());
            for (int i = 0; i < 3; i++) {
                Message check = proxy.upstream(2).request();
                assertEquals("GET /health?x HTTP/1.1", check.start());
                assertEquals(200, client.send(GET).receive().status());
            }
            proxy.upstream(2).answering(Upstream.OK);
            Message next = proxy.upstream(2).request();
            while (next.target().equals("/health?x")) {
                client.send(GET).receive();
                client.send(GET).receive();
                client.send(GET).receive();
                next = proxy.upstream(2).request();
            }
            assertEquals("/", next.target());
        }
    }

    /** Nobody reads what the check gets. */
    @Test
    void checksMayBeAnsweredByStreams() throws Exception {
        try (Proxy proxy = new Proxy("proxy.backoff.steps", "20", "proxy.backoff.failures", "1", "upstream01.check.path", "/health", "upstream01.check.interval", "10").start()) {
            proxy.upstream(1).behaving((request, out) -> {
                out.write("HTTP/1.1 503 Service Unavailable\r\nTransfer-Encoding: chunked\r\n\r\n".getBytes());
                out.flush();
                Thread.sleep(20);
                out.write("2\r\nno\r\n0\r\n\r\n".getBytes());
                return true;
            });
            proxy.exchange(GET);
            Await.until("there are more checks than it takes requests at once", () -> proxy.upstream(1).pending() > 20);
            proxy.answering(Upstream.OK);
            Await.until("it has its turn again", () -> proxy.exchange(GET).status() == 200 && proxy.upstream(1).pending() > 3);
        }
    }
}
