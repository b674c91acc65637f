package io.github.camelreverseproxy.upstream;

import java.io.IOException;
import java.io.InputStream;

import io.github.camelreverseproxy.Tokens;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.ConnectionClosedException;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.HttpVersion;
import org.apache.hc.core5.http.ProtocolException;
import org.apache.hc.core5.http.io.HttpMessageParser;
import org.apache.hc.core5.http.io.SessionInputBuffer;
import org.apache.hc.core5.http.message.BasicHeader;
import org.apache.hc.core5.util.CharArrayBuffer;

/**
 * Reads the head of a response by the letter of RFC 9112, sections 4 and 5: no junk before the status line, no obs-fold,
 * no control characters, and an empty line at the end, where HttpClient's own parser takes the end of the connection for
 * the end of the head. Not thread-safe; one for each connection.
 */
final class ResponseHeadParser implements HttpMessageParser<ClassicHttpResponse> {
    private static final int MAX_FIELDS = 500;
    private static final int MAX_HEAD = 256 * 1024;

    private final CharArrayBuffer line = new CharArrayBuffer(128);

    /**
     * @return the head, or null if the connection ends before its first byte
     * @throws ResponseBegunException if it fails after that byte, for whatever reason
     */
    @Override
    public ClassicHttpResponse parse(SessionInputBuffer buffer, InputStream in) throws IOException {
        boolean begun = false;
        try {
            line.clear();
            if (buffer.readLine(line, in) < 0) {
                return null;
            }
            begun = true;
            return head(buffer, in);
        } catch (IOException | HttpException e) {
            if (begun || buffer.length() > 0 || !line.isEmpty()) {
                throw new ResponseBegunException(e);
            }
            throw (IOException) e;
        }
    }

    private ClassicHttpResponse head(SessionInputBuffer buffer, InputStream in) throws IOException, HttpException {
        ClassicHttpResponse head = statusLine(buffer, in);
        int size = 0;
        for (int fields = 0; next(buffer, in); fields++) {
            size += line.length();
            if (fields == MAX_FIELDS || size > MAX_HEAD) {
                throw new ProtocolException("head too large");
            }
            field(head);
        }
        return head;
    }

    /** Whether there is another field line. */
    private boolean next(SessionInputBuffer buffer, InputStream in) throws IOException {
        line.clear();
        if (buffer.readLine(line, in) < 0) {
            throw new ConnectionClosedException("connection ends within the head");
        }
        return !line.isEmpty();
    }

    private ClassicHttpResponse statusLine(SessionInputBuffer buffer, InputStream in) throws ProtocolException {
        boolean version = line.length() >= 12 && line.substring(0, 7).equals("HTTP/1.") && digit(7) >= 0 && line.charAt(8) == ' ';
        boolean end = line.length() == 12 || line.length() > 12 && line.charAt(12) == ' ';
        if (!version || !end || digit(9) < 1 || digit(10) < 0 || digit(11) < 0) {
            throw new ProtocolException("malformed status line");
        }
        int status = digit(9) * 100 + digit(10) * 10 + digit(11);
        String reason = line.length() > 13 ? text(13) : "";
        ClassicHttpResponse head = new ResponseHead(status, reason, buffer, in);
        head.setVersion(digit(7) == 0 ? HttpVersion.HTTP_1_0 : HttpVersion.HTTP_1_1);
        return head;
    }

    private void field(ClassicHttpResponse head) throws ProtocolException {
        int colon = line.indexOf(':');
        for (int i = 0; i < colon; i++) {
            if (!Tokens.isTchar(line.charAt(i))) {
                throw new ProtocolException("malformed field name");
            }
        }
        if (colon < 1) {
            throw new ProtocolException("malformed field line");
        }
        head.addHeader(new BasicHeader(line.substring(0, colon), text(colon + 1)));
    }

    /** The rest of the line without the white space around it; a bare CR, a NUL and their like are malformed. */
    private String text(int from) throws ProtocolException {
        for (int i = from; i < line.length(); i++) {
            char c = line.charAt(i);
            if (c < ' ' && c != '\t' || c == 0x7f) {
                throw new ProtocolException("control character");
            }
        }
        return line.substringTrimmed(from, line.length());
    }

    private int digit(int index) {
        char c = line.charAt(index);
        return c >= '0' && c <= '9' ? c - '0' : -1;
    }
}
