package io.github.camelreverseproxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.ConnectException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

import io.github.camelreverseproxy.wire.Await;
import io.github.camelreverseproxy.wire.Connection;
import io.github.camelreverseproxy.wire.Message;
import io.github.camelreverseproxy.wire.ProxyProcess;
import io.github.camelreverseproxy.wire.Upstream;
import org.junit.jupiter.api.Test;

/** The packaged jar is asked to stop. */
class SigtermIT extends InstalledFixture {
    /** Each client goes on until a response ends its connection; the n-th pauses n times so many milliseconds between requests. */
    private void terminateUnder(ProxyProcess proxy, int clients, int pause) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(clients);
        List<Future<Integer>> answered = new ArrayList<>();
        for (int c = 0; c < clients; c++) {
            int millis = pause * c;
            answered.add(threads.submit(() -> {
                int count = 0;
                try (Connection client = new Connection(port)) {
                    Message response;
                    do {
                        Thread.sleep(count == 0 ? 0 : millis);
                        response = client.send(GET).receive();
                        assertEquals(200, response.status());
                        count++;
                    } while (response.value("Connection") == null);
                    assertTrue(client.ends());
                }
                return count;
            }));
        }
        while (upstream.pending() < 2 * clients) {
            Thread.onSpinWait();
        }
        proxy.terminate();
        for (Future<Integer> client : answered) {
            assertTrue(client.get() > 0);
        }
        threads.shutdown();
    }

    /** No new connection, and each request that was sent is answered, with the connection's end announced. */
    @Test
    void noRequestFails() throws Exception {
        upstream.behaving((request, out) -> {
            Thread.sleep(200);
            return Upstream.bytes(Upstream.OK).answer(request, out);
        });
        try (ProxyProcess proxy = here.set("UPSTREAM01_CONCURRENCY", "0").jar().started()) {
            terminateUnder(proxy, 16, 0);
            assertThrows(ConnectException.class, () -> new Connection(port).close());
            assertEquals(143, proxy.exitCode());
            assertFalse(proxy.output().contains(" WARN "), proxy.output());
        }
    }

    @Test
    void reloadDuringTheStartComesAfterIt() throws Exception {
        try (ProxyProcess proxy = here.jar()) {
            Await.until("Camel starts", () -> proxy.output().contains("is starting"));
            proxy.hangUp();
            Await.until("the reload has taken place", () -> proxy.output().contains("Generation 2"));
            assertEquals(200, Connection.exchange(port, GET).status());
        }
    }

    /** Clients that pause between requests: each answer is whole and good until the connection's end is announced. */
    @Test
    void clientsThatPauseAreSpared() throws Exception {
        try (ProxyProcess proxy = here.set("UPSTREAM01_CONCURRENCY", "0").jar().started()) {
            terminateUnder(proxy, 30, 5);
            assertEquals(143, proxy.exitCode());
        }
    }

    /** Longer than Camel's own patience: a slow request, and a response that is taken slowly; idle connections go first. */
    @Test
    void whatIsInFlightIsWaitedFor() throws Exception {
        int size = 20_000_000;
        upstream.behaving((request, out) -> {
            if (request.target().equals("/slow")) {
                Thread.sleep(20_000);
                return Upstream.bytes(Upstream.OK).answer(request, out);
            }
            return Upstream.bytes("HTTP/1.1 200 OK\r\nContent-Length: " + size + "\r\n\r\n" + "x".repeat(size)).answer(request, out);
        });
        try (ProxyProcess proxy = here.jar().started(); Connection slow = new Connection(port);
             Connection idle = new Connection(port); Connection taker = new Connection(port)) {
            slow.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
            taker.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
            upstream.request();
            upstream.request();
            proxy.terminate();
            assertTrue(idle.ends());
            assertEquals(size, taker.receive().body().length());
            Message response = slow.receive();
            assertEquals(200, response.status());
            assertEquals("close", response.value("Connection"));
            assertEquals(143, proxy.exitCode());
        }
    }
}
