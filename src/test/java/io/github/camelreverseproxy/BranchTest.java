package io.github.camelreverseproxy;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Collections;
import java.util.List;

import io.github.camelreverseproxy.wire.Connection;
import io.github.camelreverseproxy.wire.Load;
import io.github.camelreverseproxy.wire.Message;
import io.github.camelreverseproxy.wire.Proxy;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What may stand between a load balancer and its upstreams. */
class BranchTest {
    private static final String GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    private static final String POST = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx";
    private static final String UNLIMITED = "upstream01.concurrency";

    private static int seen(Proxy proxy, int upstream) {
        return proxy.upstream(upstream).pending();
    }

    @Test
    void asManyBranchesAsOneLikes() throws Exception {
        try (Proxy proxy = new Proxy(UNLIMITED, "0")) {
            StringBuilder branches = new StringBuilder();
            for (int i = 0; i < 200; i++) {
                branches.append("\n              - to: direct:upstream0").append(i < 198 ? 1 : i - 196);
            }
            proxy.routes().replace("upstreams.camel.yaml", "            steps:\n              - to:\n                  id: to-upstream01",
                    "            steps:" + branches + "\n              - to:\n                  id: to-upstream01");
            proxy.start();
            assertEquals(Collections.nCopies(203, 200), Load.statuses(proxy, 1, 203, GET));
            assertEquals(List.of(199, 2, 2), List.of(seen(proxy, 1), seen(proxy, 2), seen(proxy, 3)));
        }
    }

    /** Through a route of the user's the breaker is found: without redelivery, only the request that opens it fails. */
    @Test
    void breakerBehindOtherStepsIsFound() throws Exception {
        try (Proxy proxy = new Proxy("proxy.backoff.steps", "60000")) {
            proxy.routes().replace("upstreams.camel.yaml", "    routeConfigurationId: redeliver\n", "");
            proxy.routes().replace("upstreams.camel.yaml", "uri: direct:upstream01", "uri: direct:wrapped");
            proxy.withFile("wrapped.camel.yaml", "- route:\n    from:\n      uri: direct:wrapped\n      steps:\n        - setHeader: {name: X-Wrapped, constant: 'yes'}\n        - choice:\n"
                    + "            when:\n              - simple: ${header.X-Static} != null\n                steps:\n                  - setBody: {constant: static}\n"
                    + "            otherwise:\n              steps:\n                - to: direct:upstream01\n").start();
            proxy.exchange(GET);
            assertEquals("yes", proxy.upstream(1).request().value("X-Wrapped"));
            Load.statuses(proxy, 1, 2, GET);
            proxy.upstream(1).close();
            List<Integer> statuses = Load.statuses(proxy, 1, 60, POST);
            assertEquals(1, statuses.stream().filter(status -> status != 200).count(), statuses::toString);
        }
    }

    /** A client's answer goes to the one who asked, whatever branch gives it: a permit that is not used is given back. */
    @Test
    void branchThatAnswersByItselfKeepsNoPlace() throws Exception {
        try (Proxy proxy = new Proxy(UNLIMITED, "1")) {
            proxy.routes().replace("upstreams.camel.yaml", "uri: direct:upstream01", "uri: direct:wrapped");
            proxy.withFile("wrapped.camel.yaml", "- route:\n    from:\n      uri: direct:wrapped\n      steps:\n        - choice:\n            when:\n"
                    + "              - simple: ${header.X-Static} != null\n                steps:\n                  - setBody: {constant: static}\n"
                    + "            otherwise:\n              steps:\n                - to: direct:upstream01\n").start();
            try (Connection client = proxy.connect()) {
                for (int i = 0; i < 30; i++) {
                    Message answer = client.send("GET / HTTP/1.1\r\nHost: a\r\nX-Static: 1\r\n\r\n").receive();
                    assertEquals(i % 3 == 0 ? "static" : "ok", answer.body());
                }
            }
        }
    }

    /** Whatever a route on the way has made of a failure, the one with the load balancer sees to it. */
    @ParameterizedTest
    @ValueSource(strings = {"- to: direct:upstream01", "- recipientList: {expression: {constant: 'direct:upstream01'}}", "- toD: {uri: 'direct:upstream${header.none}01'}"})
    void failureBehindAnotherErrorHandler(String step) throws Exception {
        try (Proxy proxy = new Proxy("proxy.backoff.steps", "20", UNLIMITED, "0")) {
            proxy.routes().replace("upstreams.camel.yaml", "uri: direct:upstream01", "uri: direct:wrapped");
            proxy.withFile("wrapped.camel.yaml", "- route:\n    from:\n      uri: direct:wrapped\n      steps:\n        " + step + "\n").start();
            proxy.upstream(1).close();
            for (int i = 0; i < 10; i++) {
                assertEquals(Collections.nCopies(3, 200), Load.statuses(proxy, 1, 3, GET));
                Thread.sleep(20);
            }
        }
    }

    @Test
    void disabledBranchTakesNoTurn() throws Exception {
        try (Proxy proxy = new Proxy()) {
            proxy.routes().replace("upstreams.camel.yaml", "id: to-upstream02\n", "id: to-upstream02\n                  disabled: true\n");
            proxy.start();
            assertEquals(Collections.nCopies(20, 200), Load.statuses(proxy, 1, 20, GET));
            assertEquals(List.of(10, 0, 10), List.of(seen(proxy, 1), seen(proxy, 2), seen(proxy, 3)));
        }
    }

    /** Straight to an upstream, without a load balancer: how long a client takes to send is not held against it. */
    @Test
    void slowUploadsOpenNoBreaker() throws Exception {
        try (Proxy proxy = new Proxy("proxy.backoff.timeout", "100")) {
            proxy.withFile("pool.camel.yaml", "- beans:\n    - name: pool\n      type: io.github.camelreverseproxy.upstream.UpstreamBreaker\n      properties: {name: pool, timeout: 100}\n");
            proxy.routes().replaceStep("proxy.camel.yaml", "hand-over", "- circuitBreaker:\n    resilience4jConfiguration: {circuitBreaker: pool}\n    steps:\n      - to: direct:upstream01\n");
            proxy.start();
            for (int i = 0; i < 4; i++) {
                try (Connection client = proxy.connect()) {
                    client.send("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Type: text/plain\r\n\r\n1\r\na\r\n");
                    Thread.sleep(150);
                    client.send("0\r\n\r\n");
                    assertEquals(200, client.receive().status());
                }
            }
            assertEquals(200, proxy.exchange(GET).status());
        }
    }

    /** Two pools, by path: a state of its own for each. */
    @Test
    void eachUseHasItsOwnTurn() throws Exception {
        try (Proxy proxy = new Proxy()) {
            proxy.withFile("reports.camel.yaml", "- route:\n    routeConfigurationId: redeliver\n    from:\n      uri: direct:reports\n      steps:\n        - loadBalance:\n"
                    + "            roundRobinLoadBalancer: {}\n            steps:\n              - to: direct:upstream01\n              - to: direct:upstream02\n");
            proxy.routes().replaceStep("proxy.camel.yaml", "hand-over", "- choice:\n    when:\n      - simple: ${header.CamelHttpPath} == '/reports'\n        steps:\n          - to: direct:reports\n"
                    + "    otherwise:\n      steps:\n        - to: direct:upstreams");
            proxy.start();
            for (int i = 0; i < 4; i++) {
                proxy.exchange("GET /reports HTTP/1.1\r\nHost: a\r\n\r\n");
                proxy.exchange(GET);
            }
            assertEquals(List.of(4, 3, 1), List.of(seen(proxy, 1), seen(proxy, 2), seen(proxy, 3)));
        }
    }
}
