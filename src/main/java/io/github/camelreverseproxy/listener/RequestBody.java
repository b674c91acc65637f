package io.github.camelreverseproxy.listener;

import io.github.camelreverseproxy.forwarding.BodyStream;
import io.github.camelreverseproxy.forwarding.ClientConnection;
import io.github.camelreverseproxy.forwarding.WholeBytes;
import io.github.camelreverseproxy.message.Failure;
import io.github.camelreverseproxy.message.ProxyException;
import io.github.camelreverseproxy.request.BodyKind;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownReadComplete;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;

/**
 * Makes a {@link ReceivedRequest} of a request's head, with its body whole or as a stream. Whole it is where the proxy has to
 * read it, which its type and its first byte say, and where it is known to be small, so that it can be sent again; its
 * bytes are charged to the budget. Everything else goes on as soon as its head is here, and its pieces as they are wanted;
 * {@code Expect: 100-continue} is answered when they are (RFC 9110, section 10.1.1). Not sharable; runs on the channel's
 * event loop.
 */
final class RequestBody extends ChannelInboundHandlerAdapter implements BodyStream.Source {
    private enum State { NONE, FIRST_BYTE, WHOLE, STREAM, DROPPED, TUNNEL }

    /** A body that is no longer than this is whole, whatever it is. */
    private static final int SMALL = 64 * 1024;

    private final ClientConnection client;
    private final Limits limits;
    private ChannelHandlerContext context;
    private State state = State.NONE;
    private HttpRequest request;
    private WholeBytes body;
    private BodyStream stream;
    private long streamed;
    private boolean expects;
    private boolean handedOver;

    RequestBody(ClientConnection client, Limits limits) {
        this.client = client;
        this.limits = limits;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (message instanceof HttpRequest head) {
            begin(head);
        } else if (message instanceof HttpContent content) {
            content(content);
        } else if (message instanceof Refusal refusal) {
            refused(refusal);
        } else if (state == State.TUNNEL && message instanceof ByteBuf bytes) {
            stream.piece(bytes);
        } else {
            ReferenceCountUtil.release(message);
        }
    }

    private void begin(HttpRequest head) {
        request = head;
        streamed = 0;
        expects = HttpUtil.is100ContinueExpected(head);
        long length = HttpUtil.getContentLength(head, -1L);
        boolean chunked = HttpUtil.isTransferEncodingChunked(head);
        body = new WholeBytes(client, length < 0 ? limits.maxRequestBody() : length, 0);
        BodyKind kind = !chunked && length <= 0 ? BodyKind.OTHER : kind(head);
        if (kind == BodyKind.JSON || !chunked && length <= SMALL) {
            whole(length);
        } else if (kind == BodyKind.UNKNOWN) {
            state = State.FIRST_BYTE;
            proceed();
        } else {
            stream();
        }
    }

    private static BodyKind kind(HttpRequest head) {
        return BodyKind.of(values(head, HttpHeaderNames.CONTENT_TYPE), values(head, HttpHeaderNames.CONTENT_ENCODING),
                values(head, HttpHeaderNames.CACHE_CONTROL));
    }

    private static Object values(HttpRequest head, CharSequence name) {
        return head.headers().contains(name) ? head.headers().getAll(name) : null;
    }

    private void whole(long length) {
        if (length > limits.maxRequestBody()) {
            refuse(new Refusal(Failure.CONTENT_TOO_LARGE, request));
            return;
        }
        state = State.WHOLE;
        if (length != 0) {
            proceed();
        }
    }

    /** The client may go on, if it waits for that. */
    private void proceed() {
        if (expects) {
            expects = false;
            context.writeAndFlush(new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.CONTINUE));
        }
    }

    private void stream() {
        long length = HttpUtil.getContentLength(request, -1L);
        if (limits.maxStreamedBody() > 0 && length > limits.maxStreamedBody()) {
            refuse(new Refusal(Failure.CONTENT_TOO_LARGE, request));
            return;
        }
        state = State.STREAM;
        handedOver = true;
        stream = new BodyStream(context.channel().eventLoop(), this, length, limits.maxRequestBody(), Failure.CONTENT_TOO_LARGE);
        client.pause(this, true);
        if (body.size() > 0) {
            stream.piece(Unpooled.wrappedBuffer(body.take()));
            client.release();
        }
        body = null;
        context.fireChannelRead(new ReceivedRequest(request, null, stream));
    }

    private void content(HttpContent content) {
        try {
            if (content.decoderResult().isFailure() && state != State.NONE && state != State.DROPPED) {
                refused(new Refusal(Failure.BAD_REQUEST, "malformed chunked body", true, request));
            }
            if (state == State.FIRST_BYTE) {
                firstByte(content.content());
            }
            if (state == State.STREAM) {
                streamed(content);
            } else if (state == State.FIRST_BYTE || state == State.WHOLE) {
                kept(content.content(), content instanceof LastHttpContent);
            }
        } finally {
            content.release();
        }
        if (content instanceof LastHttpContent) {
            state = State.NONE;
            handedOver = false;
        }
    }

    /** What may be JSON is, or is not, by its first byte that is no white space. */
    private void firstByte(ByteBuf bytes) {
        for (int i = bytes.readerIndex(); i < bytes.writerIndex(); i++) {
            byte b = bytes.getByte(i);
            if (b == '{') {
                whole(HttpUtil.getContentLength(request, -1L));
                return;
            }
            if (b != ' ' && b != '\t' && b != '\r' && b != '\n') {
                stream();
                return;
            }
        }
    }

    private void streamed(HttpContent content) {
        streamed += content.content().readableBytes();
        if (limits.maxStreamedBody() > 0 && streamed > limits.maxStreamedBody()) {
            end(new ProxyException(Failure.CONTENT_TOO_LARGE));
            return;
        }
        BodyStream done = stream;
        if (content.content().isReadable()) {
            done.piece(content.content().retain());
        }
        // Whoever takes it may have had enough.
        if (content instanceof LastHttpContent end && state == State.STREAM) {
            stream = null;
            done.flush();
            done.end(end.trailingHeaders());
            client.pause(this, false);
        }
    }

    private void kept(ByteBuf bytes, boolean last) {
        int more = bytes.readableBytes();
        if (more > limits.maxRequestBody() - body.size()) {
            refuse(new Refusal(Failure.CONTENT_TOO_LARGE, request));
        } else if (!body.add(bytes, more)) {
            refuse(new Refusal(Failure.OVERLOADED, "no room for the body", true, request));
        } else if (last) {
            whole();
        }
    }

    private void whole() {
        byte[] whole = body.take();
        body = null;
        boolean none = whole.length == 0 && !HttpUtil.isContentLengthSet(request) && !HttpUtil.isTransferEncodingChunked(request);
        context.fireChannelRead(new ReceivedRequest(request, none ? null : whole, null));
    }

    /** In the place of the request. */
    private void refuse(Refusal refusal) {
        state = State.DROPPED;
        body = null;
        client.release();
        context.fireChannelRead(refusal);
    }

    /** A request whose body is on its way has been handed over: it is the stream that ends, if it still goes anywhere. */
    private void refused(Refusal refusal) {
        if (state == State.STREAM) {
            end(new ProxyException(refusal.failure(), refusal.text()));
        } else if (!handedOver) {
            refuse(refusal);
        }
    }

    private void end(ProxyException why) {
        BodyStream broken = stream;
        if (state == State.STREAM || state == State.TUNNEL) {
            state = State.DROPPED;
            stream = null;
            client.pause(this, false);
            broken.fail(why);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        if (stream != null) {
            stream.flush();
        }
        ctx.fireChannelReadComplete();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (state == State.TUNNEL && stream != null && event instanceof ChannelInputShutdownReadComplete) {
            stream.end(EmptyHttpHeaders.INSTANCE);
        }
        ctx.fireUserEventTriggered(event);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        body = null;
        end(new ProxyException(Failure.CLIENT_GONE));
        ctx.fireChannelInactive();
    }

    @Override
    public void read(boolean more) {
        if (more && state == State.STREAM) {
            proceed();
        }
        // All of it may have come already.
        client.pause(this, !more && stream != null);
    }

    @Override
    public void abandon() {
        if (state == State.STREAM || state == State.TUNNEL) {
            state = State.DROPPED;
        }
        stream = null;
        client.pause(this, false);
    }

    /** The connection has become a tunnel: its bytes, whatever they mean. */
    BodyStream tunnel() {
        state = State.TUNNEL;
        stream = new BodyStream(context.channel().eventLoop(), this, -1, limits.maxRequestBody(), Failure.CONTENT_TOO_LARGE);
        client.pause(this, true);
        return stream;
    }
}
