package io.github.camelreverseproxy;

import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.util.concurrent.RejectedExecutionException;

import io.github.resilience4j.bulkhead.BulkheadFullException;
import io.github.resilience4j.circuitbreaker.CallNotPermittedException;
import org.apache.hc.client5.http.ConnectTimeoutException;
import org.apache.hc.core5.http.ConnectionRequestTimeoutException;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.MalformedChunkCodingException;
import org.apache.hc.core5.http.MessageConstraintException;
import org.apache.hc.core5.http.TruncatedChunkException;

/**
 * Everything that can go wrong with a request, and what its client is told: one row for the status, the text of the
 * error document and the error type of {@code Proxy-Status} (RFC 9209, section 2.3). The breakers, the redelivery and
 * the log speak of failures by these names too.
 */
public enum Failure {
    CONNECT_FAILED("ConnectFailed", 502, "connection_refused", "failed to connect to the server"),
    UNRESOLVED_HOST("CouldntResolveHost", 502, "dns_error", "couldn't resolve host name"),
    NO_RESPONSE("NoResponse", 502, "connection_terminated", "the server closed the connection before its response was complete"),
    BAD_RESPONSE("BadResponse", 502, "http_protocol_error", "the server's response is malformed"),
    RESPONSE_TOO_LARGE("BadResponse", 502, "http_response_body_size", "the server's response is larger than allowed"),
    CONNECT_TIMEOUT("Timeout", 504, "connection_timeout", "request took longer than the configured timeout"),
    TIMEOUT("Timeout", 504, "http_response_timeout", "request took longer than the configured timeout"),
    UNAVAILABLE("Unavailable", 503, "destination_unavailable", "no upstream can take the request"),
    OVERLOADED("Unavailable", 503, "connection_limit_reached", "too many requests in flight"),

    BAD_REQUEST("BadRequest", 400, "http_request_error", "malformed request"),
    INVALID_JSON("InvalidJson", 400, "http_request_error", "the body is not valid JSON"),
    PATCH_FAILED("PatchFailed", 422, "http_request_denied", "the body cannot take the member \"forwarded\""),
    REQUEST_TIMEOUT("RequestTimeout", 408, "http_request_error", "the request did not arrive in time"),
    CONTENT_TOO_LARGE("ContentTooLarge", 413, "http_request_denied", "the body is larger than allowed"),
    TARGET_TOO_LONG("UriTooLong", 414, "http_request_denied", "the request target is longer than allowed"),
    HEAD_TOO_LARGE("FieldsTooLarge", 431, "http_request_denied", "the header fields are larger than allowed"),
    METHOD_NOT_ALLOWED("MethodNotAllowed", 405, "http_request_denied", "the method is not allowed here"),
    NOT_IMPLEMENTED("NotImplemented", 501, "http_request_denied", "not implemented"),
    EXPECTATION_FAILED("ExpectationFailed", 417, "http_request_denied", "the expectation cannot be met"),
    VERSION_NOT_SUPPORTED("VersionNotSupported", 505, "http_request_error", "only HTTP/1.0 and HTTP/1.1 are spoken here"),
    LOOP_DETECTED("LoopDetected", 508, "proxy_loop_detected", "the request has been here before"),

    INTERNAL("Internal", 500, "proxy_internal_error", "the proxy failed");

    private final String kind;
    private final int status;
    private final String proxyStatus;
    private final String text;

    Failure(String kind, int status, String proxyStatus, String text) {
        this.kind = kind;
        this.status = status;
        this.proxyStatus = proxyStatus;
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

    /** Whether it is the upstream that failed, without an answer. */
    public boolean isUpstreams() {
        return switch (this) {
            case CONNECT_FAILED, UNRESOLVED_HOST, NO_RESPONSE, BAD_RESPONSE, RESPONSE_TOO_LARGE, CONNECT_TIMEOUT, TIMEOUT -> true;
            default -> false;
        };
    }

    /**
     * The failure behind an exception, found along its causes: Camel and Resilience4j wrap what they pass on.
     *
     * @return {@link #INTERNAL} for what nobody foresaw; never null
     */
    public static Failure of(Throwable thrown) {
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            Failure failure = ofOne(cause);
            if (failure != null) {
                return failure;
            }
        }
        return INTERNAL;
    }

    private static Failure ofOne(Throwable cause) {
        if (cause instanceof ProxyException e) {
            return e.failure();
        }
        if (cause instanceof CallNotPermittedException || cause instanceof BulkheadFullException) {
            return UNAVAILABLE;
        }
        if (cause instanceof RejectedExecutionException) {
            return OVERLOADED;
        }
        if (cause instanceof HttpException) {
            return BAD_RESPONSE;
        }
        return cause instanceof IOException e ? ofTransport(e) : null;
    }

    private static Failure ofTransport(IOException e) {
        if (e instanceof UnknownHostException) {
            return UNRESOLVED_HOST;
        }
        if (e instanceof ConnectionRequestTimeoutException) {
            return UNAVAILABLE;
        }
        if (e instanceof ConnectTimeoutException || e instanceof io.netty.channel.ConnectTimeoutException) {
            return CONNECT_TIMEOUT;
        }
        if (e instanceof SocketTimeoutException) {
            return TIMEOUT;
        }
        if (e instanceof ConnectException || e instanceof NoRouteToHostException) {
            return CONNECT_FAILED;
        }
        if (e instanceof TruncatedChunkException) {
            return NO_RESPONSE;
        }
        if (e instanceof MalformedChunkCodingException || e instanceof MessageConstraintException) {
            return BAD_RESPONSE;
        }
        return NO_RESPONSE;
    }
}
