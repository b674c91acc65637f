package io.github.camelreverseproxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Base64;
import java.util.concurrent.TimeUnit;

import javax.net.ServerSocketFactory;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

import io.github.camelreverseproxy.wire.Connection;
import io.github.camelreverseproxy.wire.Message;
import io.github.camelreverseproxy.wire.Proxy;
import io.github.camelreverseproxy.wire.Recipe;
import io.github.camelreverseproxy.wire.Upstream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Upstreams behind TLS. */
class TlsTest {
    private static final String POST = "POST /a?b=c HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi";
    private static final String SECRET = "changeit";
    private static final String RECIPE = "An upstream behind TLS with its own CA";

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

    /** The recipe: an authority of its own, a certificate of the proxy, and a name that is not the URL's. */
    @Test
    void upstreamWithAnAuthorityOfItsOwn() throws Exception {
        Path server = keys("dns:vault.internal");
        Path client = keys("dns:proxy");
        try (Upstream vault = new Upstream(0, askingForCertificates(server, client)); Proxy proxy = before(vault, server, client).start()) {
            String request = Recipe.of(RECIPE).requests().get(0);
            assertEquals("ok", proxy.exchange(request).body());
            assertEquals("vault.internal", vault.request().value("Host"));
        }
        try (Upstream vault = new Upstream(0, askingForCertificates(server, client)); Proxy proxy = before(vault, client, client).start()) {
            assertEquals(502, proxy.exchange(POST).status(), "another authority");
        }
        try (Upstream vault = new Upstream(0, askingForCertificates(server, client)); Proxy proxy = before(vault, server, keys("dns:other")).start()) {
            int status = proxy.exchange(POST).status();
            assertTrue(status == 502, "another certificate: " + status);
            assertEquals(0, vault.pending());
        }
    }

    @Test
    void filesThatAreNoneStopTheStart() throws Exception {
        Path server = keys("dns:vault.internal");
        try (Upstream vault = new Upstream(); Proxy proxy = before(vault, server, server)) {
            Files.delete(directory.resolve("proxy.pem"));
            String message = proxy.failure();
            assertTrue(message.contains("certificateFile: no such file: " + directory.resolve("proxy.pem")), message);
        }
        try (Upstream vault = new Upstream(); Proxy proxy = before(vault, server, server)) {
            Files.writeString(directory.resolve("ca.pem"), "nothing");
            String message = proxy.failure();
            assertTrue(message.contains("caFile: " + directory.resolve("ca.pem")), message);
        }
        try (Upstream vault = new Upstream(); Proxy proxy = before(vault, server, server)) {
            Files.writeString(directory.resolve("proxy.key"), "nothing");
            String message = proxy.failure();
            assertTrue(message.contains("certificateFile or keyFile"), message);
        }
    }

    private Proxy before(Upstream vault, Path trusted, Path own) throws Exception {
        KeyStore store = KeyStore.getInstance(own.toFile(), SECRET.toCharArray());
        pem("ca.pem", "CERTIFICATE", KeyStore.getInstance(trusted.toFile(), SECRET.toCharArray()).getCertificate("upstream").getEncoded());
        pem("proxy.pem", "CERTIFICATE", store.getCertificate("upstream").getEncoded());
        pem("proxy.key", "PRIVATE KEY", store.getKey("upstream", SECRET.toCharArray()).getEncoded());
        Proxy proxy = new Proxy("vault.url", "https://127.0.0.1:" + vault.port(), "vault.ca", directory.resolve("ca.pem").toString(),
                "vault.certificate", directory.resolve("proxy.pem").toString(), "vault.key", directory.resolve("proxy.key").toString());
        Recipe.of(RECIPE).edit(proxy.routes());
        return proxy;
    }

    private void pem(String name, String type, byte[] bytes) throws IOException {
        Files.writeString(directory.resolve(name), "-----BEGIN " + type + "-----\n" + Base64.getMimeEncoder().encodeToString(bytes) + "\n-----END " + type + "-----\n");
    }

    private static ServerSocketFactory askingForCertificates(Path own, Path trusted) throws Exception {
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(KeyStore.getInstance(own.toFile(), SECRET.toCharArray()), SECRET.toCharArray());
        KeyStore clients = KeyStore.getInstance("PKCS12");
        clients.load(null, null);
        clients.setCertificateEntry("client", KeyStore.getInstance(trusted.toFile(), SECRET.toCharArray()).getCertificate("upstream"));
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(clients);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        return new ServerSocketFactory() {
            @Override
            public ServerSocket createServerSocket() throws IOException {
                SSLServerSocket socket = (SSLServerSocket) context.getServerSocketFactory().createServerSocket();
                socket.setNeedClientAuth(true);
                return socket;
            }

            @Override
            public ServerSocket createServerSocket(int port) {
                throw new UnsupportedOperationException();
            }

            @Override
            public ServerSocket createServerSocket(int port, int backlog) {
                throw new UnsupportedOperationException();
            }

            @Override
            public ServerSocket createServerSocket(int port, int backlog, InetAddress address) {
                throw new UnsupportedOperationException();
            }
        };
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
        Path keys = Files.createTempFile(directory, "keys", ".p12");
        Files.delete(keys);
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
