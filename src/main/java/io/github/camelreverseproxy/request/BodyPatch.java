package io.github.camelreverseproxy.request;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import io.github.camelreverseproxy.Failure;
import io.github.camelreverseproxy.ProxyException;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.Processor;

/**
 * Inserts the member {@code "forwarded"}, with the value of the {@code Forwarded} field, at the end of a body that is a
 * JSON object; every other byte stays as the client sent it. A body that says it is JSON has to be an object without
 * that member, since an insert never overwrites; one that may be anything is patched if it can be; one that is known
 * to be something else, or is encoded, passes. Stateless.
 */
public final class BodyPatch implements Processor {
    private static final String MEMBER = "forwarded";

    /** @throws ProxyException if the body is refused; it has reached no upstream then */
    @Override
    public void process(Exchange exchange) throws ProxyException {
        Message message = exchange.getMessage();
        if (!(message.getBody() instanceof byte[] body) || body.length == 0 || message.getHeader("Content-Encoding") != null) {
            return;
        }
        Object contentType = message.getHeader(Exchange.CONTENT_TYPE);
        BodyKind kind = BodyKind.of(contentType instanceof String single ? single : null);
        boolean patch = switch (kind) {
            case JSON -> true;
            case OTHER -> false;
            case UNKNOWN -> startsAsObject(body);
        };
        if (patch) {
            insert(message, body, kind);
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
