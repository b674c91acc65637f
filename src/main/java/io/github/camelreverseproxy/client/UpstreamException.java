package io.github.camelreverseproxy.client;

import io.github.camelreverseproxy.Failure;
import io.github.camelreverseproxy.ProxyException;

/** An attempt at an upstream that brought no response, and whether anything of the request had been sent. */
public final class UpstreamException extends ProxyException {
    private static final long serialVersionUID = 1L;

    private final String upstream;
    private final boolean sent;

    UpstreamException(String upstream, Throwable cause, boolean sent) {
        this(upstream, failure(cause, sent), cause, sent);
    }

    UpstreamException(String upstream, Failure failure, Throwable cause, boolean sent) {
        super(failure, failure.text(), cause);
        this.upstream = upstream;
        this.sent = sent;
    }

    /** Nothing was lost on a connection that there was not: the network is unreachable, say. */
    private static Failure failure(Throwable cause, boolean sent) {
        Failure failure = Failure.of(cause);
        return failure == Failure.NO_RESPONSE && !sent ? Failure.UNROUTABLE : failure;
    }

    /** What the upstream is called; for the log only. */
    public String upstream() {
        return upstream;
    }

    /** Whether the upstream may have acted upon the request. */
    public boolean isSent() {
        return sent;
    }
}
