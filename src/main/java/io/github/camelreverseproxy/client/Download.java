package io.github.camelreverseproxy.client;

import io.github.camelreverseproxy.forwarding.BodyStream;
import io.github.camelreverseproxy.message.Failure;
import io.github.camelreverseproxy.message.ProxyException;
import io.netty.channel.Channel;

/**
 * A response that is not collected: its head goes on as soon as it is here, with a body that is read as its client takes it.
 * Not thread-safe; runs on the connection's event loop.
 */
final class Download implements BodyStream.Source {
    private final UpstreamExchange exchange;
    private final Channel channel;
    private final BodyStream body;
    private final long patience;
    private final long untaken;
    private UpstreamResponse head;

    /** @param length of the body, or -1 if nobody says it */
    Download(UpstreamExchange exchange, Channel channel, UpstreamResponse head, long length, Upstream upstream) {
        this.exchange = exchange;
        this.channel = channel;
        this.head = head;
        body = new BodyStream(channel.eventLoop(), this, length, upstream.rules().maxResponseBody(), Failure.RESPONSE_TOO_LARGE);
        untaken = upstream.responseTimeout();
        patience = head.isTunnel() ? 0 : head.isEventStream() ? upstream.rules().streamTimeout() : upstream.responseTimeout();
    }

    BodyStream body() {
        return body;
    }

    /** How long to wait for what comes next, in milliseconds; 0 for as long as it takes, which the client decides if it takes nothing. */
    long patience() {
        return !body.isTaken() ? untaken : channel.config().isAutoRead() ? patience : 0;
    }

    /** Hands the head to its attempt, if that has not got it yet, and all that has come. */
    void deliver(Attempt attempt) {
        if (head != null) {
            UpstreamResponse response = head;
            head = null;
            attempt.succeed(response, body);
        }
        body.flush();
    }

    @Override
    public void read(boolean more) {
        channel.config().setAutoRead(more);
        exchange.await();
    }

    @Override
    public void abandon() {
        exchange.abort(new ProxyException(Failure.CLIENT_GONE));
    }
}
