package io.github.camelreverseproxy.upstream;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

import io.github.camelreverseproxy.EndToEndFields;
import io.github.camelreverseproxy.Failure;
import io.github.camelreverseproxy.ProxyException;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.io.entity.AbstractHttpEntity;
import org.apache.hc.core5.http.message.BasicClassicHttpResponse;

/**
 * An upstream's response, read whole before any of it goes on: a client never gets half an answer. Its framing is held
 * to RFC 9112, section 6, like that of requests. Stateless.
 */
final class UpstreamResponse {
    private UpstreamResponse() {
    }

    /**
     * @param head    what HttpClient has read so far
     * @param maxBody in bytes
     * @param headers takes the end-to-end fields
     * @return status, reason and body; the fields are in {@code headers}
     * @throws ProxyException if the response is malformed or larger than allowed
     * @throws IOException    if the connection ends or stalls first
     */
    static ClassicHttpResponse read(ClassicHttpResponse head, ClassicHttpRequest request, int maxBody,
                                    Map<String, Object> headers) throws IOException {
        requireFraming(head);
        byte[] body = body(head.getEntity(), maxBody);
        EndToEndFields.read(fields(head), values(head, "Connection"), headers);
        Header length = head.getFirstHeader("Content-Length");
        if (length != null && (request.getMethod().equals("HEAD") || head.getCode() == 304)) {
            headers.put(length.getName(), length.getValue());
        }
        ClassicHttpResponse whole = new BasicClassicHttpResponse(head.getCode(), head.getReasonPhrase());
        if (body.length > 0) {
            whole.setEntity(new Whole(body));
        }
        return whole;
    }

    private static void requireFraming(ClassicHttpResponse head) throws ProxyException {
        List<String> lengths = values(head, "Content-Length");
        List<String> codings = values(head, "Transfer-Encoding");
        boolean plain = codings.isEmpty() && (lengths.isEmpty() || lengths.size() == 1 && lengths.get(0).matches("[0-9]{1,18}"));
        boolean chunked = codings.size() == 1 && codings.get(0).equalsIgnoreCase("chunked") && lengths.isEmpty();
        if (!plain && !chunked) {
            throw new ProxyException(Failure.BAD_RESPONSE);
        }
    }

    private static byte[] body(HttpEntity entity, int max) throws IOException {
        if (entity == null) {
            return new byte[0];
        }
        long length = entity.getContentLength();
        InputStream in = entity.getContent();
        if (length <= max && length >= 0) {
            byte[] body = new byte[(int) length];
            in.readNBytes(body, 0, body.length);
            return body;
        }
        byte[] body = length > max ? null : in.readNBytes(max == Integer.MAX_VALUE ? max : max + 1);
        if (body == null || body.length > max) {
            throw new ProxyException(Failure.RESPONSE_TOO_LARGE);
        }
        return body;
    }

    private static Iterable<Map.Entry<String, String>> fields(ClassicHttpResponse head) {
        List<Map.Entry<String, String>> fields = new ArrayList<>();
        for (Iterator<Header> all = head.headerIterator(); all.hasNext(); ) {
            Header field = all.next();
            fields.add(Map.entry(field.getName(), field.getValue() == null ? "" : field.getValue()));
        }
        return fields;
    }

    private static List<String> values(ClassicHttpResponse head, String name) {
        List<String> values = new ArrayList<>(2);
        for (Iterator<Header> all = head.headerIterator(name); all.hasNext(); ) {
            values.add(String.valueOf(all.next().getValue()));
        }
        return values;
    }

    /** A body that has arrived; said to stream, because camel-http makes a byte array of such a body at once. */
    private static final class Whole extends AbstractHttpEntity {
        private final byte[] body;

        Whole(byte[] body) {
            super((String) null, null);
            this.body = body;
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
        public boolean isStreaming() {
            return true;
        }

        @Override
        public void close() {
            // nothing is held
        }
    }
}
