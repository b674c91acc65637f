package io.github.camelreverseproxy.forwarding;

import io.github.camelreverseproxy.message.Failure;
import io.github.camelreverseproxy.message.ProxyException;

/** An attempt at an upstream that brought no response, and whether anything of the request had been sent. */
public final class UpstreamException extends ProxyException {
    private static final long serialVersionUID = 1L;

    private final String upstream;
    private final boolean sent;

    /**
     * @param cause for the log only
     * @param sent  whether anything of the request had been sent
     */
    public UpstreamException(String upstream, Failure failure, Throwable cause, boolean sent) {
        super(failure, failure.text(), cause);
        this.upstream = upstream;
        this.sent = sent;
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
