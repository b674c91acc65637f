package io.github.camelreverseproxy.client;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

import org.apache.hc.core5.http.io.entity.AbstractHttpEntity;

/** A body that is in memory, on its way to an upstream or back. Not thread-safe. */
final class WholeBody extends AbstractHttpEntity {
    /** Between two pieces HttpClient looks whether the upstream has answered already. */
    private static final int PIECE = 64 * 1024;

    private final byte[] body;

    WholeBody(byte[] body) {
        super((String) null, null);
        this.body = body;
    }

    @Override
    public void writeTo(OutputStream out) throws IOException {
        for (int at = 0; at < body.length; at += PIECE) {
            out.write(body, at, Math.min(PIECE, body.length - at));
        }
    }

    @Override
    public InputStream getContent() {
        return new ByteArrayInputStream(body);
    }

    @Override
    public long getContentLength() {
        return body.length;
    }

    @Override
    public boolean isRepeatable() {
        return true;
    }

    /** Said of responses because camel-http makes a byte array of such a body at once. */
    @Override
    public boolean isStreaming() {
        return true;
    }

    @Override
    public void close() {
        // nothing is held
    }
}
