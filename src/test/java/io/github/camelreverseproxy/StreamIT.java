package io.github.camelreverseproxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.CRC32C;

import io.github.camelreverseproxy.wire.Connection;
import io.github.camelreverseproxy.wire.Installation;
import io.github.camelreverseproxy.wire.Message;
import io.github.camelreverseproxy.wire.ProxyProcess;
import org.junit.jupiter.api.Test;

/** The jar in a small heap, and bodies far larger than that. */
class StreamIT {
    private static final long GIGABYTE = 1L << 30;
    private static final byte[] PIECE = new byte[1 << 18];

    static {
        new Random(1).nextBytes(PIECE);
    }

    private static long send(OutputStream out) throws IOException {
        CRC32C sum = new CRC32C();
        for (long sent = 0; sent < GIGABYTE; sent += PIECE.length) {
            PIECE[(int) (sent / PIECE.length % PIECE.length)]++;
            sum.update(PIECE);
            out.write(PIECE);
        }
        return sum.getValue();
    }

    private static long receive(InputStream in) throws IOException {
        CRC32C sum = new CRC32C();
        byte[] buffer = new byte[1 << 18];
        for (long left = GIGABYTE; left > 0;) {
            int size = in.read(buffer, 0, (int) Math.min(left, buffer.length));
            assertTrue(size > 0, "the body ends with " + left + " bytes to come");
            sum.update(buffer, 0, size);
            left -= size;
        }
        return sum.getValue();
    }

    /** Sends a gigabyte for a GET, and takes one otherwise; its sum goes into what it answers, or into the field given. */
    private static final class Large implements AutoCloseable {
        private final ServerSocket server = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
        private final AtomicLong written = new AtomicLong();
        private volatile long sum;

        Large() throws IOException {
            Thread thread = new Thread(() -> {
                while (!server.isClosed()) {
                    try {
                        Socket socket = server.accept();
                        Thread serving = new Thread(() -> serve(socket));
                        serving.setDaemon(true);
                        serving.start();
                    } catch (IOException e) {
                        // closed
                    }
                }
            });
            thread.setDaemon(true);
            thread.start();
        }

        private void serve(Socket socket) {
            try (socket) {
                InputStream in = new BufferedInputStream(socket.getInputStream(), 1 << 16);
                OutputStream out = socket.getOutputStream();
                Message request = Message.read(in, true);
                if (request.method().equals("GET")) {
                    out.write(("HTTP/1.1 200 OK\r\nContent-Length: " + GIGABYTE + "\r\n\r\n").getBytes(StandardCharsets.ISO_8859_1));
                    sum = send(new OutputStream() {
                        @Override
                        public void write(int b) throws IOException {
                            out.write(b);
                        }

                        @Override
                        public void write(byte[] bytes) throws IOException {
                            out.write(bytes);
                            written.addAndGet(bytes.length);
                        }
                    });
                } else {
                    sum = receive(in);
                    out.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".getBytes(StandardCharsets.ISO_8859_1));
                }
            } catch (IOException e) {
                // seen at the other end
            }
        }

        @Override
        public void close() throws IOException {
            server.close();
        }
    }

    @Test
    void gigabyteThroughASmallHeap() throws Exception {
        try (Installation here = new Installation(); Large upstream = new Large()) {
            String url = "http://127.0.0.1:" + upstream.server.getLocalPort();
            here.set("UPSTREAM01_URL", url).set("UPSTREAM02_URL", url).set("UPSTREAM03_URL", url).set("UPSTREAM01_CONCURRENCY", "0");
            try (ProxyProcess proxy = here.jar("-Xmx128m", "-XX:+ExitOnOutOfMemoryError").started()) {
                try (Socket client = new Socket(InetAddress.getLoopbackAddress(), here.port())) {
                    client.getOutputStream().write("GET / HTTP/1.1\r\nHost: a\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1));
                    InputStream in = new BufferedInputStream(client.getInputStream(), 1 << 16);
                    assertEquals(200, Message.read(in, true).status());
                    assertEquals(receive(in), upstream.sum);
                }
                try (Socket client = new Socket(InetAddress.getLoopbackAddress(), here.port())) {
                    client.getOutputStream().write(("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + GIGABYTE
                            + "\r\nContent-Type: application/octet-stream\r\n\r\n").getBytes(StandardCharsets.ISO_8859_1));
                    long sum = send(client.getOutputStream());
                    assertEquals("ok", Message.read(client.getInputStream(), false).body());
                    assertEquals(sum, upstream.sum);
                }
                stalledReadersStopTheirUpstream(here, upstream);
                assertFalse(proxy.output().contains("OutOfMemory"), proxy.output());
            }
        }
    }

    /** Fifty of them ask for a gigabyte each and take nothing. */
    private static void stalledReadersStopTheirUpstream(Installation here, Large upstream) throws Exception {
        upstream.written.set(0);
        List<Connection> stalled = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            stalled.add(new Connection(here.port()).send("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
        }
        long before = -1;
        for (int i = 0; i < 100 && before != upstream.written.get(); i++) {
            before = upstream.written.get();
            Thread.sleep(300);
        }
        assertTrue(before > 0 && before < 50L * 40_000_000, before + " bytes were read for clients that take none");
        try (Connection other = new Connection(here.port())) {
            assertEquals(200, other.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").head().status());
            other.bytes(10_000_000);
        }
        for (Connection client : stalled) {
            client.close();
        }
    }
}
