package io.github.camelreverseproxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.ConnectException;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.camelreverseproxy.host.StartException;
import io.github.camelreverseproxy.wire.Await;
import io.github.camelreverseproxy.wire.Connection;
import io.github.camelreverseproxy.wire.Message;
import io.github.camelreverseproxy.wire.Proxy;
import io.github.camelreverseproxy.wire.Upstream;
import org.apache.camel.Processor;
import org.junit.jupiter.api.Test;

/** Listeners, limits and what consumes from elsewhere, when routes and properties are read anew. */
class ReloadEffectsTest {
    private static final String GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    /** A timer never runs twice: each tick is of one generation. */
    @Test
    void whatConsumesFromElsewhereRunsOnce() throws Exception {
        AtomicInteger running = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        AtomicInteger ticks = new AtomicInteger();
        try (Proxy proxy = new Proxy()) {
            proxy.binding("tick", (Processor) exchange -> {
                most.accumulateAndGet(running.incrementAndGet(), Math::max);
                Thread.sleep(5);
                running.decrementAndGet();
                ticks.incrementAndGet();
            });
            proxy.withFile("timer.camel.yaml", "- route:\n    id: ticking\n    from:\n      uri: timer:tick\n      parameters: {period: 10, delay: 0}\n      steps:\n        - process: {ref: tick}\n");
            proxy.startGenerations();
            for (int i = 0; i < 10; i++) {
                int before = ticks.get();
                ReloadTest.edit(proxy, "v" + i);
                proxy.generations().reload();
                Await.until("it goes on", () -> ticks.get() > before + 3);
            }
            assertEquals(1, most.get());
        }
    }

    /** Not even when one reload follows another before the tick of the first is over. */
    @Test
    void ticksDoNotOverlap() throws Exception {
        AtomicInteger running = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        AtomicInteger ticks = new AtomicInteger();
        try (Proxy proxy = new Proxy()) {
            proxy.binding("tick", (Processor) exchange -> {
                most.accumulateAndGet(running.incrementAndGet(), Math::max);
                Thread.sleep(400);
                running.decrementAndGet();
                ticks.incrementAndGet();
            });
            proxy.withFile("timer.camel.yaml", "- route:\n    id: ticking\n    from:\n      uri: timer:tick\n      parameters: {period: 10, delay: 0}\n      steps:\n        - process: {ref: tick}\n"
                    + "- route:\n    id: off\n    autoStartup: \"{{timers.on}}\"\n    from:\n      uri: timer:off\n      parameters: {period: 10, delay: 0}\n      steps:\n        - process: {ref: tick}\n");
            proxy.setting("timers.on", "false").startGenerations();
            Await.until("it ticks", () -> running.get() == 1);
            for (int i = 0; i < 3; i++) {
                ReloadTest.edit(proxy, "v" + i);
                proxy.generations().reload();
            }
            int before = ticks.get();
            Await.until("it goes on", () -> ticks.get() > before + 3);
            assertEquals(1, most.get());
        }
    }

    @Test
    void listenerMoves() throws Exception {
        try (Proxy proxy = new Proxy().startGenerations(); Connection before = proxy.connect()) {
            assertEquals(200, before.send(GET).receive().status());
            int first = proxy.port();
            int second = Proxy.freePort();
            proxy.setting("proxy.port", Integer.toString(second));
            proxy.generations().reload();
            assertEquals(200, Connection.exchange(second, GET).status());
            Await.until("the first one is closed", () -> {
                try (Connection connection = new Connection(first)) {
                    return false;
                } catch (ConnectException e) {
                    return true;
                }
            });
            assertEquals(200, before.send(GET).receive().status(), "a connection that was there goes on");
            ReloadTest.edit(proxy, "new");
            proxy.generations().reload();
            proxy.upstreams().forEach(Upstream::forget);
            assertEquals(200, Connection.exchange(second, GET).status());
            assertEquals("new", proxy.seen().value("X-Edit"));
            try (java.net.ServerSocket taken = new java.net.ServerSocket(0)) {
                proxy.setting("proxy.port", Integer.toString(taken.getLocalPort()));
                assertThrows(StartException.class, proxy.generations()::reload);
                assertEquals(200, Connection.exchange(second, GET).status());
            }
        }
    }

    @Test
    void listenerMayBeNamedByAProperty() throws Exception {
        try (Proxy proxy = new Proxy("listen.on", "netty-http:proxy://127.0.0.1:{{proxy.port}}")) {
            proxy.routes().replace("proxy.camel.yaml", "uri: netty-http", "uri: \"{{listen.on}}\"");
            proxy.routes().replace("proxy.camel.yaml", "      parameters:\n        protocol: proxy\n        host: \"{{proxy.host}}\"\n        port: \"{{proxy.port}}\"\n", "");
            proxy.startGenerations();
            proxy.routes().replace("proxy.camel.yaml", "id: hand-over", "id: hands-over");
            proxy.generations().reload();
            assertEquals(200, proxy.exchange(GET).status());
        }
    }

    /** A reload lets nobody in for whom there is no room. */
    @Test
    void connectionsStayLimited() throws Exception {
        try (Proxy proxy = new Proxy("proxy.max-connections", "1").startGenerations(); Connection first = proxy.connect()) {
            assertEquals(200, first.send(GET).receive().status());
            try (Connection second = proxy.connect().send(GET)) {
                ReloadTest.edit(proxy, "new");
                proxy.generations().reload();
                Thread.sleep(300);
                assertTrue(!second.hasSomething());
                first.close();
                assertEquals(200, second.receive().status());
            }
        }
    }

    @Test
    void limitsAreThoseOfTheLastReading() throws Exception {
        try (Proxy proxy = new Proxy().startGenerations()) {
            proxy.behaving((request, out) -> {
                Thread.sleep(500);
                return Upstream.bytes(Upstream.OK).answer(request, out);
            });
            proxy.setting("proxy.max-in-flight", "1");
            proxy.generations().reload();
            try (Connection first = proxy.connect().send(GET)) {
                Await.until("it is there", () -> proxy.unseen() == 1);
                Message refused = proxy.exchange(GET);
                assertEquals(503, refused.status());
                assertEquals(200, first.receive().status());
            }
        }
    }
}
