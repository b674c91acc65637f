package io.github.camelreverseproxy.request;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import io.github.camelreverseproxy.message.Failure;
import io.github.camelreverseproxy.message.ProxyException;
import io.github.camelreverseproxy.forwarding.BodyStream;
import io.github.camelreverseproxy.forwarding.ProxyRequest;
import io.github.camelreverseproxy.forwarding.RequestRecord;
import io.github.camelreverseproxy.forwarding.Trace;
import io.netty.util.concurrent.DefaultThreadFactory;
import org.apache.camel.AsyncCallback;
import org.apache.camel.CamelExecutionException;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.support.AsyncProcessorSupport;

/**
 * Inserts the member {@code "forwarded"}, with the value of the {@code Forwarded} field, at the end of a body that is a
 * JSON object; every other byte stays as the client sent it. A body that says it is JSON has to be an object without
 * that member, since an insert never overwrites; one that may be anything is patched if it can be; one that is known
 * to be something else, is encoded, or must not be transformed (RFC 9110, section 7.7), passes. Large bodies are read on
 * threads of their own, one for each core: the event loop has others to serve meanwhile. Thread-safe.
 */
public final class BodyPatch extends AsyncProcessorSupport {
    private static final String MEMBER = "forwarded";
    /** Read on the event loop, in a millisecond or two. */
    private static final int SMALL = 256 * 1024;
    /** What describes the bytes as they were: RFC 9530, RFC 3230, RFC 1864. */
    private static final List<String> DIGESTS = List.of("Content-Digest", "Repr-Digest", "Digest", "Content-MD5");

    private static final ExecutorService READERS = Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors(),
            new DefaultThreadFactory("body-patch", true));

    /** The exchange fails with a {@link ProxyException} if the body is refused; it has reached no upstream then. */
    @Override
    public boolean process(Exchange exchange, AsyncCallback callback) {
        Message message = exchange.getMessage();
        if (message.getBody() instanceof BodyStream && kind(message) == BodyKind.JSON) {
            exchange.setException(new IllegalStateException("the body is a stream, though a route says that it is JSON; put the step wholeBody before"));
            callback.done(true);
            return true;
        }
        BodyKind kind = message.getBody() instanceof byte[] body && body.length > 0 ? kind(message, body) : BodyKind.OTHER;
        if (kind != BodyKind.OTHER && ((byte[]) message.getBody()).length > SMALL) {
            READERS.execute(() -> {
                try {
                    if (ProxyRequest.of(exchange).cancelled() == null) {
                        insert(exchange, kind);
                    } else {
                        exchange.setException(ProxyRequest.of(exchange).cancelled());
                    }
                } catch (Error e) {
                    exchange.setException(new CamelExecutionException("out of memory, most likely", exchange, e));
                }
                callback.done(false);
            });
            return false;
        }
        if (kind != BodyKind.OTHER) {
            insert(exchange, kind);
        }
        callback.done(true);
        return true;
    }

    /** {@link BodyKind#OTHER} for what passes as it is. */
    private static BodyKind kind(Message message, byte[] body) {
        BodyKind kind = kind(message);
        return kind == BodyKind.UNKNOWN && !startsAsObject(body) ? BodyKind.OTHER : kind;
    }

    private static BodyKind kind(Message message) {
        return BodyKind.of(message.getHeader(Exchange.CONTENT_TYPE), message.getHeader("Content-Encoding"), message.getHeader("Cache-Control"));
    }

    private static void insert(Exchange exchange, BodyKind kind) {
        RequestRecord record = ProxyRequest.of(exchange).record();
        Trace.Span span = record == null ? null : record.part("patch-body");
        Failure failure = null;
        try {
            Message message = exchange.getMessage();
            insert(message, (byte[]) message.getBody(), kind);
        } catch (ProxyException | RuntimeException e) {
            exchange.setException(e);
            failure = Failure.of(e);
        } finally {
            if (span != null) {
                span.end(0, failure);
            }
        }
    }

    private static void insert(Message message, byte[] body, BodyKind kind) throws ProxyException {
        JsonObjectEnd end;
        try {
            end = JsonObjectEnd.of(body, MEMBER);
        } catch (ProxyException e) {
            if (kind == BodyKind.UNKNOWN && e.failure() == Failure.INVALID_JSON) {
                return;
            }
            throw e;
        }
        DIGESTS.forEach(message::removeHeader);
        message.setBody(spliced(body, end, member(message.getHeader("Forwarded", String.class))));
    }

    private static byte[] spliced(byte[] body, JsonObjectEnd end, byte[] member) {
        int comma = end.empty() ? 0 : 1;
        byte[] patched = Arrays.copyOf(body, body.length + comma + member.length);
        int at = end.brace();
        if (comma == 1) {
            patched[at++] = ',';
        }
        System.arraycopy(member, 0, patched, at, member.length);
        System.arraycopy(body, end.brace(), patched, at + member.length, body.length - end.brace());
        return patched;
    }

    private static byte[] member(String value) {
        boolean plain = true;
        for (int i = 0; plain && i < value.length(); i++) {
            char c = value.charAt(i);
            plain = c >= ' ' && c < 0x7f && c != '"' && c != '\\';
        }
        String text = plain ? value : new String(JsonStringEncoder.getInstance().quoteAsString(value));
        return ('"' + MEMBER + "\":\"" + text + '"').getBytes(StandardCharsets.UTF_8);
    }

    private static boolean startsAsObject(byte[] body) {
        for (byte b : body) {
            if (b == '{') {
                return true;
            }
            if (b != ' ' && b != '\t' && b != '\r' && b != '\n') {
                return false;
            }
        }
        return false;
    }
}
