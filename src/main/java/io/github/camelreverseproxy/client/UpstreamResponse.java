package io.github.camelreverseproxy.client;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import io.github.camelreverseproxy.message.EndToEndFields;
import io.github.camelreverseproxy.message.Failure;
import io.github.camelreverseproxy.message.ProxyException;
import io.github.camelreverseproxy.message.Tokens;

/** An upstream's response, with its body if that was collected. Not thread-safe. */
final class UpstreamResponse {
    /** A body whose length nobody states, in chunks. */
    static final long CHUNKED = -2;
    /** One that ends with the connection. */
    static final long TO_THE_END = -1;
    static final byte[] NO_BODY = new byte[0];
    private static final long KEEP_ALIVE_MARGIN = 1000;

    private final int status;
    private final String reason;
    private final boolean http10;
    private final List<Map.Entry<String, String>> fields = new ArrayList<>();
    private boolean bodiless;
    private boolean endsConnection;
    private byte[] body = NO_BODY;

    UpstreamResponse(int status, String reason, boolean http10) {
        this.status = status;
        this.reason = reason;
        this.http10 = http10;
    }

    int status() {
        return status;
    }

    String reason() {
        return reason;
    }

    boolean isHttp10() {
        return http10;
    }

    /** All fields, in the order in which they came. */
    List<Map.Entry<String, String>> fields() {
        return fields;
    }

    byte[] body() {
        return body;
    }

    void setBody(byte[] body) {
        this.body = body;
    }

    /** @param promised whether it says that it has a body all the same, which would be taken for the next response */
    void setBodiless(boolean promised) {
        bodiless = true;
        endsConnection = promised;
    }

    /**
     * Of the body, if there is one (RFC 9112, section 6.3): in bytes, {@link #CHUNKED} or {@link #TO_THE_END}.
     *
     * @throws ProxyException if that could be read in two ways
     */
    long length() throws ProxyException {
        List<String> lengths = values("Content-Length");
        List<String> codings = values("Transfer-Encoding");
        if (codings.isEmpty() && lengths.isEmpty()) {
            return TO_THE_END;
        }
        if (codings.isEmpty() && lengths.size() == 1 && Tokens.isLength(lengths.get(0))) {
            return Long.parseLong(lengths.get(0));
        }
        if (codings.size() == 1 && codings.get(0).equalsIgnoreCase("chunked") && lengths.isEmpty() && !http10) {
            return CHUNKED;
        }
        throw new ProxyException(Failure.BAD_RESPONSE, "ambiguous framing");
    }

    /** Whether the connection has become another protocol's (RFC 9110, section 7.8). */
    boolean isTunnel() {
        return status == 101;
    }

    /** Whether it may be silent for as long as it likes. */
    boolean isEventStream() {
        List<String> types = values("Content-Type");
        return !types.isEmpty() && types.get(0).strip().regionMatches(true, 0, "text/event-stream", 0, 17);
    }

    /** The body ends with the connection. */
    void setEndsConnection() {
        endsConnection = true;
    }

    List<String> values(String name) {
        List<String> values = List.of();
        for (int i = 0; i < fields.size(); i++) {
            if (fields.get(i).getKey().equalsIgnoreCase(name)) {
                values = values.isEmpty() ? new ArrayList<>(2) : values;
                values.add(fields.get(i).getValue());
            }
        }
        return values;
    }

    /** The end-to-end fields, and what a response without a body says of its length (RFC 9110, section 8.6). */
    void readFields(Map<String, Object> headers) {
        EndToEndFields.read(fields, values("Connection"), headers);
        if (bodiless && status != 204) {
            values("Content-Length").forEach(length -> headers.put("Content-Length", length));
        }
    }

    /** Whether the connection stays open (RFC 9112, section 9.3). */
    boolean keepsConnection() {
        return !endsConnection && !hasOption("close") && (!http10 || hasOption("keep-alive"));
    }

    private boolean hasOption(String option) {
        for (String value : values("Connection")) {
            for (String one : value.split(",")) {
                if (one.strip().equalsIgnoreCase(option)) {
                    return true;
                }
            }
        }
        return false;
    }

    /**
     * How long the connection may be idle, in milliseconds.
     *
     * @param otherwise if {@code Keep-Alive} does not say
     */
    long keepAliveMillis(long otherwise) {
        for (String value : values("Keep-Alive")) {
            for (String one : value.split(",")) {
                String parameter = one.strip();
                if (parameter.regionMatches(true, 0, "timeout=", 0, 8) && parameter.length() < 15 && Tokens.isLength(parameter.substring(8))) {
                    // A request must not meet the upstream's own closing half-way.
                    return Math.min(otherwise, Math.max(0, Long.parseLong(parameter.substring(8)) * 1000 - KEEP_ALIVE_MARGIN));
                }
            }
        }
        return otherwise;
    }
}
