package io.github.camelreverseproxy.client;

import java.io.IOException;
import java.net.SocketTimeoutException;

import io.github.camelreverseproxy.forwarding.ClientConnection;
import io.github.camelreverseproxy.forwarding.Deadline;
import io.github.camelreverseproxy.message.Failure;
import io.github.camelreverseproxy.message.ProxyException;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;

/**
 * One request and its response on a connection to an upstream, from the first byte that is written to the last that is read.
 * A response whose body is not collected goes on as soon as its head is here. Ends once, and tells its connection whether
 * that can take another. Not thread-safe; runs on the connection's event loop.
 */
final class UpstreamExchange implements ResponseParser.Listener {
    /** How long an upstream that takes no more of a request may still have an answer on the way. */
    private static final long EARLY_ANSWER_MILLIS = 1000;

    private final UpstreamConnection connection;
    private final Upstream upstream;
    private final ChannelHandlerContext context;
    private final Deadline deadline;
    private final ResponseParser responses;
    private final Attempt attempt;
    private RequestWriter writer;
    /** The response, if it is not collected. */
    private Download download;
    private Throwable notWritten;
    private boolean answering;
    private boolean complete;
    /** Whether nothing has come behind the response. */
    private boolean alone;
    private boolean over;

    UpstreamExchange(UpstreamConnection connection, Upstream upstream, ChannelHandlerContext context, Deadline deadline,
                     ResponseParser responses, Attempt attempt) {
        this.connection = connection;
        this.upstream = upstream;
        this.context = context;
        this.deadline = deadline;
        this.responses = responses;
        this.attempt = attempt;
    }

    void begin(ByteBuf head) {
        responses.expect(this, attempt.client(), attempt.isHead(), attempt.isUpgrade());
        deadline.in(upstream.responseTimeout());
        writer = RequestWriter.of(attempt, context, this);
        writer.begin(head, attempt.rest());
    }

    void read(ByteBuf in) {
        try {
            if (complete) {
                alone &= !in.isReadable();
            } else if (responses.feed(in)) {
                complete = true;
                alone = !in.isReadable();
            } else if (responses.isWithinBody()) {
                await();
                if (!answering && download == null) {
                    answering = true;
                    attempt.answering();
                }
            }
        } catch (ProxyException e) {
            fail(e);
        }
    }

    @Override
    public void interim(UpstreamResponse interim) {
        attempt.interim(interim);
    }

    @Override
    public void begins(UpstreamResponse head, long length) {
        download = new Download(this, context.channel(), head, length, upstream);
        if (head.isTunnel()) {
            ClientConnection client = attempt.client();
            download.body().tunnel(back -> {
                writer = RequestWriter.tunnel(back, client.budget(), context, this);
                back.to(writer);
            });
        }
        download.read(false);
    }

    @Override
    public void piece(ByteBuf bytes) {
        download.body().piece(bytes);
    }

    /** Not before: what has come in the same breath would be taken for the next response. */
    void readComplete() {
        if (complete) {
            succeed();
        } else if (download != null) {
            download.deliver(attempt);
        }
    }

    /** The request's body goes out as it comes. */
    void uploading() {
        attempt.uploading();
    }

    /** All of it has gone out. */
    void uploaded() {
        if (download == null) {
            attempt.uploaded();
        }
        await();
    }

    /** The upstream has taken something. */
    void look() {
        writer.look();
        await();
    }

    /** Sets the deadline for whatever comes next; while it is the client's turn there is none. */
    void await() {
        if (over || notWritten != null) {
            return;
        }
        long patience = patience();
        if (patience == 0) {
            deadline.drop();
        } else {
            deadline.in(patience);
        }
    }

    /** For the upstream to go on, in milliseconds; 0 while it is not its turn. */
    private long patience() {
        boolean stuck = !context.channel().isWritable();
        if (download != null) {
            return stuck && download.body().back() != null ? upstream.responseTimeout() : download.patience();
        }
        return writer != null && writer.isWaiting() ? 0 : upstream.responseTimeout();
    }

    void late() {
        if (download != null && !download.body().isTaken()) {
            abort(new ProxyException(Failure.CLIENT_GONE));
        } else if (notWritten != null || patience() > 0) {
            fail(notWritten != null ? notWritten : new SocketTimeoutException("no response in time"));
        }
    }

    /** What the upstream may have said before it closed the connection comes first; its end comes after this. */
    void notWritten(Throwable cause) {
        if (cause instanceof IOException && (context.channel().isActive() || responses.isBegun())) {
            notWritten = cause;
            deadline.in(Math.min(upstream.responseTimeout(), EARLY_ANSWER_MILLIS));
        } else {
            fail(cause);
        }
    }

    /** Nothing more comes; or, in a tunnel, the client has ended it. */
    void inputEnded() {
        if (complete) {
            alone = false;
            return;
        }
        try {
            responses.end();
            alone = false;
            succeed();
        } catch (ProxyException e) {
            fail(e);
        }
    }

    private void succeed() {
        UpstreamResponse response = responses.take();
        if (download != null) {
            download.deliver(attempt);
        }
        if (over) {
            return;
        }
        over = true;
        boolean sent = writer.isDone() && notWritten == null;
        writer.stop();
        if (download != null) {
            download.body().end(responses.trailers());
        }
        boolean wanted = download != null || !attempt.isEnded();
        connection.goOn(attempt, response, alone && sent && wanted && response.keepsConnection());
        if (download == null) {
            attempt.succeed(response, response.body());
        }
    }

    /** The request's body has broken off, through no fault of the upstream. */
    void requestFailed(ProxyException why) {
        if (!over) {
            end(why);
            attempt.fail(why);
        }
    }

    /** The client's request has been ended, of which it may have the response already; or nobody wants the rest of that. */
    void abort(ProxyException why) {
        if (!over) {
            end(why);
        }
    }

    /** @param why for whoever has the response already */
    private void end(ProxyException why) {
        over = true;
        if (writer != null) {
            writer.stop();
        }
        connection.close();
        if (download != null) {
            download.body().fail(why);
        }
    }

    void fail(Throwable cause) {
        if (over) {
            return;
        }
        if (complete) {
            alone = false;
            return;
        }
        if (attempt.isEnded()) {
            Failure failure = Faults.of(cause, true);
            end(new ProxyException(failure, failure.text(), cause));
            return;
        }
        end(new ProxyException(Failure.RESPONSE_INCOMPLETE));
        if (cause instanceof Error || cause instanceof ProxyException own && own.failure() == Failure.OVERLOADED) {
            attempt.fail(cause);
        } else if (connection.isUsed() && !responses.isBegun() && !(cause instanceof SocketTimeoutException)) {
            connection.closedBefore(attempt, cause);
        } else {
            attempt.fail(cause instanceof IOException ? cause : new ProxyException(Failure.NO_RESPONSE, Failure.NO_RESPONSE.text(), cause), true);
        }
    }
}
