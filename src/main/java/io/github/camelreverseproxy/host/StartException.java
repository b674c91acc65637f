package io.github.camelreverseproxy.host;

/** Routes or properties that cannot be started; the message says why, in a line. */
public final class StartException extends Exception {
    private static final long serialVersionUID = 1L;

    StartException(String message, Throwable cause) {
        super(message, cause);
    }
}
