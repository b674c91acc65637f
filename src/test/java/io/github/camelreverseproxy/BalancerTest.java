package io.github.camelreverseproxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

import io.github.camelreverseproxy.wire.Load;
import io.github.camelreverseproxy.wire.Proxy;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Camel's own load balancers over upstreams, as users write them. */
class BalancerTest {
    private static final String GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    private static final String POST = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx";
    private static final String UNLIMITED = "upstream01.concurrency";

    /** The route of the pool, with another load balancer. */
    private static Proxy with(String kind, String... property) throws Exception {
        Proxy proxy = new Proxy(property);
        proxy.routes().replace("upstreams.camel.yaml", "roundRobinLoadBalancer: {}", kind);
        return proxy;
    }

    private static int seen(Proxy proxy, int upstream) {
        return proxy.upstream(upstream).pending();
    }

    private static void assertShares(Proxy proxy, int all, double... shares) {
        for (int i = 0; i < 3; i++) {
            assertEquals(shares[i], seen(proxy, i + 1) / (double) all, 0.03, "upstream0" + (i + 1));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"weightedLoadBalancer: {distributionRatio: '8,1,1', roundRobin: true}", "weightedLoadBalancer: {distributionRatio: '8 1 1', distributionRatioDelimiter: ' '}"})
    void weightsAreShares(String kind) throws Exception {
        try (Proxy proxy = with(kind, UNLIMITED, "0").start()) {
            assertEquals(Collections.nCopies(3000, 200), Load.statuses(proxy, 4, 750, GET));
            assertShares(proxy, 3000, 0.8, 0.1, 0.1);
        }
    }

    /** In proportion, and nobody loses a request. */
    @ParameterizedTest
    @ValueSource(strings = {"true", "false"})
    void shareOfTheDeadOneGoesToTheOthers(String inTurn) throws Exception {
        try (Proxy proxy = with("weightedLoadBalancer: {distributionRatio: '6,3,1', roundRobin: " + inTurn + "}", UNLIMITED, "0").start()) {
            proxy.upstream(3).close();
            assertEquals(Collections.nCopies(3000, 200), Load.statuses(proxy, 4, 750, POST));
            assertShares(proxy, 3000, 2 / 3.0, 1 / 3.0, 0);
        }
    }

    @Test
    void branchWithoutWeightGetsNothing() throws Exception {
        try (Proxy proxy = with("weightedLoadBalancer: {distributionRatio: '1,0,1', roundRobin: true}").start()) {
            Load.statuses(proxy, 1, 20, GET);
            assertEquals(List.of(10, 0, 10), List.of(seen(proxy, 1), seen(proxy, 2), seen(proxy, 3)));
            proxy.upstream(1).close();
            proxy.upstream(3).close();
            assertEquals(502, proxy.exchange(POST).status());
            assertEquals(0, seen(proxy, 2));
        }
    }

    @Test
    void randomGivesEachItsShare() throws Exception {
        try (Proxy proxy = with("randomLoadBalancer: {}", UNLIMITED, "0").start()) {
            Load.statuses(proxy, 4, 1500, GET);
            assertShares(proxy, 6000, 1 / 3.0, 1 / 3.0, 1 / 3.0);
        }
    }

    @Test
    void stickyKeepsTogetherWhatBelongsTogether() throws Exception {
        try (Proxy proxy = with("stickyLoadBalancer: {correlationExpression: {header: X-User}}", UNLIMITED, "0").start()) {
            int[] home = new int[100];
            for (int user = 0; user < home.length; user++) {
                home[user] = upstreamOf(proxy, user);
                assertEquals(home[user], upstreamOf(proxy, user));
            }
            for (int upstream = 1; upstream <= 3; upstream++) {
                int number = upstream;
                long users = Arrays.stream(home).filter(at -> at == number).count();
                assertTrue(users > 15, "upstream0" + upstream + " has " + users + " of 100");
            }
            proxy.upstream(2).close();
            for (int user = 0; user < home.length; user++) {
                int now = upstreamOf(proxy, user);
                assertTrue(home[user] == 2 ? now != 2 && now == upstreamOf(proxy, user) : now == home[user]);
            }
        }
    }

    private static int upstreamOf(Proxy proxy, int user) throws Exception {
        proxy.upstreams().forEach(upstream -> upstream.forget());
        assertEquals(200, proxy.exchange("GET / HTTP/1.1\r\nHost: a\r\nX-User: u" + user + "\r\n\r\n").status());
        return seen(proxy, 1) == 1 ? 1 : seen(proxy, 2) == 1 ? 2 : 3;
    }

    @Test
    void exchangesWithoutKeyGoInTurn() throws Exception {
        try (Proxy proxy = with("stickyLoadBalancer: {correlationExpression: {header: X-User}}").start()) {
            Load.statuses(proxy, 1, 30, GET);
            assertEquals(List.of(10, 10, 10), List.of(seen(proxy, 1), seen(proxy, 2), seen(proxy, 3)));
        }
    }

    @Test
    void failoverUsesTheFirstThatCan() throws Exception {
        try (Proxy proxy = with("failoverLoadBalancer: {}", UNLIMITED, "0").start()) {
            Load.statuses(proxy, 4, 25, GET);
            assertEquals(List.of(100, 0, 0), List.of(seen(proxy, 1), seen(proxy, 2), seen(proxy, 3)));
            proxy.upstream(1).close();
            assertEquals(Collections.nCopies(100, 200), Load.statuses(proxy, 4, 25, POST));
            assertEquals(List.of(100, 0), List.of(seen(proxy, 2), seen(proxy, 3)));
        }
    }

    /** What was sent and cannot be sent twice is not; what can goes on to the next, as often as is said. */
    @Test
    void failoverSendsNoPostTwice() throws Exception {
        String pool = "- route:\n    from:\n      uri: direct:upstreams\n      steps:\n        - loadBalance:\n            failoverLoadBalancer: {maximumFailoverAttempts: 1}\n"
                + "            steps:\n              - to: direct:upstream01\n              - to: direct:upstream02\n              - to: direct:upstream03\n";
        try (Proxy proxy = new Proxy()) {
            proxy.routes().replace("upstreams.camel.yaml", "direct:upstreams", "direct:unused");
            proxy.withFile("pool.camel.yaml", pool).start();
            proxy.upstream(1).behaving((request, out) -> false);
            assertEquals(502, proxy.exchange(POST).status());
            assertEquals(List.of(1, 0, 0), List.of(seen(proxy, 1), seen(proxy, 2), seen(proxy, 3)));
            assertEquals(200, proxy.exchange(GET).status());
            assertEquals(List.of(2, 1, 0), List.of(seen(proxy, 1), seen(proxy, 2), seen(proxy, 3)));
            proxy.upstream(2).behaving((request, out) -> false);
            assertEquals(502, proxy.exchange(GET).status());
            assertEquals(List.of(3, 2, 0), List.of(seen(proxy, 1), seen(proxy, 2), seen(proxy, 3)));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"roundRobinLoadBalancer: {}", "weightedLoadBalancer: {distributionRatio: '1,1,1'}", "stickyLoadBalancer: {correlationExpression: {header: Host}}",
            "randomLoadBalancer: {}", "failoverLoadBalancer: {}"})
    void noGetFailsWhileOneIsKilled(String kind) throws Exception {
        try (Proxy proxy = with(kind, UNLIMITED, "0").start()) {
            Thread killer = new Thread(() -> {
                while (proxy.unseen() < 500) {
                    Thread.onSpinWait();
                }
                try {
                    proxy.upstreams().stream().max((a, b) -> a.pending() - b.pending()).orElseThrow().close();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            killer.start();
            assertEquals(Collections.nCopies(4000, 200), Load.statuses(proxy, 8, 500, GET));
            killer.join();
        }
    }

    @Test
    void exchangesWithKeyTakeNoTurnAway() throws Exception {
        try (Proxy proxy = with("stickyLoadBalancer: {correlationExpression: {header: X-User}}", UNLIMITED, "0").start()) {
            int home = upstreamOf(proxy, 7);
            proxy.upstreams().forEach(upstream -> upstream.forget());
            for (int i = 0; i < 30; i++) {
                proxy.exchange(GET);
                proxy.exchange("GET / HTTP/1.1\r\nHost: a\r\nX-User: u7\r\n\r\n");
            }
            for (int upstream = 1; upstream <= 3; upstream++) {
                assertEquals(upstream == home ? 40 : 10, seen(proxy, upstream));
            }
        }
    }

    @Test
    void failoverTriesNoMoreThanItMay() throws Exception {
        try (Proxy proxy = with("failoverLoadBalancer: {maximumFailoverAttempts: 1}").start()) {
            proxy.behaving((request, out) -> false);
            assertEquals(502, proxy.exchange(GET).status());
            assertEquals(List.of(1, 1, 0), List.of(seen(proxy, 1), seen(proxy, 2), seen(proxy, 3)));
        }
    }

    @Test
    void weightsThatDoNotFitStopTheStart() throws Exception {
        for (String ratio : List.of("8,1", "8,1,x", "0,0,0", "1,1,1,1")) {
            try (Proxy proxy = with("weightedLoadBalancer: {distributionRatio: '" + ratio + "'}")) {
                String message = proxy.failure();
                assertTrue(message.matches(".*upstreams.camel.yaml:[0-9]+: distributionRatio: " + ratio + ": not a number for each of the 3 branches, with one above 0"), message);
            }
        }
    }
}
