package io.github.camelreverseproxy.message;

import java.util.concurrent.RejectedExecutionException;

/**
 * Everything that can go wrong with a request, and what its client is told: one row for the status, the error type
 * of {@code Proxy-Status} (RFC 9209, section 2.3), what it says of the upstream, and the text of the error document. The
 * breakers, the redelivery and the log speak of failures by these names too.
 */
public enum Failure {
    CONNECT_FAILED("ConnectFailed", 502, "connection_refused", Blame.UNREACHABLE, "failed to connect to the server"),
    UNROUTABLE("ConnectFailed", 502, "destination_ip_unroutable", Blame.UNREACHABLE, "failed to connect to the server"),
    TLS_FAILED("ConnectFailed", 502, "tls_protocol_error", Blame.UNREACHABLE, "failed to connect to the server"),
    TLS_CERTIFICATE("ConnectFailed", 502, "tls_certificate_error", Blame.UNREACHABLE, "failed to connect to the server"),
    UNRESOLVED_HOST("CouldntResolveHost", 502, "dns_error", Blame.UNREACHABLE, "couldn't resolve host name"),
    LOOKUP_TIMEOUT("Timeout", 504, "dns_timeout", Blame.UNREACHABLE, "request took longer than the configured timeout"),
    CONNECT_TIMEOUT("Timeout", 504, "connection_timeout", Blame.UNREACHABLE, "request took longer than the configured timeout"),
    TIMEOUT("Timeout", 504, "http_response_timeout", Blame.TIMED_OUT, "request took longer than the configured timeout"),
    NO_RESPONSE("NoResponse", 502, "connection_terminated", Blame.BROKEN, "the server closed the connection before its response began"),
    RESPONSE_INCOMPLETE("NoResponse", 502, "http_response_incomplete", Blame.BROKEN, "the server closed the connection before its response was complete"),
    BAD_RESPONSE("BadResponse", 502, "http_protocol_error", Blame.BROKEN, "the server's response is malformed"),
    BAD_CODING("BadResponse", 502, "http_response_transfer_coding", Blame.BROKEN, "the server's response is malformed"),
    CONNECTION_CLOSED("NoResponse", 502, "connection_terminated", Blame.NOBODY, "the server closed the connection before its response began"),
    RESPONSE_HEAD_TOO_LARGE("BadResponse", 502, "http_response_header_section_size", Blame.NOBODY, "the server's response is larger than allowed"),
    RESPONSE_TOO_LARGE("BadResponse", 502, "http_response_body_size", Blame.NOBODY, "the server's response is larger than allowed"),
    UNAVAILABLE("Unavailable", 503, "destination_unavailable", Blame.NOBODY, "no upstream can take the request"),
    OVERLOADED("Unavailable", 503, "http_request_denied", Blame.NOBODY, "too many requests in flight"),

    BAD_REQUEST("BadRequest", 400, "http_request_error", Blame.NOBODY, "malformed request"),
    INVALID_JSON("InvalidJson", 400, "http_request_error", Blame.NOBODY, "the body is not valid JSON"),
    PATCH_FAILED("PatchFailed", 422, "http_request_error", Blame.NOBODY, "the body cannot take the member \"forwarded\""),
    REQUEST_TIMEOUT("RequestTimeout", 408, "http_request_error", Blame.NOBODY, "the request did not arrive in time"),
    CONTENT_TOO_LARGE("ContentTooLarge", 413, "http_request_error", Blame.NOBODY, "the body is larger than allowed"),
    TARGET_TOO_LONG("UriTooLong", 414, "http_request_error", Blame.NOBODY, "the request target is longer than allowed"),
    HEAD_TOO_LARGE("FieldsTooLarge", 431, "http_request_error", Blame.NOBODY, "the header fields are larger than allowed"),
    METHOD_NOT_ALLOWED("MethodNotAllowed", 405, "http_request_error", Blame.NOBODY, "the method is not allowed here"),
    NOT_IMPLEMENTED("NotImplemented", 501, "http_request_denied", Blame.NOBODY, "not implemented"),
    EXPECTATION_FAILED("ExpectationFailed", 417, "http_request_error", Blame.NOBODY, "the expectation cannot be met"),
    VERSION_NOT_SUPPORTED("VersionNotSupported", 505, "http_request_denied", Blame.NOBODY, "only HTTP/1.0 and HTTP/1.1 are spoken here"),
    LOOP_DETECTED("LoopDetected", 508, "proxy_loop_detected", Blame.NOBODY, "the request has been here before"),
    CLIENT_GONE("ClientGone", 499, "http_request_error", Blame.NOBODY, "the client has gone away"),

    INTERNAL("Internal", 500, "proxy_internal_error", Blame.NOBODY, "the proxy failed");

    /** What a failure says of the upstream that was asked. */
    public enum Blame {
        /** Nothing. */
        NOBODY,
        /** There is no connection to it. */
        UNREACHABLE,
        /** It has not answered in time. */
        TIMED_OUT,
        /** It has broken the exchange off, or answered with something that is no response. */
        BROKEN
    }

    private final String kind;
    private final int status;
    private final String proxyStatus;
    private final Blame blame;
    private final String text;

    Failure(String kind, int status, String proxyStatus, Blame blame, String text) {
        this.kind = kind;
        this.status = status;
        this.proxyStatus = proxyStatus;
        this.blame = blame;
        this.text = text;
    }

    /** The word before the colon in the error text. */
    public String kind() {
        return kind;
    }

    public int status() {
        return status;
    }

    /** The error type of RFC 9209, section 2.3. */
    public String proxyStatus() {
        return proxyStatus;
    }

    /** What the client reads unless there is more to say. */
    public String text() {
        return text;
    }

    /** What it says of the upstream that was asked. */
    public Blame blame() {
        return blame;
    }

    /**
     * The failure behind an exception, found along its causes, since Camel wraps what it passes on. What libraries throw is
     * told by those who use them, as a {@link ProxyException}.
     *
     * @return {@link #OVERLOADED} where threads have refused work, {@link #INTERNAL} for what nobody foresaw; never null
     */
    public static Failure of(Throwable thrown) {
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            if (cause instanceof ProxyException e) {
                return e.failure();
            }
            if (cause instanceof RejectedExecutionException) {
                return OVERLOADED;
            }
        }
        return INTERNAL;
    }
}
