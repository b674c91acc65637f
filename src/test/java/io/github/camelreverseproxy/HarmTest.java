package io.github.camelreverseproxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

import io.github.camelreverseproxy.wire.Connection;
import io.github.camelreverseproxy.wire.Load;
import io.github.camelreverseproxy.wire.Message;
import io.github.camelreverseproxy.wire.Proxy;
import io.github.camelreverseproxy.wire.Upstream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a request that upstreams do not survive, or one that takes long, costs the requests of others: nothing. */
class HarmTest {
    private static final String GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    private static final String CRASH = "GET /crash HTTP/1.1\r\nHost: a\r\n\r\n";
    private static final String SLOW = "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n";

    private static void allOk(List<Integer> statuses) {
        assertEquals(List.of(200), statuses.stream().distinct().toList());
    }

    /** To one path the upstreams answer in this way, to all others well. */
    private static Upstream.Behaviour at(String path, Upstream.Behaviour behaviour) {
        return (request, out) -> request.target().equals(path) ? behaviour.answer(request, out) : Upstream.bytes(Upstream.OK).answer(request, out);
    }

    private static Upstream.Behaviour poison(String answer) {
        return at("/crash", (request, out) -> {
            Upstream.bytes(answer).answer(request, out);
            return false;
        });
    }

    @Test
    void requestThatEndsEachConnectionIsSentToEachUpstreamOnce() throws Exception {
        try (Proxy proxy = new Proxy().start()) {
            proxy.behaving(poison(""));
            assertEquals(502, proxy.exchange(CRASH).status());
            assertEquals(List.of(1, 1, 1), proxy.upstreams().stream().map(Upstream::pending).toList());
            allOk(Load.statuses(proxy, 1, 30, GET));
            proxy.upstreams().forEach(Upstream::forget);
            // On connections that have been used before the first one may have been closed for another reason.
            assertEquals(502, proxy.exchange(CRASH).status());
            assertTrue(proxy.unseen() <= 4, proxy.unseen() + " times");
        }
    }

    /** Not even if it is repeated, on an idle site and among others' requests, of any method. */
    @ParameterizedTest
    @ValueSource(strings = {"", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "garbage\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"})
    void requestThatNoUpstreamSurvivesHarmsNobody(String answer) throws Exception {
        try (Proxy proxy = new Proxy("proxy.max-response-body", "1000").start()) {
            proxy.behaving(poison(answer));
            for (int i = 0; i < 12; i++) {
                assertEquals(502, proxy.exchange(CRASH).status());
                assertEquals(200, proxy.exchange(GET).status());
                assertEquals(200, proxy.exchange(GET.replace("GET", "POST")).status());
            }
            ExecutorService crasher = Executors.newSingleThreadExecutor();
            CountDownLatch done = new CountDownLatch(1);
            Future<Integer> crashes = crasher.submit(() -> {
                int count = 0;
                while (done.getCount() > 0) {
                    assertEquals(502, proxy.exchange(CRASH).status());
                    count++;
                }
                return count;
            });
            allOk(Load.statuses(proxy, 8, 200, GET));
            done.countDown();
            assertTrue(crashes.get() > 0);
            crasher.shutdown();
        }
    }

    @Test
    void answersOverTheCapSayNothingOfTheUpstream() throws Exception {
        try (Proxy proxy = new Proxy("proxy.max-response-body", "1000", "proxy.backoff.steps", "60000", "proxy.backoff.failures", "1").start()) {
            proxy.answeredBy(route -> route.to("direct:next-upstream").process("wholeBody"));
            proxy.behaving(poison("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n" + "x".repeat(2000) + "\r\n"));
            for (int i = 0; i < 9; i++) {
                assertEquals(502, proxy.exchange(CRASH).status());
            }
            assertEquals(9, proxy.unseen(), "each was sent once");
            proxy.upstreams().forEach(Upstream::forget);
            allOk(Load.statuses(proxy, 1, 30, GET));
            assertEquals(List.of(10, 10, 10), proxy.upstreams().stream().map(Upstream::pending).toList(), "no breaker is open");
        }
    }

    /** All breakers are open, and the probes do not end. */
    @Test
    void slowProbeKeepsNobodyOut() throws Exception {
        try (Proxy proxy = new Proxy("proxy.backoff.steps", "100,60000", "proxy.deadline", "1").start()) {
            CountDownLatch release = new CountDownLatch(1);
            List<Integer> ports = proxy.upstreams().stream().map(Upstream::port).toList();
            for (Upstream upstream : proxy.upstreams()) {
                upstream.close();
            }
            assertEquals(502, proxy.exchange(GET).status());
            List<Upstream> back = new ArrayList<>();
            for (int port : ports) {
                back.add(new Upstream(port).behaving(at("/slow", (request, out) -> {
                    release.await();
                    return Upstream.bytes(Upstream.OK).answer(request, out);
                })));
            }
            List<Connection> slow = new ArrayList<>();
            while (back.stream().mapToInt(Upstream::pending).sum() < 3) {
                slow.add(proxy.connect().send(SLOW));
                Thread.sleep(50);
            }
            Message refused = proxy.exchange(GET);
            assertEquals(503, refused.status());
            assertEquals("1", refused.value("Retry-After"));
            int status = 503;
            for (int i = 0; i < 100 && status == 503; i++) {
                Thread.sleep(50);
                status = proxy.exchange(GET).status();
            }
            assertEquals(200, status, "after a second another probe is made");
            release.countDown();
            for (Connection client : slow) {
                client.close();
            }
            for (Upstream upstream : back) {
                upstream.close();
            }
        }
    }

    @Test
    void upstreamsThatHangCostTheTotalTime() throws Exception {
        try (Proxy proxy = new Proxy("proxy.timeout.response", "700", "proxy.timeout.total", "1000").start()) {
            proxy.behaving((request, out) -> {
                new CountDownLatch(1).await();
                return false;
            });
            long begin = System.nanoTime();
            assertEquals(504, proxy.exchange(GET).status());
            long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin);
            assertTrue(millis >= 1000 && millis < 2000, millis + " ms");
            assertEquals(2, proxy.unseen(), "the first time-out leaves time for one more attempt");
        }
    }

    /** An upstream that takes one request more on a connection, and closes it. */
    @Test
    void pooledConnectionThatIsClosedBlamesNobody() throws Exception {
        try (ServerSocket server = new ServerSocket(0)) {
            Thread upstream = new Thread(() -> {
                while (!server.isClosed()) {
                    try (Socket socket = server.accept()) {
                        Message.read(socket.getInputStream(), false);
                        socket.getOutputStream().write(Upstream.OK.getBytes());
                        Message.read(socket.getInputStream(), false);
                    } catch (Exception e) {
                        // closed
                    }
                }
            });
            upstream.setDaemon(true);
            upstream.start();
            String url = "http://127.0.0.1:" + server.getLocalPort();
            try (Proxy proxy = new Proxy("proxy.backoff.failures", "1", "proxy.backoff.steps", "60000").before(url, "http://127.0.0.1:1", "http://127.0.0.1:1").start();
                    Connection client = proxy.connect()) {
                assertEquals(200, client.send(GET).receive().status());
                Message lost = client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx").receive();
                assertEquals(502, lost.status());
                assertTrue(lost.body().contains("NoResponse: "), lost.body());
                for (int i = 0; i < 5; i++) {
                    assertEquals(200, client.send(GET).receive().status(), "sent again by a new connection");
                }
            }
        }
    }

    /** While others answer, nothing more goes to one that is silent; not when it is the only one that is left. */
    @Test
    void silentUpstreamIsPassedBy() throws Exception {
        try (Proxy proxy = new Proxy("proxy.backoff.silence", "200").start(); Connection client = proxy.connect()) {
            CountDownLatch release = new CountDownLatch(1);
            proxy.behaving(at("/slow", (request, out) -> {
                release.await();
                return Upstream.bytes(Upstream.OK).answer(request, out);
            }));
            client.send(SLOW);
            proxy.seen();
            Thread.sleep(300);
            allOk(Load.statuses(proxy, 4, 25, GET.replace("GET", "POST")));
            assertEquals(List.of(0, 50, 50), proxy.upstreams().stream().map(Upstream::pending).toList());
            proxy.upstream(2).close();
            proxy.upstream(3).close();
            assertEquals(200, proxy.exchange(GET).status());
            release.countDown();
            assertEquals(200, client.receive().status());
        }
    }

    /** With many clients it would otherwise hold all of them before it is silent for long. */
    @Test
    void upstreamThatHangsHoldsHalfOfTheClientsAtMost() throws Exception {
        try (Proxy proxy = new Proxy().start()) {
            allOk(Load.statuses(proxy, 8, 300, GET));
            proxy.upstreams().forEach(Upstream::forget);
            CountDownLatch release = new CountDownLatch(1);
            proxy.upstream(3).behaving((request, out) -> {
                release.await();
                return Upstream.bytes(Upstream.OK).answer(request, out);
            });
            ExecutorService threads = Executors.newSingleThreadExecutor();
            Future<List<Integer>> load = threads.submit(() -> Load.statuses(proxy, 48, 60, GET));
            while (proxy.upstream(1).pending() + proxy.upstream(2).pending() < 900) {
                Thread.onSpinWait();
            }
            assertTrue(proxy.upstream(3).pending() <= 36, proxy.upstream(3).pending() + " of 48 clients wait");
            release.countDown();
            allOk(load.get());
            threads.shutdown();
        }
    }

    @Test
    void retryAfterTellsTheTimeToTheNextProbe() throws Exception {
        for (Map.Entry<String, String> step : Map.of("2500", "3", "60000", "60", "100", "1").entrySet()) {
            String none = "http://127.0.0.1:" + Proxy.freePort();
            try (Proxy proxy = new Proxy("proxy.backoff.steps", step.getKey(), "proxy.deadline", "1").before(none, none, none).start()) {
                assertEquals(502, proxy.exchange(GET).status());
                assertEquals(step.getValue(), proxy.exchange(GET).value("Retry-After"));
            }
        }
    }

    /** From the head on an upstream answers: neither the total time nor the breaker's patience is for the body. */
    @Test
    void bodyThatTakesItsTimeIsNoFailure() throws Exception {
        try (Proxy proxy = new Proxy("proxy.timeout.total", "300", "proxy.backoff.timeout", "200", "proxy.backoff.silence", "200",
                "proxy.backoff.failures", "1", "proxy.backoff.steps", "60000").start()) {
            proxy.behaving(at("/large", (request, out) -> {
                out.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n".getBytes());
                for (int i = 0; i < 10; i++) {
                    out.write('x');
                    Thread.sleep(100);
                }
                return true;
            }));
            for (int i = 0; i < 3; i++) {
                assertEquals("xxxxxxxxxx", proxy.exchange("GET /large HTTP/1.1\r\nHost: a\r\n\r\n").body());
            }
            proxy.upstreams().forEach(Upstream::forget);
            allOk(Load.statuses(proxy, 1, 30, GET));
            assertEquals(List.of(10, 10, 10), proxy.upstreams().stream().map(Upstream::pending).toList(), "no breaker is open");
        }
    }
}
