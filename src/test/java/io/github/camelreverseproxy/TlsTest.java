package io.github.camelreverseproxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.concurrent.TimeUnit;

import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

import io.github.camelreverseproxy.wire.Connection;
import io.github.camelreverseproxy.wire.Message;
import io.github.camelreverseproxy.wire.Proxy;
import io.github.camelreverseproxy.wire.Upstream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Upstreams behind TLS. */
class TlsTest {
    private static final String POST = "POST /a?b=c HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi";
    private static final String SECRET = "changeit";

    @TempDir
    Path directory;

    @Test
    void requestsGoOutAndResponsesComeBackOnTheSameConnection() throws Exception {
        Path keys = keys("ip:127.0.0.1");
        try (Upstream upstream = new Upstream(0, tls(keys).getServerSocketFactory());
                Proxy proxy = trusting(keys, "https://127.0.0.1:" + upstream.port());
                Connection client = proxy.connect()) {
            for (int i = 0; i < 6; i++) {
                Message response = client.send(POST).receive();
                assertEquals(200, response.status());
                assertEquals("ok", response.body());
                Message request = upstream.request();
                assertEquals("POST /a?b=c HTTP/1.1", request.start());
                assertEquals("hi", request.body());
            }
            assertEquals(3, upstream.accepted(), "each of the three breakers' clients keeps its connection");
        }
    }

    @Test
    void certificateForAnotherNameIsRefused() throws Exception {
        Path keys = keys("dns:elsewhere.example");
        try (Upstream upstream = new Upstream(0, tls(keys).getServerSocketFactory());
                Proxy proxy = trusting(keys, "https://127.0.0.1:" + upstream.port())) {
            Message response = proxy.exchange(POST);
            assertEquals(502, response.status());
            assertTrue(response.body().contains("ConnectFailed"), response.body());
            assertEquals(0, upstream.pending());
        }
    }

    /** Without TLS's own end of the connection, anybody on the way may have cut it (RFC 9112, section 9.8). */
    @Test
    void bodyToTheEndThatWasCut() throws Exception {
        Path keys = keys("ip:127.0.0.1");
        String half = "HTTP/1.1 200 OK\r\n\r\nhalf";
        try (Ending whole = new Ending(tls(keys), half, End.TLS_AND_TCP); Proxy proxy = trusting(keys, whole.url())) {
            Message response = proxy.exchange(POST);
            assertEquals(200, response.status());
            assertEquals("half", response.body());
        }
        try (Ending cut = new Ending(tls(keys), half, End.TCP_ALONE); Proxy proxy = trusting(keys, cut.url())) {
            assertThrows(java.io.EOFException.class, () -> proxy.exchange(POST), "the last chunk is missing");
        }
    }

    /** TLS's own end of the connection is its end, whenever the upstream closes the rest of it. */
    @Test
    void connectionThatHasEndedWithinTlsAlone() throws Exception {
        Path keys = keys("ip:127.0.0.1");
        SSLContext context = tls(keys);
        try (Ending upstream = new Ending(context, "HTTP/1.1 200 OK\r\n\r\nwhole", End.TLS_ALONE); Proxy proxy = trusting(keys, upstream.url())) {
            Message response = proxy.exchange(POST);
            assertEquals(200, response.status());
            assertEquals("whole", response.body());
        }
        try (Ending upstream = new Ending(context, Upstream.OK, End.TLS_ALONE); Proxy proxy = trusting(keys, upstream.url());
                Connection client = proxy.connect()) {
            for (int i = 0; i < 9; i++) {
                assertEquals("ok", client.send(POST).receive().body());
            }
        }
    }

    private static Proxy trusting(Path keys, String url) throws Exception {
        System.setProperty("javax.net.ssl.trustStore", keys.toString());
        System.setProperty("javax.net.ssl.trustStorePassword", SECRET);
        try {
            return new Proxy().before(url, url, url).start();
        } finally {
            System.clearProperty("javax.net.ssl.trustStore");
            System.clearProperty("javax.net.ssl.trustStorePassword");
        }
    }

    /** A key of the upstream's own, made by the JDK's tool. */
    private Path keys(String name) throws Exception {
        Path keys = directory.resolve("keys.p12");
        Process tool = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "keytool").toString(), "-genkeypair",
                "-alias", "upstream", "-keyalg", "EC", "-dname", "CN=upstream", "-ext", "SAN=" + name, "-validity", "2",
                "-storetype", "PKCS12", "-keystore", keys.toString(), "-storepass", SECRET)
                .redirectErrorStream(true).redirectOutput(directory.resolve("keytool.log").toFile()).start();
        assertTrue(tool.waitFor(60, TimeUnit.SECONDS));
        assertEquals(0, tool.exitValue(), Files.readString(directory.resolve("keytool.log")));
        return keys;
    }

    private static SSLContext tls(Path keys) throws Exception {
        KeyStore store = KeyStore.getInstance(keys.toFile(), SECRET.toCharArray());
        KeyManagerFactory own = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        own.init(store, SECRET.toCharArray());
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(own.getKeyManagers(), null, null);
        return context;
    }

    private enum End { TLS_AND_TCP, TCP_ALONE, TLS_ALONE }

    /** An upstream that ends each connection after a response, one way or another. */
    private static final class Ending implements AutoCloseable {
        private final ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());

        private Ending(SSLContext context, String answer, End end) throws IOException {
            Thread acceptor = new Thread(() -> {
                while (!server.isClosed()) {
                    try {
                        Socket plain = server.accept();
                        Thread connection = new Thread(() -> serve(context, plain, answer, end), "ending-connection");
                        connection.setDaemon(true);
                        connection.start();
                    } catch (IOException e) {
                        // closed
                    }
                }
            }, "ending");
            acceptor.setDaemon(true);
            acceptor.start();
        }

        private static void serve(SSLContext context, Socket plain, String answer, End end) {
            try (plain; SSLSocket tls = (SSLSocket) context.getSocketFactory().createSocket(plain, null, plain.getPort(), false)) {
                tls.setUseClientMode(false);
                Message.read(tls.getInputStream(), false);
                tls.getOutputStream().write(answer.getBytes(StandardCharsets.ISO_8859_1));
                if (end == End.TCP_ALONE) {
                    plain.close();
                } else if (end == End.TLS_ALONE) {
                    tls.shutdownOutput();
                    plain.getInputStream().readAllBytes();
                }
            } catch (IOException e) {
                // closed
            }
        }

        private String url() {
            return "https://127.0.0.1:" + server.getLocalPort();
        }

        @Override
        public void close() throws IOException {
            server.close();
        }
    }
}
