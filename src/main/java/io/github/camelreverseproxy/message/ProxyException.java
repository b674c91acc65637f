package io.github.camelreverseproxy.message;

import java.io.IOException;

/**
 * A {@link Failure} on its way to the error answer. Its message is meant for the client: no address, class name or
 * path belongs in it. It has no stack trace, because it is an answer rather than a fault and may be thrown at the rate
 * of the requests.
 */
public class ProxyException extends IOException {
    private static final long serialVersionUID = 1L;

    private final Failure failure;
    private final int retryAfter;

    public ProxyException(Failure failure) {
        this(failure, failure.text(), null);
    }

    public ProxyException(Failure failure, String message) {
        this(failure, message, null);
    }

    /** @param cause for the log only */
    public ProxyException(Failure failure, String message, Throwable cause) {
        this(failure, message, cause, 1);
    }

    /**
     * @param cause      for the log only; may be null
     * @param retryAfter for the client, in seconds
     */
    public ProxyException(Failure failure, String message, Throwable cause, int retryAfter) {
        super(message, cause);
        this.failure = failure;
        this.retryAfter = retryAfter;
    }

    /** The first one along the causes of an exception, or null; suppressed exceptions are earlier attempts' and do not count. */
    public static ProxyException in(Throwable thrown) {
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            if (cause instanceof ProxyException found) {
                return found;
            }
        }
        return null;
    }

    public final Failure failure() {
        return failure;
    }

    /** When it may be worth another try, in seconds; said to the client with status 503. */
    public final int retryAfter() {
        return retryAfter;
    }

    @Override
    public final Throwable fillInStackTrace() {
        return this;
    }
}
