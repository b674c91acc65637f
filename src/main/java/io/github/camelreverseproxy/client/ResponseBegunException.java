package io.github.camelreverseproxy.client;

import java.io.IOException;

/** The head of a response had begun when something went wrong; what, the cause says. */
final class ResponseBegunException extends IOException {
    private static final long serialVersionUID = 1L;

    ResponseBegunException(Exception cause) {
        super(cause);
    }
}
