package io.github.camelreverseproxy.upstream;

import java.io.IOException;
import java.io.InputStream;

import org.apache.hc.core5.http.io.SessionInputBuffer;
import org.apache.hc.core5.http.message.BasicClassicHttpResponse;

/** The head of a response together with where it came from, so that what follows can be read by our own rules. */
final class ResponseHead extends BasicClassicHttpResponse {
    private static final long serialVersionUID = 1L;

    private final transient SessionInputBuffer buffer;
    private final transient InputStream in;

    ResponseHead(int status, String reason, SessionInputBuffer buffer, InputStream in) {
        super(status, reason);
        this.buffer = buffer;
        this.in = in;
    }

    SessionInputBuffer buffer() {
        return buffer;
    }

    InputStream in() {
        return in;
    }

    /** Whether there is more on the connection than the response, which would be taken for the next one. */
    boolean isFollowed() throws IOException {
        return buffer.length() > 0 || in.available() > 0;
    }
}
