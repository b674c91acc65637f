package io.github.camelreverseproxy.client;

import java.io.IOException;
import java.io.InputStream;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.io.HttpMessageParser;
import org.apache.hc.core5.http.io.SessionInputBuffer;
import org.apache.hc.core5.http.message.BasicClassicHttpResponse;

/** Lets a {@link ResponseParser} read from a connection of HttpClient. Not thread-safe; one for each connection. */
final class ResponseReader implements HttpMessageParser<ClassicHttpResponse> {
    private final ResponseParser responses;
    private final byte[] piece = new byte[8192];

    /** A head that has come, and where the rest is to be read. */
    static final class Head extends BasicClassicHttpResponse {
        private static final long serialVersionUID = 1L;

        private final transient ResponseReader reader;
        private final transient SessionInputBuffer buffer;
        private final transient InputStream in;
        private transient ByteBuf read;

        private Head(ResponseReader reader, SessionInputBuffer buffer, InputStream in, ByteBuf read) {
            super(reader.responses.status());
            this.reader = reader;
            this.buffer = buffer;
            this.in = in;
            this.read = read;
        }

        /** @throws IOException if the rest is malformed, or does not come */
        UpstreamResponse whole() throws IOException {
            while (!reader.responses.feed(read)) {
                read = reader.read(buffer, in);
                if (read == null) {
                    read = Unpooled.EMPTY_BUFFER;
                    reader.responses.end();
                    break;
                }
            }
            return reader.responses.take();
        }

        /** Whether there is more on the connection than the response, which would be taken for the next one. */
        boolean isFollowed() throws IOException {
            return read.isReadable() || buffer.length() > 0 || in.available() > 0;
        }
    }

    ResponseReader(ResponseParser responses) {
        this.responses = responses;
    }

    /**
     * @return the head, or null if the connection ends before its first byte
     */
    @Override
    public ClassicHttpResponse parse(SessionInputBuffer buffer, InputStream in) throws IOException {
        for (ByteBuf read = read(buffer, in); read != null; read = read(buffer, in)) {
            if (responses.feed(read) || responses.isWithinBody()) {
                return new Head(this, buffer, in, read);
            }
        }
        if (responses.isBegun()) {
            responses.end();
        }
        return null;
    }

    private ByteBuf read(SessionInputBuffer buffer, InputStream in) throws IOException {
        int size = buffer.read(piece, 0, piece.length, in);
        return size < 0 ? null : Unpooled.wrappedBuffer(piece, 0, size);
    }
}
