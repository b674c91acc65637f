package io.github.camelreverseproxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

import io.github.camelreverseproxy.wire.Await;
import io.github.camelreverseproxy.wire.Connection;
import io.github.camelreverseproxy.wire.Load;
import io.github.camelreverseproxy.wire.Message;
import io.github.camelreverseproxy.wire.Proxy;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What users may write means what Camel's manual says, or stops the start. */
class EipTest {
    private static final String GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    private static final String SLOW = "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n";
    private static final String POST = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx";
    private static final String PAGE = "    onFallback:\n      steps:\n        - setHeader: {name: CamelHttpResponseCode, constant: 503}\n        - setBody: {constant: back soon}\n";
    private static final String AROUND = "- beans:\n    - name: pool\n      type: io.github.camelreverseproxy.upstream.UpstreamBreaker\n";

    private static Proxy withFallback(String fallback, String... property) throws Exception {
        Proxy proxy = new Proxy(property);
        proxy.withFile("pool.camel.yaml", AROUND);
        proxy.routes().replaceStep("proxy.camel.yaml", "hand-over",
                "- circuitBreaker:\n    resilience4jConfiguration: {circuitBreaker: pool}\n    steps:\n      - to: direct:upstreams\n" + fallback);
        return proxy;
    }

    @Test
    void fallbackAnswersWhenNobodyElseCan() throws Exception {
        try (Proxy proxy = withFallback(PAGE, "proxy.deadline", "100").start()) {
            assertEquals("ok", proxy.exchange(GET).body());
            for (int i = 1; i <= 3; i++) {
                proxy.upstream(i).close();
            }
            for (int i = 0; i < 5; i++) {
                Message answer = proxy.exchange(POST);
                assertEquals(503, answer.status());
                assertEquals("back soon", answer.body());
                assertEquals(List.of(), answer.values("Forwarded"));
            }
        }
    }

    @Test
    void fallbackMayBeASecondPool() throws Exception {
        String second = "    onFallback:\n      steps:\n        - to: direct:second\n";
        try (Proxy proxy = withFallback(second, "proxy.deadline", "100")) {
            proxy.withFile("second.camel.yaml", "- route:\n    routeConfigurationId: redeliver\n    from:\n      uri: direct:second\n      steps:\n        - loadBalance:\n"
                    + "            roundRobinLoadBalancer: {}\n            steps:\n              - to: direct:upstream03\n");
            proxy.routes().replace("upstreams.camel.yaml", "              - to:\n                  id: to-upstream03\n                  uri: direct:upstream03\n", "");
            proxy.start();
            proxy.upstream(1).close();
            proxy.upstream(2).close();
            assertEquals(Collections.nCopies(20, 200), Load.statuses(proxy, 2, 10, GET));
            assertEquals(20, proxy.upstream(3).pending());
        }
    }

    @Test
    void fallbackSendsNoPostTwice() throws Exception {
        String second = "    onFallback:\n      steps:\n        - to: direct:second\n";
        try (Proxy proxy = withFallback(second)) {
            proxy.withFile("second.camel.yaml", "- route:\n    from:\n      uri: direct:second\n      steps:\n        - loadBalance:\n"
                    + "            roundRobinLoadBalancer: {}\n            steps:\n              - to: direct:upstream03\n");
            proxy.routes().replace("upstreams.camel.yaml", "              - to:\n                  id: to-upstream03\n                  uri: direct:upstream03\n", "");
            proxy.start();
            proxy.upstream(1).behaving((request, out) -> false);
            assertEquals(502, proxy.exchange(POST).status());
            assertEquals(0, proxy.upstream(3).pending());
            proxy.upstream(2).behaving((request, out) -> false);
            assertEquals(200, proxy.exchange(GET).status());
            assertEquals(1, proxy.upstream(3).pending());
        }
    }

    /** In the template each upstream has its own; one that is open falls back only when no other can take the request. */
    @Test
    void fallbackOfOneUpstreamIsTheLastResort() throws Exception {
        try (Proxy proxy = new Proxy("proxy.backoff.steps", "60000", "proxy.deadline", "1")) {
            proxy.routes().replace("upstream.camel.yaml", "\n- routeTemplate:\n    id: upstream-check",
                    "              onFallback:\n                steps:\n                  - setBody: {constant: back soon}\n\n- routeTemplate:\n    id: upstream-check");
            proxy.start();
            proxy.upstream(1).close();
            assertEquals("back soon", proxy.exchange(GET).body());
            for (int i = 0; i < 10; i++) {
                assertEquals("ok", proxy.exchange(GET).body());
            }
            proxy.upstream(2).close();
            proxy.upstream(3).close();
            for (int i = 0; i < 10; i++) {
                assertEquals("back soon", proxy.exchange(GET).body());
            }
        }
    }

    @Test
    void fallbackIsNotForClientsThatHaveGone() throws Exception {
        String mark = "    onFallback:\n      steps:\n        - to: direct:upstream02\n";
        try (Proxy proxy = withFallback(mark)) {
            proxy.routes().replace("upstreams.camel.yaml", "              - to:\n                  id: to-upstream02\n                  uri: direct:upstream02\n", "");
            proxy.start();
            proxy.behaving((request, out) -> true);
            try (Connection client = proxy.connect().send(GET)) {
                Await.until("the request is there", () -> proxy.upstream(1).pending() == 1);
                client.reset();
            }
            Await.until("its attempt has ended", () -> proxy.upstream(1).open() == 0);
            assertEquals(0, proxy.upstream(2).pending());
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"failureRateThreshold: 50|proxy.backoff.failures", "slidingWindowSize: 10|proxy.backoff.failures", "slidingWindowType: TIME_BASED|proxy.backoff.failures",
            "minimumNumberOfCalls: 5|proxy.backoff.failures", "waitDurationInOpenState: 5|proxy.backoff.steps",
            "automaticTransitionFromOpenToHalfOpenEnabled: true|proxy.backoff.steps", "permittedNumberOfCallsInHalfOpenState: 3|proxy.backoff.steps",
            "slowCallRateThreshold: 50|proxy.backoff.timeout", "slowCallDurationThreshold: 5|proxy.backoff.timeout", "bulkheadEnabled: true|concurrency",
            "bulkheadMaxConcurrentCalls: 5|concurrency", "bulkheadMaxWaitDuration: 5|concurrency", "timeoutEnabled: true|responseTimeout", "timeoutDuration: 300|responseTimeout",
            "timeoutCancelRunningFuture: false|responseTimeout", "timeoutExecutorService: workers|responseTimeout", "recordException: [java.io.IOException]|proxy.backoff.status",
            "ignoreException: [java.io.IOException]|proxy.backoff.status", "config: other|circuitBreaker", "writableStackTraceEnabled: false|''", "micrometerEnabled: true|''"})
    void optionOfTheBreakerThatDoesNotApply(String option, String instead) throws Exception {
        String key = option.substring(0, option.indexOf(':'));
        try (Proxy proxy = new Proxy()) {
            proxy.routes().replace("upstream.camel.yaml", "                throwExceptionWhenHalfOpenOrOpenState: true\n", "                throwExceptionWhenHalfOpenOrOpenState: true\n                " + option + "\n");
            int line = line(proxy, "upstream.camel.yaml", key);
            String message = proxy.failure();
            assertTrue(message.contains("upstream.camel.yaml:" + line + ": the option " + key + " does not apply to the breaker of an upstream"), message);
            assertTrue(message.contains(instead), message);
        }
    }

    private static int line(Proxy proxy, String file, String key) throws Exception {
        List<String> lines = java.nio.file.Files.readAllLines(proxy.routes().file(file));
        int line = 0;
        while (!lines.get(line).contains(key + ":")) {
            line++;
        }
        return line + 1;
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"throwExceptionWhenHalfOpenOrOpenState: false|throwExceptionWhenHalfOpenOrOpenState|an open breaker always fails",
            "throwExceptionWhenHalfOpenOrOpenState: true~configuration: other|configuration|the bean",
            "throwExceptionWhenHalfOpenOrOpenState: true~onFallback: {fallbackViaNetwork: true, steps: [{stop: {}}]}|fallbackViaNetwork|does not apply"})
    void otherwiseConfiguredBreaker(String yaml, String key, String instead) throws Exception {
        try (Proxy proxy = new Proxy()) {
            proxy.routes().replace("upstream.camel.yaml", "throwExceptionWhenHalfOpenOrOpenState: true", yaml.replace("~", "\n              "));
            String message = proxy.failure();
            assertTrue(message.contains("upstream.camel.yaml:" + line(proxy, "upstream.camel.yaml", key) + ": the option " + key), message);
            assertTrue(message.contains(instead), message);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"ssl: true", "requestTimeout: 1000", "chunkedMaxContentLength: 1000", "muteException: true", "compression: true", "disableStreamCache: true", "bridgeErrorHandler: true",
            "nettyHttpBinding: '#binding'", "usingExecutorService: true", "traceEnabled: true", "sync: false", "maxHeaderSize: 1000", "maxInitialLineLength: 1000", "workerCount: 5"})
    void optionOfTheListenerThatDoesNotApply(String option) throws Exception {
        String key = option.substring(0, option.indexOf(':'));
        try (Proxy proxy = new Proxy().binding("binding", new org.apache.camel.component.netty.http.DefaultNettyHttpBinding())) {
            proxy.routes().replace("proxy.camel.yaml", "        protocol: proxy\n", "        protocol: proxy\n        " + option + "\n");
            String message = proxy.failure();
            assertTrue(message.contains("proxy.camel.yaml:" + line(proxy, "proxy.camel.yaml", key) + ": the listener has no option " + key), message);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"header: 'no colon'|header: not a name, a colon and a value: no colon", "header: 'a b: c'|a b", "method: 'G T'|method: no method: G T",
            "host: 'a b'|host: not upstream, client or a name: a b", "client: camel|client", "url: ftp://x|not an http or https URL", "concurency: 5|the template upstream has no parameter concurency",
            "caFile: /nowhere.pem|caFile, certificateFile, keyFile and serverName are for https", "connectTimeout: soon|soon"})
    void parameterOfAnUpstreamThatCannotBe(String parameter, String told) throws Exception {
        String name = parameter.substring(0, parameter.indexOf(':'));
        try (Proxy proxy = new Proxy()) {
            proxy.withFile("more.camel.yaml", "- templatedRoute:\n    routeTemplateRef: upstream\n    routeId: upstream04\n    parameters:\n      - {name: name, value: upstream04}\n"
                    + (name.equals("url") ? "" : "      - {name: url, value: 'http://127.0.0.1:1'}\n") + "      - {name: " + name + ", value: " + parameter.substring(name.length() + 2) + "}\n");
            String message = proxy.failure();
            assertTrue(message.contains(told), message);
        }
    }

    /** Steps that wait hold nobody else up: while they do, others are answered by the same event loops. */
    @ParameterizedTest
    @ValueSource(strings = {"- throttle: {expression: {constant: 1}, timePeriodMillis: 20000}\n", "- delay: {expression: {constant: 20000}, asyncDelayed: false}\n",
            "- pollEnrich: {expression: {constant: 'direct:nobody'}, timeout: 3000}\n", "- toD: {uri: '{{upstream02.url}}?x=${header.x}'}\n", "- to: {uri: '{{upstream02.url}}'}\n", "- enrich: {expression: {simple: '{{upstream02.url}}'}}\n",
            "- circuitBreaker:\n    steps:\n      - delay: {expression: {constant: 20000}}\n", "- process: {ref: sleeper}\n"})
    void stepThatWaitsHoldsNobodyUp(String step) throws Exception {
        try (Proxy proxy = new Proxy("proxy.timeout.drain", "1", "camel.main.shutdown-timeout", "1")) {
            boolean ours = step.contains("sleeper");
            proxy.routes().insertBefore("proxy.camel.yaml", "hand-over", "- choice:\n    when:\n      - simple: ${header.CamelHttpPath} == '/slow'\n        steps:\n"
                    + (ours ? "- threads: {executorService: workers}\n" + step : step).indent(10).stripTrailing());
            proxy.binding("sleeper", (org.apache.camel.Processor) exchange -> Thread.sleep(20_000));
            proxy.routes().replace("upstreams.camel.yaml", "              - to:\n                  id: to-upstream02\n                  uri: direct:upstream02\n", "");
            proxy.start();
            proxy.upstream(2).behaving((request, out) -> {
                Thread.sleep(20_000);
                return false;
            });
            List<Connection> slow = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                slow.add(proxy.connect().send(SLOW));
            }
            Thread.sleep(300);
            assertEquals(Collections.nCopies(80, 200), Load.statuses(proxy, 16, 5, GET));
            int answered = 0;
            for (Connection client : slow) {
                answered += client.hasSomething() ? 1 : 0;
                client.reset();
            }
            assertEquals(step.startsWith("- throttle") ? 1 : 0, answered);
        }
    }

    /** A copy that nobody takes is dropped. */
    @Test
    void copiesHoldNobodyUp() throws Exception {
        try (Proxy proxy = new Proxy("proxy.timeout.drain", "1", "camel.main.shutdown-timeout", "1")) {
            proxy.routes().insertBefore("proxy.camel.yaml", "hand-over", "- wireTap: {uri: '{{upstream02.url}}'}");
            proxy.routes().replace("upstreams.camel.yaml", "              - to:\n                  id: to-upstream02\n                  uri: direct:upstream02\n", "");
            proxy.start();
            proxy.upstream(2).behaving((request, out) -> {
                Thread.sleep(20_000);
                return false;
            });
            assertEquals(Collections.nCopies(1200, 200), Load.statuses(proxy, 4, 300, GET));
        }
    }

    @Test
    void workersThatAreAllBusyHoldNobodyUp() throws Exception {
        try (Proxy proxy = new Proxy("proxy.max-threads", "2", "proxy.timeout.drain", "1", "camel.main.shutdown-timeout", "1")) {
            proxy.routes().insertBefore("proxy.camel.yaml", "hand-over", "- choice:\n    when:\n      - simple: ${header.CamelHttpPath} == '/slow'\n        steps:\n"
                    + "          - threads: {executorService: workers}\n          - process: {ref: sleeper}\n");
            proxy.binding("sleeper", (org.apache.camel.Processor) exchange -> Thread.sleep(20_000));
            proxy.start();
            List<Connection> slow = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                slow.add(proxy.connect().send(SLOW));
            }
            Thread.sleep(300);
            assertEquals(Collections.nCopies(80, 200), Load.statuses(proxy, 16, 5, GET));
            for (Connection client : slow) {
                client.reset();
            }
        }
    }

    /** Camel's default is to sleep between redeliveries, on the thread that has the exchange. */
    @ParameterizedTest
    @ValueSource(strings = {"redeliveryPolicy: {maximumRedeliveries: 3, redeliveryDelay: 20000}", "retryWhile: {simple: '${exchangeProperty.none} == null'}\n    redeliveryPolicy: {redeliveryDelay: 20000}",
            "redeliveryPolicyRef: patient\n    handled: {constant: 'true'}"})
    void redeliveryThatWaitsHoldsNobodyUp(String policy) throws Exception {
        try (Proxy proxy = new Proxy("proxy.timeout.drain", "1", "camel.main.shutdown-timeout", "1")) {
            org.apache.camel.processor.errorhandler.RedeliveryPolicy patient = new org.apache.camel.processor.errorhandler.RedeliveryPolicy();
            patient.setMaximumRedeliveries(3);
            patient.setRedeliveryDelay(20_000);
            proxy.binding("patient", patient);
            proxy.withFile("slow.camel.yaml", "- onException:\n    exception: [java.lang.IllegalStateException]\n    " + policy + "\n"
                    + "- route:\n    from:\n      uri: direct:slow\n      steps:\n        - throwException: {exceptionType: java.lang.IllegalStateException, message: again}\n");
            proxy.routes().insertBefore("proxy.camel.yaml", "hand-over", "- choice:\n    when:\n      - simple: ${header.CamelHttpPath} == '/slow'\n        steps:\n          - to: direct:slow");
            proxy.start();
            List<Connection> slow = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                slow.add(proxy.connect().send(SLOW));
            }
            Thread.sleep(300);
            assertEquals(Collections.nCopies(80, 200), Load.statuses(proxy, 16, 5, GET));
            for (Connection client : slow) {
                assertFalse(client.hasSomething());
                client.reset();
            }
        }
    }
}
