package io.github.camelreverseproxy.client;

import io.github.camelreverseproxy.Failure;
import io.github.camelreverseproxy.ProxyException;

/** An attempt at an upstream that brought no response, and how far it had come. */
public final class UpstreamException extends ProxyException {
    private static final long serialVersionUID = 1L;

    /** How far an attempt had come. */
    public enum Progress {
        /** No byte of the request was sent. */
        NOT_SENT,
        /** Something was sent, and no byte of a response has come. */
        SENT,
        /** A response had begun. */
        ANSWERING
    }

    private final String upstream;
    private final Progress progress;

    UpstreamException(String upstream, Throwable cause, Progress progress) {
        this(upstream, failure(cause instanceof ResponseBegunException ? cause.getCause() : cause, progress), cause, progress);
    }

    private UpstreamException(String upstream, Failure failure, Throwable cause, Progress progress) {
        super(failure, failure.text(), cause);
        this.upstream = upstream;
        this.progress = progress;
    }

    /** Nothing was lost on a connection that there was not: the network is unreachable, say. */
    private static Failure failure(Throwable cause, Progress progress) {
        Failure failure = Failure.of(cause);
        return failure == Failure.NO_RESPONSE && progress == Progress.NOT_SENT ? Failure.CONNECT_FAILED : failure;
    }

    /** What the upstream is called; for the log only. */
    public String upstream() {
        return upstream;
    }

    public Progress progress() {
        return progress;
    }
}
