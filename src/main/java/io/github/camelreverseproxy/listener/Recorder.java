package io.github.camelreverseproxy.listener;

import java.net.InetSocketAddress;
import java.net.SocketAddress;

import io.github.camelreverseproxy.forwarding.ClientConnection;
import io.github.camelreverseproxy.forwarding.Journal;
import io.github.camelreverseproxy.forwarding.RequestRecord;
import io.github.camelreverseproxy.message.Failure;
import io.github.camelreverseproxy.response.ErrorResponse;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.LastHttpContent;

/**
 * Keeps the record of the request in hand, where its response leaves the process: begins it with a head, or with what is
 * answered in the place of one, and ends it with the last byte of the response or with the connection. Stands behind
 * {@link ResponseOrder} and so sees one request at a time. Not sharable; runs on the channel's event loop.
 */
final class Recorder extends ChannelDuplexHandler {
    private final Journal journal;
    private final ClientConnection client;
    private String address;
    private RequestRecord record;
    private boolean complete = true;

    Recorder(Journal journal, ClientConnection client) {
        this.journal = journal;
        this.client = client;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (message instanceof HttpRequest request) {
            complete = false;
            begin(ctx, request);
        } else if (message instanceof Refusal refusal && record == null && (refusal.request() != null || complete)) {
            begin(ctx, refusal.request());
        }
        if (record != null) {
            record.received(size(message));
        }
        complete |= message instanceof LastHttpContent;
        ctx.fireChannelRead(message);
    }

    private void begin(ChannelHandlerContext ctx, HttpRequest request) {
        if (address == null) {
            SocketAddress remote = ctx.channel().remoteAddress();
            address = remote instanceof InetSocketAddress internet ? internet.getAddress().getHostAddress() : String.valueOf(remote);
        }
        // What the decoder could not read has its own words in the place of a method and a target.
        boolean known = request != null && !(request.decoderResult().isFailure() && request.uri().equals("/bad-request"));
        record = journal.begin(address, known ? request.method().name() : null, known ? request.uri() : null,
                request == null ? EmptyHttpHeaders.INSTANCE : request.headers());
        client.record(record);
    }

    private static int size(Object message) {
        return message instanceof HttpContent content ? content.content().readableBytes() : message instanceof ByteBuf bytes ? bytes.readableBytes() : 0;
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        RequestRecord current = record;
        if (current == null) {
            ctx.write(message, promise);
            return;
        }
        if (message instanceof HttpResponse response && !ResponseFraming.interim(response)) {
            current.answered(response.status().code());
            if (message instanceof ErrorResponse error) {
                current.failed(error.failure());
                current.identify(error.id());
            }
        }
        current.sent(size(message));
        ChannelPromise written = promise;
        if (ResponseFraming.endsResponse(message)) {
            written = promise.unvoid();
            written.addListener((ChannelFutureListener) done -> {
                if (done.isSuccess()) {
                    end(current);
                }
            });
        }
        ctx.write(message, written);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        // The others first: what was under way ends, and is told as it ends.
        ctx.fireChannelInactive();
        RequestRecord current = record;
        if (current != null) {
            boolean tunnel = current.status() == HttpResponseStatus.SWITCHING_PROTOCOLS.code();
            boolean brokenOff = current.status() != 0 && current.failure() != null;
            if (!tunnel && !brokenOff) {
                current.answered(Failure.CLIENT_GONE.status());
                current.failed(Failure.CLIENT_GONE);
            }
            end(current);
        }
    }

    private void end(RequestRecord ended) {
        if (record == ended) {
            record = null;
            client.record(null);
        }
        ended.end();
    }
}
