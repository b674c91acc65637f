package io.github.camelreverseproxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

import io.github.camelreverseproxy.wire.Connection;
import io.github.camelreverseproxy.wire.Proxy;
import io.github.camelreverseproxy.wire.Upstream;
import org.apache.camel.Exchange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What clients' connections go through: closed halves, clients that do not read, and many at once. */
class ConnectionTest {
    private static final String GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    @Test
    void clientThatHasNothingMoreToSendIsAnswered() throws Exception {
        try (Proxy proxy = new Proxy().start()) {
            for (String request : List.of(GET, "GET / HTTP/1.0\r\n\r\n", GET + GET)) {
                try (Connection client = proxy.connect()) {
                    client.send(request).shutdownOutput();
                    for (int i = 0; i < request.split("GET", -1).length - 1; i++) {
                        assertEquals(200, client.receive().status());
                    }
                    assertTrue(client.ends());
                }
            }
            try (Connection client = proxy.connect()) {
                client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc").shutdownOutput();
                assertEquals(400, client.receive().status());
                assertTrue(client.ends());
            }
            try (Connection client = proxy.connect()) {
                client.shutdownOutput();
                assertTrue(client.ends());
            }
        }
    }

    /** The kernel has accepted them, the proxy has not; to their clients they are established. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void connectionsThatWaitWhenTheProcessIsToStopAreServed(boolean atTheLimit) throws Exception {
        int cores = Runtime.getRuntime().availableProcessors();
        try (Proxy proxy = new Proxy("proxy.max-connections", Integer.toString(atTheLimit ? cores : 1000)).start()) {
            CountDownLatch busy = new CountDownLatch(cores);
            proxy.answeredBy(route -> route.process(exchange -> {
                if (exchange.getMessage().getHeader(Exchange.HTTP_PATH, String.class).equals("/busy")) {
                    busy.countDown();
                    Thread.sleep(1000);
                }
                exchange.getMessage().setBody("ok");
            }));
            List<Connection> clients = new ArrayList<>();
            for (int i = 0; i < cores; i++) {
                clients.add(proxy.connect().send("GET /busy HTTP/1.1\r\nHost: a\r\n\r\n"));
            }
            busy.await();
            for (int i = 0; i < 50; i++) {
                clients.add(proxy.connect().send(GET));
            }
            Thread stopping = new Thread(() -> proxy.main().stop());
            stopping.start();
            for (Connection client : clients) {
                assertEquals(200, client.receive().status());
                client.close();
            }
            stopping.join();
        }
    }

    @Test
    void stepThatHoldsAnEventLoopDoesNotHoldTheEnd() throws Exception {
        CountDownLatch held = new CountDownLatch(Runtime.getRuntime().availableProcessors());
        CountDownLatch released = new CountDownLatch(1);
        Proxy proxy = new Proxy("proxy.timeout.drain", "500", "camel.main.shutdown-timeout", "1").start();
        try {
            proxy.answeredBy(route -> route.process(exchange -> {
                held.countDown();
                released.await();
            }));
            while (!held.await(100, TimeUnit.MILLISECONDS)) {
                proxy.connect().send(GET);
            }
            Thread stopping = new Thread(() -> proxy.main().stop());
            stopping.start();
            stopping.join(30_000);
            assertFalse(stopping.isAlive());
        } finally {
            released.countDown();
            proxy.close();
        }
    }

    @Test
    void clientThatGoesAwayHarmsNobody() throws Exception {
        try (Proxy proxy = new Proxy("proxy.max-in-flight", "4").start()) {
            proxy.behaving((request, out) -> {
                Thread.sleep(20);
                return Upstream.bytes(Upstream.OK).answer(request, out);
            });
            for (int i = 0; i < 40; i++) {
                proxy.connect().send(i % 2 == 0 ? GET : "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc").reset();
            }
            int status = 503;
            for (int i = 0; i < 400 && status == 503; i++) {
                status = proxy.exchange(GET).status();
                Thread.sleep(10);
            }
            assertEquals(200, status);
        }
    }

    /** Longer than the idle timeout, which is not what this connection is. */
    @Test
    void responseThatIsTakenSlowlyArrivesWhole() throws Exception {
        try (Proxy proxy = new Proxy("proxy.timeout.idle", "300", "proxy.timeout.body", "1000").start(); Socket socket = new Socket()) {
            int size = 20_000_000;
            proxy.answering("HTTP/1.1 200 OK\r\nContent-Length: " + size + "\r\n\r\n" + "x".repeat(size));
            socket.setReceiveBufferSize(64 * 1024);
            socket.connect(new InetSocketAddress("127.0.0.1", proxy.port()));
            socket.getOutputStream().write(GET.getBytes());
            long got = 0;
            byte[] some = new byte[512 * 1024];
            for (int n = 0; n >= 0 && got < size; n = socket.getInputStream().readNBytes(some, 0, some.length)) {
                got += n;
                Thread.sleep(30);
            }
            assertTrue(got >= size, got + " bytes");
        }
    }

    @Test
    void clientThatTakesNothingIsLeft() throws Exception {
        try (Proxy proxy = new Proxy("proxy.timeout.body", "300", "proxy.max-in-flight", "1").start(); Connection client = proxy.connect()) {
            int size = 50_000_000;
            proxy.answering("HTTP/1.1 200 OK\r\nContent-Length: " + size + "\r\n\r\n" + "x".repeat(size));
            client.send(GET);
            proxy.seen();
            proxy.answering(Upstream.OK);
            int status = 503;
            for (int i = 0; i < 400 && status == 503; i++) {
                status = proxy.exchange(GET).status();
                Thread.sleep(10);
            }
            assertEquals(200, status);
        }
    }

    /** A connection that takes no response is owed no second one meanwhile. */
    @Test
    void pipelinedRequestsWaitForTheirClientToTakeResponses() throws Exception {
        try (Proxy proxy = new Proxy().start(); Connection client = proxy.connect()) {
            int size = 20_000_000;
            proxy.answering("HTTP/1.1 200 OK\r\nContent-Length: " + size + "\r\n\r\n" + "x".repeat(size));
            client.send(GET.repeat(50));
            proxy.seen();
            Thread.sleep(500);
            assertEquals(0, proxy.unseen());
            assertEquals(size, client.receive().body().length());
            assertEquals(size, client.receive().body().length());
        }
    }

    @Test
    void halfAHeadAfterARequestIsTimedOut() throws Exception {
        try (Proxy proxy = new Proxy("proxy.timeout.head", "400", "proxy.timeout.idle", "60000").start(); Connection client = proxy.connect()) {
            client.send(GET + "GET /y HT");
            assertEquals(200, client.receive().status());
            assertEquals(408, client.receive().status());
            assertTrue(client.ends());
        }
    }

    @Test
    void nothingAfterTheLastResponseGoesOn() throws Exception {
        try (Proxy proxy = new Proxy().start()) {
            for (String last : List.of("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "GET / HTTP/1.0\r\n\r\n")) {
                try (Connection client = proxy.connect()) {
                    client.send(last + GET + GET);
                    assertEquals(200, client.receive().status());
                    assertTrue(client.ends());
                    proxy.seen();
                    assertEquals(0, proxy.unseen());
                }
            }
        }
    }

    @Test
    void whoComesAtOnceGetsAnAnswerEach() throws Exception {
        try (Proxy proxy = new Proxy().start()) {
            proxy.behaving((request, out) -> Upstream.bytes("HTTP/1.1 200 OK\r\nContent-Length: " + request.target().length() + "\r\n\r\n"
                    + request.target()).answer(request, out));
            List<Connection> clients = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                clients.add(proxy.connect());
            }
            for (int i = 0; i < clients.size(); i++) {
                clients.get(i).send(GET.replace("/ ", "/a" + i + " ") + GET.replace("/ ", "/b" + i + " "));
            }
            for (int i = 0; i < clients.size(); i++) {
                assertEquals("/a" + i, clients.get(i).receive().body());
                assertEquals("/b" + i, clients.get(i).receive().body());
                clients.get(i).close();
            }
        }
    }

    /** Work beyond the pool is refused, and the event loops stay free; with virtual threads there is no such limit. */
    @Test
    void poolOfThreadsRefusesWhatIsBeyondIt() throws Exception {
        boolean virtual = Runtime.version().feature() >= 21;
        try (Proxy proxy = new Proxy("proxy.client", "camel-http", "proxy.max-threads", "2").start()) {
            CountDownLatch release = new CountDownLatch(1);
            proxy.behaving((request, out) -> {
                release.await();
                return Upstream.bytes(Upstream.OK).answer(request, out);
            });
            ExecutorService clients = Executors.newFixedThreadPool(8);
            List<Future<Integer>> statuses = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                statuses.add(clients.submit(() -> proxy.exchange(GET).status()));
            }
            int served = virtual ? 8 : 2;
            while (proxy.unseen() < served || statuses.stream().filter(Future::isDone).count() < 8 - served) {
                Thread.onSpinWait();
            }
            assertEquals(405, proxy.exchange("TRACE / HTTP/1.0\r\n\r\n").status());
            assertEquals(served, proxy.unseen());
            release.countDown();
            List<Integer> all = new ArrayList<>();
            for (Future<Integer> status : statuses) {
                all.add(status.get());
            }
            assertEquals(served, all.stream().filter(status -> status == 200).count());
            assertEquals(8 - served, all.stream().filter(status -> status == 503).count());
            clients.shutdown();
        }
    }

    /** The second one comes with the first; its time is its own. */
    @Test
    void pipelinedRequestHasItsTimeLimits() throws Exception {
        try (Proxy proxy = new Proxy("proxy.timeout.idle", "400", "proxy.timeout.body", "400").start()) {
            proxy.behaving((request, out) -> {
                Thread.sleep(request.target().equals("/slow") ? 1200 : 0);
                return Upstream.bytes(Upstream.OK).answer(request, out);
            });
            try (Connection client = proxy.connect().send("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /slow HTTP/1.1\r\nHost: a\r\n\r\n")) {
                assertEquals(200, client.receive().status());
                assertEquals(200, client.receive().status());
            }
            try (Connection client = proxy.connect().send("GET / HTTP/1.1\r\nHost: a\r\n\r\nPOST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabc")) {
                assertEquals(200, client.receive().status());
                assertEquals(408, client.receive().status());
            }
        }
    }
}
