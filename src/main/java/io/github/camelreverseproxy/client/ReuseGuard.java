package io.github.camelreverseproxy.client;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

import org.apache.hc.client5.http.io.ManagedHttpClientConnection;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.impl.io.DefaultHttpRequestWriter;
import org.apache.hc.core5.http.io.HttpMessageWriter;
import org.apache.hc.core5.http.io.SessionOutputBuffer;

/**
 * Writes requests, and looks at a connection before it is used again: one that the upstream has closed meanwhile, or on
 * which something has come that nobody asked for, takes no further request (RFC 9112, sections 9.3.1 and 9.5). Since
 * nothing of the request has been sent then, it may go by another connection whatever its method is. With TLS it does not
 * look. Not thread-safe;
 * one for each connection.
 */
final class ReuseGuard implements HttpMessageWriter<ClassicHttpRequest> {
    /** The connection cannot be used any more; nothing has been sent. */
    static final class StaleConnectionException extends IOException {
        private static final long serialVersionUID = 1L;

        @Override
        public Throwable fillInStackTrace() {
            return this;
        }
    }

    private final DefaultHttpRequestWriter writer = new DefaultHttpRequestWriter();
    private final ResponseParser responses;
    private ManagedHttpClientConnection connection;
    private boolean used;

    /** @param responses is told what response to expect */
    ReuseGuard(ResponseParser responses) {
        this.responses = responses;
    }

    void watch(ManagedHttpClientConnection watched) {
        connection = watched;
    }

    @Override
    public void write(ClassicHttpRequest request, SessionOutputBuffer buffer, OutputStream out) throws IOException, HttpException {
        if (used && isStale()) {
            throw new StaleConnectionException();
        }
        used = true;
        responses.expect(request.getMethod().equals("HEAD"));
        writer.write(request, buffer, out);
    }

    private boolean isStale() {
        SocketChannel channel = connection.getSocket().getChannel();
        if (channel == null) {
            return false;
        }
        try {
            channel.configureBlocking(false);
            try {
                return channel.read(ByteBuffer.allocate(1)) != 0;
            } finally {
                channel.configureBlocking(true);
            }
        } catch (IOException e) {
            return true;
        }
    }
}
