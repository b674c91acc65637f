package io.github.camelreverseproxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

import io.github.camelreverseproxy.wire.Connection;
import io.github.camelreverseproxy.wire.Load;
import io.github.camelreverseproxy.wire.Message;
import io.github.camelreverseproxy.wire.Proxy;
import io.github.camelreverseproxy.wire.Upstream;
import org.apache.camel.Exchange;
import org.apache.camel.ProducerTemplate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What each upstream has of its own, and the turn they take. */
class UpstreamTest {
    private static final String GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    @Test
    void eachInTurn() throws Exception {
        try (Proxy proxy = new Proxy().start(); Connection client = proxy.connect()) {
            for (int i = 0; i < 300; i++) {
                client.send(GET).receive();
                assertEquals(1, proxy.upstream(i % 3 + 1).pending());
                assertEquals(GET.split("\r\n")[0], proxy.upstream(i % 3 + 1).request().start());
            }
        }
    }

    @Test
    void evenSharesUnderConcurrency() throws Exception {
        try (Proxy proxy = new Proxy().start()) {
            ExecutorService clients = Executors.newFixedThreadPool(16);
            List<Future<?>> done = new ArrayList<>();
            for (int c = 0; c < 15; c++) {
                done.add(clients.submit(() -> {
                    try (Connection client = proxy.connect()) {
                        for (int i = 0; i < 200; i++) {
                            assertEquals(200, client.send(GET).receive().status());
                        }
                    }
                    return null;
                }));
            }
            for (Future<?> client : done) {
                client.get();
            }
            clients.shutdown();
            assertEquals(List.of(1000, 1000, 1000), proxy.upstreams().stream().map(Upstream::pending).toList());
        }
    }

    @Test
    void thirdHasAFieldOfItsOwn() throws Exception {
        try (Proxy proxy = new Proxy().start()) {
            for (int i = 0; i < 3; i++) {
                proxy.exchange("GET / HTTP/1.1\r\nHost: a\r\n" + (i == 2 ? "x-upstream: mine\r\nX-Upstream: too\r\n" : "") + "\r\n");
            }
            assertNull(proxy.upstream(1).request().value("X-Upstream"));
            assertNull(proxy.upstream(2).request().value("X-Upstream"));
            assertEquals(List.of("upstream03"), proxy.upstream(3).request().values("X-Upstream"));
        }
    }

    @Test
    void firstTakesNineAtOnce() throws Exception {
        try (Proxy proxy = new Proxy().start()) {
            proxy.behaving((request, out) -> {
                Thread.sleep(20);
                return Upstream.bytes(Upstream.OK).answer(request, out);
            });
            List<Connection> clients = new ArrayList<>();
            for (int i = 0; i < 90; i++) {
                clients.add(proxy.connect().send(GET));
            }
            for (Connection client : clients) {
                assertEquals(200, client.receive().status());
                client.close();
            }
            assertTrue(proxy.upstream(1).mostInFlight() <= 9, "in flight: " + proxy.upstream(1).mostInFlight());
        }
    }

    /** A request that enters from another Camel route may say nothing of HTTP. */
    @Tag("event-loop")
    @Test
    void methodOfAnExchangeThatHasNone() throws Exception {
        try (Proxy proxy = new Proxy().start(); ProducerTemplate producer = proxy.context().createProducerTemplate()) {
            Object answer = producer.requestBody("direct:upstream02", (Object) null);
            assertEquals("ok", new String((byte[]) answer));
            assertEquals("POST / HTTP/1.1", proxy.seen().start());
            producer.requestBodyAndHeader("direct:upstream02", null, Exchange.HTTP_METHOD, "DELETE");
            assertEquals("DELETE / HTTP/1.1", proxy.seen().start());
            producer.requestBody("direct:upstream01", (Object) null);
            assertEquals("GET / HTTP/1.1", proxy.seen().start());
            producer.requestBodyAndHeaders("direct:upstream01", "text", Map.of(Exchange.HTTP_PATH, "/p", "X", List.of(1, 2)));
            Message seen = proxy.seen();
            assertEquals("POST /p HTTP/1.1", seen.start());
            assertEquals("text", seen.body());
            assertEquals(List.of("1", "2"), seen.values("X"));
        }
    }

    @Tag("event-loop")
    @Test
    void pathOfTheUrlComesFirst() throws Exception {
        try (Upstream upstream = new Upstream()) {
            String url = upstream.url() + "/base/";
            try (Proxy proxy = new Proxy().before(url, url, url).start()) {
                proxy.exchange("GET //x?y HTTP/1.1\r\nHost: a\r\n\r\n");
                assertEquals("/base//x?y", upstream.request().target());
            }
        }
    }

    @Test
    void connectionsAreReused() throws Exception {
        try (Proxy proxy = new Proxy().start(); Connection client = proxy.connect()) {
            for (int i = 0; i < 30; i++) {
                assertEquals(200, client.send(GET).receive().status());
            }
            proxy.upstreams().forEach(upstream -> assertEquals(1, upstream.accepted()));
        }
    }

    /** What an upstream's Host says: its own, the client's, or a name. */
    @Test
    void hostIsAsTheTemplateSays() throws Exception {
        try (Proxy proxy = new Proxy()) {
            proxy.routes().replace("upstreams.camel.yaml", "    routeId: upstream02\n    parameters:\n", "    routeId: upstream02\n    parameters:\n      - {name: host, value: client}\n");
            proxy.routes().replace("upstreams.camel.yaml", "    routeId: upstream03\n    parameters:\n", "    routeId: upstream03\n    parameters:\n      - {name: host, value: 'shop.internal:81'}\n");
            proxy.start();
            Load.statuses(proxy, 1, 3, "GET / HTTP/1.1\r\nHost: Shop.Example:8080\r\n\r\n");
            assertEquals("127.0.0.1:" + proxy.upstream(1).port(), proxy.upstream(1).request().value("Host"));
            assertEquals("Shop.Example:8080", proxy.upstream(2).request().value("Host"));
            assertEquals("shop.internal:81", proxy.upstream(3).request().value("Host"));
        }
    }
}
