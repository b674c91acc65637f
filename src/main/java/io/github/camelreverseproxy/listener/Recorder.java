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
    private final Connections connections;
    private String address;
    private RequestRecord record;
    private boolean complete = true;

    Recorder(Journal journal, ClientConnection client, Connections connections) {
        this.journal = journal;
        this.client = client;
        this.connections = connections;
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
        int size = size(message);
        ChannelPromise written = promise;
        if (ResponseFraming.endsResponse(message)) {
            written = promise.unvoid();
            written.addListener((ChannelFutureListener) done -> {
                if (done.isSuccess()) {
                    current.sent(size);
                    end(current);
                }
            });
        } else {
            current.sent(size);
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
            if (!tunnel && !current.hasBrokenOff()) {
                Failure why = connections.isCutting() ? Failure.UNAVAILABLE : Failure.CLIENT_GONE;
                current.answered(why.status());
                current.failed(why);
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
