package io.github.camelreverseproxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;

import io.github.camelreverseproxy.host.StartException;
import io.github.camelreverseproxy.wire.Await;
import io.github.camelreverseproxy.wire.Connection;
import io.github.camelreverseproxy.wire.Load;
import io.github.camelreverseproxy.wire.Proxy;
import io.github.camelreverseproxy.wire.Upstream;
import org.apache.camel.CamelContext;
import org.apache.camel.Processor;
import org.junit.jupiter.api.Test;

/** Routes and properties that are read anew while requests come. */
class ReloadTest {
    private static final String GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    private static final String POST = "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
    private static final String STEP = "- setHeader: {name: X-Edit, constant: '%s'}";
    private static final String LAST = "              - to:\n                  id: to-upstream03\n                  uri: direct:upstream03\n";

    static void edit(Proxy proxy, String value) throws Exception {
        proxy.routes().reset("proxy.camel.yaml");
        proxy.routes().insertBefore("proxy.camel.yaml", "hand-over", STEP.formatted(value));
    }

    @Test
    void nextRequestTakesTheNewWay() throws Exception {
        try (Proxy proxy = new Proxy().startGenerations(); Connection client = proxy.connect()) {
            for (int i = 1; i <= 5; i++) {
                edit(proxy, "v" + i);
                proxy.generations().reload();
                assertEquals(200, client.send(POST).receive().status());
                assertEquals("v" + i, proxy.seen().value("X-Edit"), "on a connection that was there before");
            }
        }
    }

    /** No request is lost or doubled, under sixteen clients, whatever is saved meanwhile. */
    @Test
    void editsUnderLoad() throws Exception {
        try (Proxy proxy = new Proxy("upstream01.concurrency", "0").startGenerations()) {
            AtomicBoolean over = new AtomicBoolean();
            ExecutorService clients = Executors.newFixedThreadPool(16);
            List<Future<List<Integer>>> loads = new ArrayList<>();
            for (int i = 0; i < 16; i++) {
                String request = i % 2 == 0 ? GET : POST;
                loads.add(clients.submit(() -> {
                    List<Integer> statuses = new ArrayList<>();
                    try (Connection client = proxy.connect()) {
                        while (!over.get()) {
                            statuses.add(client.send(request).receive().status());
                        }
                    }
                    return statuses;
                }));
            }
            int refused = 0;
            for (int i = 0; i < 24; i++) {
                edit(proxy, "v" + i);
                if (i % 4 == 3) {
                    proxy.routes().put("broken.camel.yaml", i % 8 == 3 ? "- route: [" : "- route: {from: {uri: 'direct:x', steps: [{to: {uri: 'nothing:y'}}]}}");
                    assertThrows(StartException.class, proxy.generations()::reload);
                    proxy.routes().remove("broken.camel.yaml");
                    refused++;
                } else {
                    proxy.generations().reload();
                }
            }
            over.set(true);
            int answered = 0;
            for (Future<List<Integer>> load : loads) {
                assertEquals(Collections.nCopies(load.get().size(), 200), load.get());
                answered += load.get().size();
            }
            assertEquals(answered, proxy.unseen());
            assertEquals(6, refused);
            clients.shutdown();
        }
    }

    @Test
    void requestEndsWhereItHasBegun() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        try (Proxy proxy = new Proxy()) {
            proxy.binding("gate", (Processor) exchange -> release.await());
            proxy.withFile("gate.camel.yaml", "- route:\n    from:\n      uri: direct:gate\n      steps:\n        - threads: {executorService: workers}\n        - process: {ref: gate}\n");
            proxy.routes().insertBefore("proxy.camel.yaml", "hand-over", "- choice:\n    when:\n      - simple: ${header.X-Wait} != null\n        steps:\n          - to: direct:gate");
            proxy.startGenerations();
            try (Connection client = proxy.connect().send("GET / HTTP/1.1\r\nHost: a\r\nX-Wait: 1\r\n\r\n")) {
                Await.until("it is under way", () -> proxy.context().getInflightRepository().size() == 1);
                CamelContext first = proxy.context();
                proxy.routes().remove("gate.camel.yaml");
                edit(proxy, "new");
                proxy.generations().reload();
                assertEquals(200, proxy.exchange(GET).status());
                assertEquals("new", proxy.seen().value("X-Edit"));
                release.countDown();
                assertEquals(200, client.receive().status());
                assertEquals(null, proxy.seen().value("X-Edit"));
                Await.until("it has ended", first::isStopped);
            }
        }
    }

    @Test
    void streamsGoOn() throws Exception {
        try (Proxy proxy = new Proxy().startGenerations(); Connection client = proxy.connect()) {
            CountDownLatch more = new CountDownLatch(1);
            proxy.behaving((request, out) -> {
                out.write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n".getBytes());
                out.flush();
                more.await();
                out.write("4\r\nlast\r\n0\r\n\r\n".getBytes());
                out.flush();
                return true;
            });
            client.send(GET).head();
            assertEquals("first", client.chunk());
            CamelContext first = proxy.context();
            edit(proxy, "new");
            proxy.generations().reload();
            Await.until("the generation has ended", first::isStopped);
            more.countDown();
            assertEquals("last", client.chunk());
        }
    }

    /** With the new one the breaker is as open as before, and whose turn it is goes on; connections stay. */
    @Test
    void whatDidNotChangeCarriesOver() throws Exception {
        try (Proxy proxy = new Proxy("proxy.backoff.steps", "60000").startGenerations()) {
            Load.statuses(proxy, 1, 3, GET);
            proxy.upstream(2).close();
            Load.statuses(proxy, 1, 3, GET);
            int accepted = proxy.upstream(1).accepted() + proxy.upstream(3).accepted();
            int seen = proxy.upstream(2).pending();
            proxy.upstreams().forEach(Upstream::forget);
            Upstream again = new Upstream(proxy.upstream(2).port());
            edit(proxy, "new");
            proxy.generations().reload();
            Load.statuses(proxy, 1, 4, GET);
            assertEquals(0, again.accepted(), "the breaker is open for a minute; before: " + seen);
            assertEquals(List.of(2, 2), List.of(proxy.upstream(1).pending(), proxy.upstream(3).pending()));
            assertEquals(accepted, proxy.upstream(1).accepted() + proxy.upstream(3).accepted());
            proxy.setting("upstream02.url", again.url() + "/base");
            proxy.generations().reload();
            Load.statuses(proxy, 1, 3, GET);
            assertTrue(again.accepted() > 0, "another upstream has another breaker");
            again.close();
        }
    }

    @Test
    void whatCannotBeBuiltChangesNothing() throws Exception {
        try (Proxy proxy = new Proxy().startGenerations()) {
            for (String broken : new String[] {"- route:\n    from: {uri: 'direct:x'\n", "- rout: {}\n", "- route: {from: {uri: 'direct:upstreams', steps: [{stop: {}}]}}\n",
                    "- route: {from: {uri: 'direct:y', steps: [{process: {ref: nobody}}]}}\n", "- templatedRoute: {routeTemplateRef: upstrea, routeId: z}\n"}) {
                proxy.routes().put("more.camel.yaml", broken);
                assertThrows(StartException.class, proxy.generations()::reload, broken);
                assertEquals(200, proxy.exchange(GET).status());
            }
            proxy.routes().remove("more.camel.yaml");
            proxy.routes().replace("proxy.camel.yaml", "uri: netty-http", "uri: direct");
            assertThrows(StartException.class, proxy.generations()::reload);
            proxy.routes().reset("proxy.camel.yaml");
            proxy.setting("proxy.max-head", "none");
            StartException e = assertThrows(StartException.class, proxy.generations()::reload);
            assertTrue(e.getMessage().matches("application.properties:[0-9]+: proxy.max-head = none: not a number from 1 to 1048576"), e.getMessage());
            assertEquals(200, proxy.exchange(GET).status());
            proxy.setting("proxy.max-head", "1000");
            proxy.generations().reload();
            assertEquals(431, proxy.exchange("GET / HTTP/1.1\r\nHost: a\r\nX: " + "x".repeat(2000) + "\r\n\r\n").status());
        }
    }

    /** Contexts that were are no longer there, and neither are their threads. */
    @Test
    void nothingIsLeftBehind() throws Exception {
        try (Proxy proxy = new Proxy().startGenerations(); Connection client = proxy.connect()) {
            List<WeakReference<CamelContext>> contexts = new ArrayList<>();
            List<Connection> idle = new ArrayList<>();
            int threads = 0;
            for (int i = 0; i < 30; i++) {
                contexts.add(new WeakReference<>(proxy.context()));
                edit(proxy, "v" + i);
                proxy.generations().reload();
                assertEquals(200, client.send(GET).receive().status());
                idle.add(proxy.connect().send(GET));
                assertEquals(200, idle.get(i).receive().status());
                threads = i == 9 ? Thread.activeCount() : threads;
            }
            int before = threads;
            Await.until("threads are as many as before: " + before, () -> Thread.activeCount() <= before + 2);
            Await.until("contexts are collected", () -> {
                System.gc();
                return contexts.stream().filter(context -> context.get() != null).count() <= 1;
            });
            for (Connection connection : idle) {
                connection.close();
            }
        }
    }
}
