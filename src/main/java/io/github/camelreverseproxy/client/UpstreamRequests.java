package io.github.camelreverseproxy.client;

import java.util.function.BiConsumer;

import io.github.camelreverseproxy.EndToEndFields;
import org.apache.camel.Exchange;
import org.apache.camel.Message;

/**
 * What the requests to an upstream look like: method, target, fields and body of a message, and what is set for this
 * upstream alone. Thread-safe once configured.
 */
public final class UpstreamRequests {
    private String method = "";
    private String fieldName;
    private String fieldValue;

    /** @param method of a message that has none; if empty, POST with a body and GET without */
    public void setMethod(String method) {
        this.method = method;
    }

    /** @param line a field that each request carries, {@code name: value}; it replaces the client's; may be empty */
    public void setHeader(String line) {
        int colon = line.indexOf(':');
        fieldName = colon < 0 ? null : line.substring(0, colon).strip();
        fieldValue = colon < 0 ? null : line.substring(colon + 1).strip();
    }

    /** @return null for none, which is not the same as an empty one */
    byte[] body(Message message) {
        return message.getBody(byte[].class);
    }

    String method(Message message, byte[] body) {
        Object own = message.getHeader(Exchange.HTTP_METHOD);
        if (own != null) {
            return own.toString();
        }
        return !method.isEmpty() ? method : body != null ? "POST" : "GET";
    }

    /**
     * Byte for byte what {@code CamelHttpPath} and {@code CamelHttpRawQuery} hold.
     *
     * @param base path of the upstream's URL, without a slash at its end
     */
    String target(Message message, String base) {
        String path = message.getHeader(Exchange.HTTP_PATH, "/", String.class);
        String query = message.getHeader(Exchange.HTTP_RAW_QUERY, String.class);
        String target = path.startsWith("/") ? base + path : path;
        return query == null ? target : target + '?' + query;
    }

    /** Hands all fields to the wire, one call for each field line; Host is the upstream's own. */
    void fields(Message message, String host, byte[] body, BiConsumer<String, String> wire) {
        wire.accept("Host", host);
        EndToEndFields.write(message.getHeaders(), (name, value) -> {
            if (!name.equalsIgnoreCase("Host") && !name.equalsIgnoreCase(fieldName)) {
                wire.accept(name, value);
            }
        });
        if (fieldName != null) {
            wire.accept(fieldName, fieldValue);
        }
        if (body != null) {
            wire.accept("Content-Length", Integer.toString(body.length));
        }
    }
}
