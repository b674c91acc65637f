package io.github.camelreverseproxy.wire;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;

/** A client's TCP connection: bytes out, messages in. Latin-1 stands for bytes in all strings. */
public final class Connection implements AutoCloseable {
    private final Socket socket;
    private final InputStream in;

    public Connection(int port) throws IOException {
        this(InetAddress.getLoopbackAddress(), port);
    }

    public Connection(InetAddress host, int port) throws IOException {
        socket = new Socket();
        socket.connect(new InetSocketAddress(host, port), 5000);
        socket.setSoTimeout(30000);
        socket.setTcpNoDelay(true);
        in = new BufferedInputStream(socket.getInputStream());
    }

    /** The other side of one: what an upstream has accepted. */
    public Connection(Socket accepted) throws IOException {
        socket = accepted;
        socket.setSoTimeout(30000);
        socket.setTcpNoDelay(true);
        in = new BufferedInputStream(socket.getInputStream());
    }

    /** One exchange on a connection of its own. */
    public static Message exchange(int port, String request) throws IOException {
        try (Connection connection = new Connection(port)) {
            connection.send(request);
            return connection.receive(request.startsWith("HEAD "));
        }
    }

    /** @param millis to wait for the bytes to come */
    public Connection patient(int millis) throws IOException {
        socket.setSoTimeout(millis);
        return this;
    }

    public Connection send(String bytes) throws IOException {
        socket.getOutputStream().write(bytes.getBytes(StandardCharsets.ISO_8859_1));
        return this;
    }

    public Message receive() throws IOException {
        return receive(false);
    }

    /** @param head whether the response is to a HEAD request and has no body */
    public Message receive(boolean head) throws IOException {
        return Message.read(in, head);
    }

    /** A head, whatever follows it. */
    public Message head() throws IOException {
        return Message.read(in, true);
    }

    /** The next line, without its end. */
    public String line() throws IOException {
        return line(in);
    }

    /** The next bytes, all of them. */
    public String bytes(int count) throws IOException {
        byte[] bytes = in.readNBytes(count);
        if (bytes.length < count) {
            throw new EOFException("end after " + bytes.length + " of " + count + " bytes");
        }
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    /** The next chunk (RFC 9112, section 7.1), without its framing. */
    public String chunk() throws IOException {
        String text = bytes(Integer.parseInt(line(), 16));
        if (!line().isEmpty()) {
            throw new IOException("a chunk is longer than its size");
        }
        return text;
    }

    /** A text as a chunk. */
    public static String chunk(String text) {
        return Integer.toHexString(text.length()) + "\r\n" + text + "\r\n";
    }

    /** Whether the peer closes the connection next, without another byte. */
    public boolean ends() throws IOException {
        try {
            return in.read() < 0;
        } catch (SocketException e) {
            return true;
        }
    }

    public void shutdownOutput() throws IOException {
        socket.shutdownOutput();
    }

    public int localPort() {
        return socket.getLocalPort();
    }

    /** Closes with a reset. */
    /** Whether something has come that was not read. */
    public boolean hasSomething() throws IOException {
        return in.available() > 0;
    }

    public void reset() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }

    static String line(InputStream in) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int b = in.read(); b != '\n'; b = in.read()) {
            if (b < 0) {
                throw new EOFException("end after: " + line.toString(StandardCharsets.ISO_8859_1));
            }
            line.write(b);
        }
        String text = line.toString(StandardCharsets.ISO_8859_1);
        return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
    }
}
