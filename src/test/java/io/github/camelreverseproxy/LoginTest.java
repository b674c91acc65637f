package io.github.camelreverseproxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;

import io.github.camelreverseproxy.listener.Connections;
import io.github.camelreverseproxy.wire.Connection;
import io.github.camelreverseproxy.wire.Message;
import io.github.camelreverseproxy.wire.Proxy;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Connections to upstreams on which somebody has logged in: nobody else is answered on them. */
class LoginTest {
    private static final String GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    private ServerSocket server;
    private Proxy proxy;

    /** An upstream that takes each connection for the user who has logged in on it, and tells who it was. */
    @BeforeEach
    void start() throws Exception {
        server = new ServerSocket(0);
        Thread acceptor = new Thread(() -> {
            while (!server.isClosed()) {
                try {
                    Socket socket = server.accept();
                    Thread connection = new Thread(() -> serve(socket));
                    connection.setDaemon(true);
                    connection.start();
                } catch (Exception e) {
                    // closed
                }
            }
        });
        acceptor.setDaemon(true);
        acceptor.start();
        String url = "http://127.0.0.1:" + server.getLocalPort();
        proxy = new Proxy().before(url, url, url).start();
    }

    @AfterEach
    void end() throws Exception {
        proxy.close();
        server.close();
    }

    private static void serve(Socket socket) {
        try (socket) {
            String user = "nobody";
            while (true) {
                Message request = Message.read(socket.getInputStream(), false);
                String login = request.value("Authorization");
                user = login == null ? user : login;
                String head = request.target().equals("/secret") && login == null && user.equals("nobody")
                        ? "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\", " + request.value("X-Scheme") + "\r\n" : "HTTP/1.1 200 OK\r\n";
                socket.getOutputStream().write((head + "X-Port: " + socket.getPort() + "\r\nContent-Length: " + user.length() + "\r\n\r\n" + user).getBytes());
            }
        } catch (Exception e) {
            // the proxy has closed the connection
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"NTLM", "Negotiate", "ntlm abc", "NEGOTIATE abc=="})
    void nobodyElseIsAnsweredAsTheUser(String credentials) throws Exception {
        try (Connection user = proxy.connect(); Connection other = proxy.connect()) {
            for (int i = 0; i < 6; i++) {
                other.send(GET).receive();
            }
            assertEquals(credentials, user.send("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: " + credentials + "\r\n\r\n").receive().body());
            for (int i = 0; i < 12; i++) {
                assertEquals("nobody", other.send(GET).receive().body());
                assertEquals("nobody", proxy.exchange(GET).body());
                assertEquals(credentials, user.send(GET).receive().body(), "further requests go by it");
            }
        }
        for (int i = 0; i < 12; i++) {
            assertEquals("nobody", proxy.exchange(GET).body(), "it has ended with its client");
        }
    }

    /** The challenge, and the answer to it, have to go by one connection. */
    @Test
    void connectionStaysFromTheChallengeOn() throws Exception {
        for (String scheme : List.of("NTLM", "Negotiate abc")) {
            try (Connection user = proxy.connect()) {
                String secret = "GET /secret HTTP/1.1\r\nHost: a\r\nX-Scheme: " + scheme + "\r\n";
                Message challenge = user.send(secret + "\r\n").receive();
                assertEquals(401, challenge.status());
                for (int i = 0; i < 5; i++) {
                    proxy.exchange(GET);
                }
                Message response = user.send(secret + "Authorization: " + scheme + "\r\n\r\n").receive();
                assertEquals(200, response.status());
                assertEquals(challenge.value("X-Port"), response.value("X-Port"));
            }
        }
    }

    @Test
    void otherSchemesShareConnections() throws Exception {
        try (Connection user = proxy.connect(); Connection other = proxy.connect()) {
            for (int i = 0; i < 3; i++) {
                user.send("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Basic x\r\n\r\n").receive();
            }
            assertTrue(List.of("Basic x", "nobody").contains(other.send(GET).receive().body()));
        }
    }
}
