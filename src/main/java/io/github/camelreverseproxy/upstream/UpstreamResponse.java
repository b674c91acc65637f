package io.github.camelreverseproxy.upstream;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

import io.github.camelreverseproxy.EndToEndFields;
import io.github.camelreverseproxy.ProxyException;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpVersion;
import org.apache.hc.core5.http.ProtocolException;
import org.apache.hc.core5.http.message.BasicClassicHttpResponse;

/**
 * An upstream's response, read whole before any of it goes on: a client never gets half an answer. Its framing is held
 * to RFC 9112, section 6, like that of requests. Stateless.
 */
final class UpstreamResponse {
    private UpstreamResponse() {
    }

    /**
     * @param maxBody in bytes
     * @param headers takes the end-to-end fields
     * @return status, reason and body; the fields are in {@code headers}
     * @throws ProtocolException if the response is malformed
     * @throws ProxyException    if it is larger than allowed
     * @throws IOException       if the connection ends or stalls first
     */
    static ClassicHttpResponse read(ResponseHead head, ClassicHttpRequest request, int maxBody, Map<String, Object> headers)
            throws IOException, ProtocolException {
        List<String> lengths = values(head, "Content-Length");
        List<String> codings = values(head, "Transfer-Encoding");
        requireFraming(head, lengths, codings);
        int status = head.getCode();
        boolean bodiless = request.getMethod().equals("HEAD") || status == 204 || status == 304;
        byte[] body = bodiless ? new byte[0] : body(new ResponseBody(head, maxBody), lengths, codings);
        EndToEndFields.read(fields(head), values(head, "Connection"), headers);
        if (bodiless && status != 204 && !lengths.isEmpty()) {
            headers.put("Content-Length", lengths.get(0));
        }
        ClassicHttpResponse whole = new BasicClassicHttpResponse(status, head.getReasonPhrase());
        if (body.length > 0) {
            whole.setEntity(new WholeBody(body));
        }
        return whole;
    }

    private static void requireFraming(ResponseHead head, List<String> lengths, List<String> codings) throws ProtocolException {
        boolean plain = codings.isEmpty() && (lengths.isEmpty() || lengths.size() == 1 && digits(lengths.get(0)));
        boolean chunked = codings.size() == 1 && codings.get(0).equalsIgnoreCase("chunked") && lengths.isEmpty()
                && !head.getVersion().equals(HttpVersion.HTTP_1_0);
        if (!plain && !chunked) {
            throw new ProtocolException("ambiguous framing");
        }
    }

    private static boolean digits(String length) {
        return !length.isEmpty() && length.length() < 19 && length.chars().allMatch(c -> c >= '0' && c <= '9');
    }

    private static byte[] body(ResponseBody body, List<String> lengths, List<String> codings) throws IOException, ProtocolException {
        return codings.isEmpty() ? body.read(lengths.isEmpty() ? -1 : Long.parseLong(lengths.get(0))) : body.readChunked();
    }

    private static Iterable<Map.Entry<String, String>> fields(ResponseHead head) {
        List<Map.Entry<String, String>> fields = new ArrayList<>();
        for (Iterator<Header> all = head.headerIterator(); all.hasNext(); ) {
            Header field = all.next();
            fields.add(Map.entry(field.getName(), field.getValue()));
        }
        return fields;
    }

    private static List<String> values(ResponseHead head, String name) {
        List<String> values = List.of();
        for (Iterator<Header> all = head.headerIterator(name); all.hasNext(); ) {
            values = values.isEmpty() ? new ArrayList<>(2) : values;
            values.add(all.next().getValue());
        }
        return values;
    }
}
