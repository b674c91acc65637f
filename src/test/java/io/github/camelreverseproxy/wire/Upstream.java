package io.github.camelreverseproxy.wire;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import javax.net.ServerSocketFactory;

import io.github.camelreverseproxy.listener.Connections;

/** An upstream on a loopback port of its own that records each request as it came and answers with given bytes. */
public final class Upstream implements AutoCloseable {
    public static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    /** What it does with a request. */
    @FunctionalInterface
    public interface Behaviour {
        /** @return whether the connection stays open */
        boolean answer(Message request, OutputStream out) throws Exception;
    }

    private final ServerSocket server;
    private final Thread acceptor;
    private final Set<Socket> connections = ConcurrentHashMap.newKeySet();
    private final BlockingQueue<Message> requests = new LinkedBlockingQueue<>();
    private final AtomicInteger inFlight = new AtomicInteger();
    private final AtomicInteger mostInFlight = new AtomicInteger();
    private final AtomicInteger accepted = new AtomicInteger();
    private volatile Behaviour behaviour = bytes(OK);

    public Upstream() throws IOException {
        this(0);
    }

    /** @param port 0 for a free one */
    public Upstream(int port) throws IOException {
        this(port, ServerSocketFactory.getDefault());
    }

    public Upstream(int port, InetAddress address) throws IOException {
        this(port, ServerSocketFactory.getDefault(), address);
    }

    /**
     * @param port    0 for a free one
     * @param sockets those of {@code SSLContext} for TLS
     */
    public Upstream(int port, ServerSocketFactory sockets) throws IOException {
        this(port, sockets, InetAddress.getLoopbackAddress());
    }

    private Upstream(int port, ServerSocketFactory sockets, InetAddress address) throws IOException {
        server = sockets.createServerSocket();
        server.setReuseAddress(true);
        server.bind(new java.net.InetSocketAddress(address, port), 1024);
        acceptor = new Thread(this::accept, "upstream-" + server.getLocalPort());
        acceptor.setDaemon(true);
        acceptor.start();
    }

    /** Answers every request with the same bytes, HEAD with the head alone. */
    public static Behaviour bytes(String response) {
        return (request, out) -> {
            int end = request.method().equals("HEAD") ? response.lastIndexOf("\r\n\r\n") + 4 : response.length();
            out.write(response.substring(0, end).getBytes(StandardCharsets.ISO_8859_1));
            out.flush();
            return !response.contains("Connection: close");
        };
    }

    /** A behaviour: no answer, for longer than any test takes. */
    public static boolean hangs(Message request, OutputStream out) throws InterruptedException {
        Thread.sleep(60_000);
        return false;
    }

    public Upstream answering(String response) {
        return behaving(bytes(response));
    }

    public Upstream behaving(Behaviour next) {
        behaviour = next;
        return this;
    }

    public int port() {
        return server.getLocalPort();
    }

    public String url() {
        return "http://127.0.0.1:" + port();
    }

    /** The next request that has come, waiting for it if need be. */
    public Message request() throws InterruptedException {
        Message request = requests.poll(10, TimeUnit.SECONDS);
        if (request == null) {
            throw new AssertionError("no request has come");
        }
        return request;
    }

    /** How many requests have come and were not taken by {@link #request()}. */
    public int pending() {
        return requests.size();
    }

    public int mostInFlight() {
        return mostInFlight.get();
    }

    /** Connections accepted so far. */
    public int accepted() {
        return accepted.get();
    }

    /** Connections that are open now. */
    public int open() {
        return connections.size();
    }

    public void forget() {
        requests.clear();
    }

    /** The properties that make three upstreams the proxy's own. */
    public static Map<String, String> properties(List<Upstream> upstreams) {
        return Map.of("upstream01.url", upstreams.get(0).url(), "upstream02.url", upstreams.get(1).url(),
                "upstream03.url", upstreams.get(2).url());
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket socket = server.accept();
                accepted.incrementAndGet();
                connections.add(socket);
                Thread thread = new Thread(() -> serve(socket), "upstream-" + port() + "-connection");
                thread.setDaemon(true);
                thread.start();
            } catch (IOException e) {
                // closed
            }
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            socket.setTcpNoDelay(true);
            InputStream in = new BufferedInputStream(socket.getInputStream());
            boolean open = true;
            while (open) {
                Message request = Message.read(in, false);
                mostInFlight.accumulateAndGet(inFlight.incrementAndGet(), Math::max);
                requests.add(request);
                try {
                    open = behaviour.answer(request, socket.getOutputStream());
                } finally {
                    inFlight.decrementAndGet();
                }
            }
        } catch (Exception e) {
            // the proxy has closed the connection, or the behaviour wants it closed
        } finally {
            connections.remove(socket);
        }
    }

    /** Closes the port and all connections, as a process that dies. */
    @Override
    public void close() throws IOException {
        server.close();
        try {
            // Until it has gone it may take one more connection, and the kernel keeps the port open for it.
            acceptor.join(1000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        for (Socket socket : connections) {
            socket.close();
        }
    }
}
