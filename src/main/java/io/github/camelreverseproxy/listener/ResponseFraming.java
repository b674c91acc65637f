package io.github.camelreverseproxy.listener;

import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import io.netty.buffer.Unpooled;

/**
 * Where a response ends and what happens to the connection then: no content for HEAD (RFC 9112, section 6.3), and
 * persistence as section 9.3 has it for HTTP/1.1 and HTTP/1.0 clients. One without a
 * {@code Date} gets one (RFC 9110, section 6.6.1). Sees one request at a time, because
 * {@link ResponseOrder} stands before it. Not sharable; runs on the channel's event loop.
 */
final class ResponseFraming extends ChannelDuplexHandler {
    private final Connections connections;
    private boolean keepAlive;
    private boolean http10;
    private boolean head;
    private boolean complete = true;
    /** Whether a final response has begun, after which there is no interim one. */
    private boolean responding;
    private boolean closing;

    ResponseFraming(Connections connections) {
        this.connections = connections;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (message instanceof HttpRequest request) {
            keepAlive = HttpUtil.isKeepAlive(request);
            complete = false;
            begin(ctx, request);
        } else if (message instanceof Refusal refusal) {
            keepAlive = !refusal.close();
            if (refusal.request() != null || complete) {
                begin(ctx, refusal.request());
            }
        }
        if (message instanceof LastHttpContent last) {
            complete = true;
            keepAlive &= last.decoderResult().isSuccess();
        }
        ctx.fireChannelRead(message);
    }

    private void begin(ChannelHandlerContext ctx, HttpRequest request) {
        Connections.busy(ctx.channel(), true);
        responding = false;
        http10 = request != null && request.protocolVersion().equals(HttpVersion.HTTP_1_0);
        head = request != null && request.method().equals(HttpMethod.HEAD);
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        if (responding && message instanceof HttpResponse late && interim(late)) {
            ReferenceCountUtil.release(message);
            promise.trySuccess();
            return;
        }
        Object framed = message;
        if (message instanceof HttpResponse response && !interim(response)) {
            responding = true;
            boolean tunnel = response.status().equals(HttpResponseStatus.SWITCHING_PROTOCOLS);
            if (!tunnel) {
                delimit(response);
                persistence(response.headers());
            }
            if (!response.headers().contains(HttpHeaderNames.DATE)) {
                response.headers().set(HttpHeaderNames.DATE, Clock.date());
            }
            framed = head ? withoutContent(response) : response;
        }
        ChannelPromise written = promise;
        if (endsResponse(message)) {
            written = promise.unvoid();
            written.addListener((ChannelFutureListener) done -> ended(done.channel()));
        }
        ctx.write(framed, written);
    }

    /** A response has gone out. */
    private void ended(Channel channel) {
        Connections.busy(channel, false);
        if (closing || connections.isEnding()) {
            LingeringClose.close(channel);
        }
    }

    /** A stream whose length nobody knows: in chunks, or, for a client of HTTP/1.0, to the end of the connection. */
    private void delimit(HttpResponse response) {
        if (!(response instanceof FullHttpResponse) && !response.headers().contains(HttpHeaderNames.CONTENT_LENGTH)) {
            if (http10) {
                keepAlive = false;
            } else {
                response.headers().set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
            }
        }
    }

    /** The rest of a request whose response comes early is not waited for. */
    private void persistence(HttpHeaders headers) {
        closing = !keepAlive || !complete || connections.isDraining() || headers.containsValue(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE, true);
        headers.remove(HttpHeaderNames.CONNECTION);
        if (closing) {
            headers.set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        } else if (http10) {
            headers.set(HttpHeaderNames.CONNECTION, HttpHeaderValues.KEEP_ALIVE);
        }
    }

    private static HttpResponse withoutContent(HttpResponse response) {
        if (!(response instanceof FullHttpResponse full) || !full.content().isReadable()) {
            return response;
        }
        full.release();
        return full.replace(Unpooled.EMPTY_BUFFER);
    }

    /** Whether a message written here completes a response, which an interim one (100, 103) does not. */
    static boolean endsResponse(Object message) {
        return message instanceof LastHttpContent && !(message instanceof HttpResponse response && interim(response));
    }

    static boolean interim(HttpResponse response) {
        HttpResponseStatus status = response.status();
        return status.codeClass() == HttpStatusClass.INFORMATIONAL && !status.equals(HttpResponseStatus.SWITCHING_PROTOCOLS);
    }
}
