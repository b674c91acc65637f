package io.github.camelreverseproxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;

import io.github.camelreverseproxy.wire.Connection;
import io.github.camelreverseproxy.wire.Message;
import io.github.camelreverseproxy.wire.Proxy;
import io.github.camelreverseproxy.wire.Upstream;
import io.netty.buffer.PooledByteBufAllocator;
import org.junit.jupiter.api.Test;

/**
 * Valid messages with some bytes changed, in an order that a seed fixes: the proxy answers each stream with whole
 * responses or closes it, sends upstreams only requests that can be read in one way, and is the same afterwards. For another
 * run: -Dfuzz.streams=… -Dfuzz.seed=…
 */
class FuzzTest {
    private static final int STREAMS = Integer.getInteger("fuzz.streams", 24000);
    private static final long SEED = Long.getLong("fuzz.seed", 20261123);
    private static final String GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    private static final List<String> REQUESTS = List.of(GET + GET,
            "POST /anything?a=b HTTP/1.1\r\nHost: example.org:8080\r\nContent-Type: application/json\r\nContent-Length: 17\r\n\r\n{\"snot\":\"badger\"}" + GET,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n1\r\n!\r\n0\r\nT: u\r\n\r\n" + GET,
            "HEAD /%7B%7D HTTP/1.1\r\nHost: [::1]\r\nConnection: keep-alive, X\r\nX: 1\r\nTE: trailers\r\n\r\n" + GET,
            "PUT http://a/b HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\nabc" + GET,
            "OPTIONS * HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n{}" + GET,
            "DELETE /" + "x".repeat(2000) + " HTTP/1.1\r\nHost: a\r\nCookie: " + "y".repeat(1500) + "\r\n\r\n" + GET);

    private static final List<String> RESPONSES = List.of("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nSet-Cookie: a=b\r\n\r\nhello",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nT: u\r\n\r\n", "HTTP/1.1 204 No Content\r\nX: y\r\n\r\n",
            "HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "HTTP/1.0 200 OK\r\n\r\nuntil the end",
            "HTTP/1.1 302 Found\r\nLocation: /x\r\nConnection: close, Y\r\nY: z\r\nContent-Length: 0\r\n\r\n");

    private static final String INTERESTING = "\r\n\r\n\t \0:;,=%/?#[]{}\"0123456789aZ-+\u007f\u0080\u00ff";

    private static String mutated(String bytes, Random random) {
        StringBuilder stream = new StringBuilder(bytes);
        for (int i = 1 + random.nextInt(4); i > 0 && stream.length() > 1; i--) {
            int at = random.nextInt(stream.length());
            char with = random.nextInt(4) == 0 ? (char) random.nextInt(256) : INTERESTING.charAt(random.nextInt(INTERESTING.length()));
            switch (random.nextInt(6)) {
                case 0 -> stream.insert(at, with);
                case 1 -> stream.deleteCharAt(at);
                case 2 -> stream.insert(at, stream.substring(at, Math.min(stream.length(), at + random.nextInt(40))));
                case 3 -> stream.delete(at, Math.min(stream.length(), at + random.nextInt(20)));
                default -> stream.setCharAt(at, with);
            }
        }
        return stream.length() > 4096 ? stream.substring(0, 4096) : stream.toString();
    }

    @Test
    void requests() throws Exception {
        try (Proxy proxy = new Proxy("proxy.backoff.steps", "1", "proxy.timeout.idle", "2000", "proxy.timeout.head", "2000", "proxy.timeout.body", "2000").start()) {
            Random random = new Random(SEED);
            long answered = 0;
            long before = 0;
            for (int i = 0; i < STREAMS; i++) {
                before = i == STREAMS / 4 ? used() : before;
                String stream = mutated(REQUESTS.get(random.nextInt(REQUESTS.size())), random);
                answered += stream(proxy, stream);
                for (Upstream upstream : proxy.upstreams()) {
                    while (upstream.pending() > 0) {
                        plain(upstream.request(), stream);
                    }
                }
            }
            assertTrue(answered > STREAMS / 2, answered + " answers");
            same(proxy, before);
        }
    }

    /** Sends all of it, ends its side, and reads whole responses until the other side ends too. */
    private static int stream(Proxy proxy, String stream) throws Exception {
        int responses = 0;
        try (Connection client = proxy.connect()) {
            try {
                client.send(stream).shutdownOutput();
                while (true) {
                    Message response = client.receive(stream.startsWith("HEAD") && responses == 0);
                    assertTrue(response.start().matches("HTTP/1\\.1 [1-5]\\d\\d .*"), stream);
                    responses++;
                }
            } catch (EOFException | SocketException e) {
                assertTrue(e instanceof SocketException || "end after: ".equals(e.getMessage()) || stream.contains("HEAD"), () -> e + " of " + stream);
            }
        }
        return responses;
    }

    /** What an upstream gets has one length, one Host, and nothing that belongs to another hop. */
    private static void plain(Message request, String stream) {
        assertTrue(request.start().matches("(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) [!-~]+ HTTP/1\\.1"), stream);
        assertTrue(request.values("Content-Length").size() + request.values("Transfer-Encoding").size() <= 1, stream);
        assertTrue(List.of("chunked").containsAll(request.values("Transfer-Encoding")), stream);
        assertEquals(List.of(), request.values("Connection"), stream);
        assertEquals(1, request.values("Host").size(), stream);
        assertEquals(1, request.values("Forwarded").size(), stream);
        for (String line : request.lines()) {
            assertTrue(line.matches("[!#$%&'*+.^_`|~0-9A-Za-z-]+: [\\t -~\\x80-\\xff]*"), () -> line + " of " + stream);
        }
    }

    @Test
    void responses() throws Exception {
        try (Proxy proxy = new Proxy("proxy.backoff.steps", "1", "proxy.timeout.response", "500", "proxy.deadline", "1").start()) {
            Random random = new Random(SEED);
            long before = 0;
            for (int i = 0; i < STREAMS / 4; i++) {
                before = i == STREAMS / 16 ? used() : before;
                String response = mutated(RESPONSES.get(random.nextInt(RESPONSES.size())), random);
                proxy.behaving((request, out) -> {
                    out.write(response.getBytes(StandardCharsets.ISO_8859_1));
                    out.flush();
                    return false;
                });
                try (Connection client = proxy.connect()) {
                    Message got = client.send(GET).head();
                    while (got.status() == 103) {
                        got = client.head();
                    }
                    assertTrue(got.status() >= 200, response);
                    for (String line : got.lines()) {
                        assertTrue(line.matches("[!#$%&'*+.^_`|~0-9A-Za-z-]+: [\\t -~\\x80-\\xff]*"), () -> line + " of " + response);
                    }
                }
                proxy.answering(Upstream.OK);
                try (Connection client = proxy.connect()) {
                    Message next = client.send(GET).receive();
                    for (int again = 0; again < 100 && next.status() >= 500; again++) {
                        next = client.send(GET).receive();
                    }
                    assertEquals("ok", next.body(), response);
                }
            }
            same(proxy, before);
        }
    }

    /** It serves, and holds no more memory than after the first streams. */
    private static void same(Proxy proxy, long before) throws IOException {
        proxy.answering(Upstream.OK);
        Message response = proxy.exchange(GET);
        for (int again = 0; again < 100 && response.status() >= 500; again++) {
            response = proxy.exchange(GET);
        }
        assertEquals("ok", response.body());
        long after = used();
        assertTrue(after < before + 16L * 1024 * 1024, "bytes in use before: " + before + ", after: " + after);
    }

    /** On the heap after a garbage collection, and in Netty's pools. */
    private static long used() {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 3; i++) {
            System.gc();
            least = Math.min(least, Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory());
        }
        return least + PooledByteBufAllocator.DEFAULT.metric().usedDirectMemory();
    }

    /** The fields whose values are read anywhere, in requests and in responses, with whatever they may have: never 500, nor a closed connection. */
    @Test
    void valuesOfFields() throws Exception {
        List<String> seeds = List.of("", ";", ",", "=", ";q", ";q=", "q=0;", "/", "*/*", "application/problem+json;q=", "application/json;;", "no-transform", "NTLM", "Negotiate,",
                "timeout=", "timeout=99999999999", "chunked", "identity", "0", "-1", "1.1", "1.1 x (", "for=;", "\"", "\"\\", "[", "]", "[::1]", "http://", "http://:", "http://[", "//", "%");
        Random random = new Random(SEED);
        try (Proxy proxy = new Proxy("proxy.header.style", "rfc7239", "proxy.trusted-proxies", "127.0.0.0/8", "proxy.backoff.failures", "1000").start();
                Proxy broken = new Proxy("proxy.deadline", "1").before("http://127.0.0.1:1", "http://127.0.0.1:1", "http://127.0.0.1:1").start();
                Connection client = proxy.connect()) {
            for (int i = 0; i < STREAMS / 10; i++) {
                StringBuilder value = new StringBuilder();
                for (int part = random.nextInt(4); part >= 0; part--) {
                    value.append(seeds.get(random.nextInt(seeds.size()))).append(random.nextBoolean() ? " " : "");
                    if (random.nextInt(3) == 0) {
                        value.append(INTERESTING.replaceAll("[\r\n\0\u007f]", "").charAt(random.nextInt(20)));
                    }
                }
                String request = List.of("GET", "POST", "OPTIONS").get(random.nextInt(3)) + " / HTTP/1.1\r\nHost: a\r\n";
                for (String name : List.of("Accept", "Content-Type", "Cache-Control", "Content-Encoding", "Via", "Forwarded", "Authorization", "Max-Forwards", "Keep-Alive", "X-Any")) {
                    request += random.nextInt(3) == 0 ? name + ": " + value + "\r\n" : "";
                }
                String body = random.nextBoolean() ? "{\"a\":1}" : "x";
                request += "Content-Length: " + body.length() + "\r\n\r\n" + body;
                String response = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n";
                for (String name : List.of("Location", "Content-Location", "Keep-Alive", "WWW-Authenticate", "Proxy-Authenticate", "Via", "Date", "Content-Type", "Retry-After")) {
                    response += random.nextInt(3) == 0 ? name + ": " + value + "\r\n" : "";
                }
                proxy.answering(response + "\r\nok");
                int status = client.send(request).receive().status();
                assertTrue(List.of(200, 400, 422).contains(status), status + ": " + request);
                if (i % 20 == 0) {
                    Message error = broken.exchange(request);
                    assertTrue(List.of(200, 400, 422, 502, 503).contains(error.status()), error.canonical() + ": " + request);
                }
            }
        }
    }
}
