package io.github.camelreverseproxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.camelreverseproxy.message.Failure;
import io.github.camelreverseproxy.message.ProxyException;
import io.github.camelreverseproxy.wire.Load;
import io.github.camelreverseproxy.wire.Message;
import io.github.camelreverseproxy.wire.Proxy;
import io.github.camelreverseproxy.wire.Upstream;
import org.apache.camel.builder.RouteBuilder;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What clients notice of upstreams that fail: nothing, wherever a request may be sent again. */
class ResilienceTest {
    private static final String GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    private static final String POST = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx";
    private static final String FAULT = "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 5\r\n\r\nfault";

    private static void allOk(List<Integer> statuses) {
        assertEquals(List.of(200), statuses.stream().distinct().toList());
    }

    @Test
    void deadUpstreamsCostNothing() throws Exception {
        for (int dead = 1; dead <= 2; dead++) {
            try (Proxy proxy = new Proxy().start()) {
                for (int i = 0; i < dead; i++) {
                    proxy.upstream(i + 1).close();
                }
                allOk(Load.statuses(proxy, 8, 50, GET));
                allOk(Load.statuses(proxy, 8, 50, POST));
                assertEquals(800, proxy.unseen());
            }
        }
    }

    @Test
    void killedUnderLoadAndBack() throws Exception {
        try (Proxy proxy = new Proxy("proxy.backoff.steps", "50").start()) {
            int port = proxy.upstream(2).port();
            ExecutorService killer = Executors.newSingleThreadExecutor();
            CountDownLatch done = new CountDownLatch(1);
            Future<Integer> kills = killer.submit(() -> {
                int count = 0;
                Upstream second = proxy.upstream(2);
                while (done.getCount() > 0) {
                    second.close();
                    count++;
                    done.await(60, TimeUnit.MILLISECONDS);
                    second = new Upstream(port);
                    done.await(60, TimeUnit.MILLISECONDS);
                }
                second.close();
                return count;
            });
            allOk(Load.statuses(proxy, 16, 400, GET));
            done.countDown();
            assertTrue(kills.get() > 2, kills.get() + " kills");
            killer.shutdown();
        }
    }

    @Test
    void postThatWasSentIsNotSentAgain() throws Exception {
        try (Proxy proxy = new Proxy().start()) {
            proxy.behaving((request, out) -> false);
            Message response = proxy.exchange(POST);
            assertEquals(502, response.status());
            assertTrue(response.body().startsWith("{\"error\":\"NoResponse: "), response.body());
            assertEquals("POST / HTTP/1.1", proxy.seen().start());
            assertEquals(0, proxy.unseen());
        }
    }

    @Tag("event-loop")
    @Test
    void idempotentRequestThatWasSentIsSentToEachOther() throws Exception {
        for (String method : List.of("GET", "HEAD", "PUT", "DELETE", "OPTIONS")) {
            try (Proxy proxy = new Proxy().start()) {
                proxy.upstream(1).behaving((request, out) -> false);
                proxy.upstream(2).behaving((request, out) -> false);
                Message response = proxy.exchange(method + " /x HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx");
                assertEquals(200, response.status());
                for (Upstream upstream : proxy.upstreams()) {
                    Message seen = upstream.request();
                    assertEquals(method + " /x HTTP/1.1", seen.start());
                    assertEquals("x", seen.body());
                }
            }
        }
    }

    /** Nothing of it has gone to the client. */
    @Test
    void responseThatBreaksOffIsAnotherUpstreamsToGive() throws Exception {
        for (String begun : List.of("H", "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nab", "HTTP/1.1 102 Processing\r\n\r\n")) {
            try (Proxy proxy = new Proxy().start()) {
                proxy.upstream(1).behaving((request, out) -> {
                    Upstream.bytes(begun).answer(request, out);
                    return false;
                });
                assertEquals(200, proxy.exchange(GET).status(), begun);
                assertEquals(1, proxy.upstream(1).pending());
                assertEquals(1, proxy.upstream(2).pending());
                proxy.behaving((request, out) -> {
                    Upstream.bytes(begun).answer(request, out);
                    return false;
                });
                assertEquals(502, proxy.exchange(POST).status(), begun);
                proxy.seen();
                assertEquals(0, proxy.unseen());
            }
        }
    }

    @Test
    void statusIsNeverSentAgain() throws Exception {
        try (Proxy proxy = new Proxy().start()) {
            proxy.answering(FAULT);
            assertEquals("fault", proxy.exchange(GET).body());
            proxy.seen();
            assertEquals(0, proxy.unseen());
        }
    }

    @Test
    void upstreamWhoseRouteIsStoppedIsPassedBy() throws Exception {
        try (Proxy proxy = new Proxy().start()) {
            proxy.context().getRouteController().stopRoute("upstream02");
            allOk(Load.statuses(proxy, 30, 3, POST));
            assertEquals(0, proxy.upstream(2).pending());
            proxy.context().getRouteController().startRoute("upstream02");
            allOk(Load.statuses(proxy, 30, 3, POST));
            assertTrue(proxy.upstream(2).pending() > 0);
            for (String upstream : List.of("upstream01", "upstream02", "upstream03")) {
                proxy.context().getRouteController().stopRoute(upstream);
            }
            assertEquals(503, proxy.exchange(POST).status());
            proxy.context().getRouteController().stopRoute("upstreams");
            assertEquals(500, proxy.exchange(POST).status());
        }
    }

    /** As by another breaker, whether it lets the first attempt through or none. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void whatIsRefusedBeforeTheLoadBalancerIsNotSentAgainForEver(int letThrough) throws Exception {
        try (Proxy proxy = new Proxy("proxy.deadline", "599").start()) {
            proxy.behaving((request, out) -> false);
            AtomicInteger attempts = new AtomicInteger();
            proxy.upstreamsBy(new RouteBuilder() {
                @Override
                public void configure() {
                    from("direct:upstreams").routeConfigurationId("redeliver").to("direct:pool");
                    from("direct:pool").errorHandler(noErrorHandler()).process(exchange -> {
                        if (attempts.incrementAndGet() > letThrough) {
                            throw new ProxyException(Failure.UNAVAILABLE);
                        }
                    }).loadBalance().roundRobin().to("direct:upstream01").to("direct:upstream02").to("direct:upstream03");
                }
            });
            assertEquals(503, proxy.exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n").status());
            // After 100 ms, and not after another 500; or at once after the one that was let through, and was sent.
            assertEquals(2, attempts.get());
        }
    }

    @Test
    void fullUpstreamIsPassedBy() throws Exception {
        try (Proxy proxy = new Proxy().start()) {
            proxy.upstream(1).behaving((request, out) -> {
                Thread.sleep(50);
                return Upstream.bytes(Upstream.OK).answer(request, out);
            });
            allOk(Load.statuses(proxy, 200, 10, GET));
            assertTrue(proxy.upstream(1).mostInFlight() <= 9, "in flight: " + proxy.upstream(1).mostInFlight());
            assertTrue(proxy.upstream(1).pending() >= 9);
        }
    }
}
