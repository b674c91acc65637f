package io.github.camelreverseproxy.upstream;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;

import io.github.camelreverseproxy.Failure;
import io.github.camelreverseproxy.ProxyException;
import org.apache.hc.core5.http.ConnectionClosedException;
import org.apache.hc.core5.http.ProtocolException;
import org.apache.hc.core5.util.CharArrayBuffer;

/** Reads the body of a response under a cap, by the letter of RFC 9112, sections 6 and 7. Not thread-safe. */
final class ResponseBody {
    private static final int MAX_TRAILERS = 100;
    private static final byte[] NONE = new byte[0];

    private final ResponseHead head;
    private final int max;
    private final CharArrayBuffer line = new CharArrayBuffer(32);

    /** @param max in bytes */
    ResponseBody(ResponseHead head, int max) {
        this.head = head;
        this.max = max;
    }

    /**
     * @param length what the head says, or negative for a body that ends with the connection
     * @throws ProxyException            if the body is larger than allowed
     * @throws ConnectionClosedException if the connection ends before the body
     */
    byte[] read(long length) throws IOException {
        if (length > max) {
            throw new ProxyException(Failure.RESPONSE_TOO_LARGE);
        }
        if (length >= 0) {
            byte[] body = length == 0 ? NONE : new byte[(int) length];
            fill(body, body.length);
            return body;
        }
        byte[] body = new byte[Math.min(max, 8192)];
        int size = 0;
        while (true) {
            if (size == body.length) {
                body = Arrays.copyOf(body, (int) Math.min((long) max + 1, size * 2L + 1));
            }
            int read = head.buffer().read(body, size, body.length - size, head.in());
            if (read < 0) {
                return Arrays.copyOf(body, size);
            }
            size += read;
            if (size > max) {
                throw new ProxyException(Failure.RESPONSE_TOO_LARGE);
            }
        }
    }

    /** @throws ProtocolException if the chunks are malformed */
    byte[] readChunked() throws IOException, ProtocolException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        for (int size = chunkSize(body.size()); size > 0; size = chunkSize(body.size())) {
            byte[] chunk = new byte[size];
            fill(chunk, size);
            body.write(chunk, 0, size);
            if (!nextLine().isEmpty()) {
                throw new ProtocolException("chunk longer than its size");
            }
        }
        for (int trailers = 0; !nextLine().isEmpty(); trailers++) {
            if (trailers == MAX_TRAILERS) {
                throw new ProtocolException("too many trailers");
            }
        }
        return body.toByteArray();
    }

    private int chunkSize(int before) throws IOException, ProtocolException {
        CharArrayBuffer text = nextLine();
        int end = 0;
        long size = 0;
        while (end < text.length() && Character.digit(text.charAt(end), 16) >= 0 && text.charAt(end) < 128) {
            size = size * 16 + Character.digit(text.charAt(end++), 16);
            if (size + before > max) {
                throw new ProxyException(Failure.RESPONSE_TOO_LARGE);
            }
        }
        String extension = text.substringTrimmed(end, text.length());
        if (end == 0 || !extension.isEmpty() && extension.charAt(0) != ';') {
            throw new ProtocolException("malformed chunk size");
        }
        return (int) size;
    }

    private CharArrayBuffer nextLine() throws IOException {
        line.clear();
        if (head.buffer().readLine(line, head.in()) < 0) {
            throw ends();
        }
        return line;
    }

    private void fill(byte[] body, int size) throws IOException {
        for (int read = 0, n; read < size; read += n) {
            n = head.buffer().read(body, read, size - read, head.in());
            if (n < 0) {
                throw ends();
            }
        }
    }

    private static ConnectionClosedException ends() {
        return new ConnectionClosedException("connection ends within the body");
    }
}
