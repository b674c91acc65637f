package io.github.camelreverseproxy.client;

import java.nio.charset.StandardCharsets;
import java.util.Map;

import io.github.camelreverseproxy.forwarding.BodyStream;
import io.github.camelreverseproxy.forwarding.ByteBudget;
import io.github.camelreverseproxy.forwarding.Outlet;
import io.github.camelreverseproxy.message.EndToEndFields;
import io.github.camelreverseproxy.message.Failure;
import io.github.camelreverseproxy.message.ProxyException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.HttpHeaders;

/**
 * A request on its way to the upstream: its head, and its body at once, in pieces, or as it comes; framed as it came: by the
 * length that the head has stated, in chunks (RFC 9112, section 7.1), or, in a tunnel, not at all. Not thread-safe; runs on
 * the connection's event loop.
 */
final class RequestWriter implements BodyStream.Sink {
    private enum Framing { LENGTH, CHUNKED, NONE }

    /** A larger body goes out piece by piece: Netty copies what it is given into direct memory, which is scarce. */
    private static final int PIECE = 256 * 1024;
    private static final ByteBuf CRLF = Unpooled.unreleasableBuffer(Unpooled.directBuffer(2).writeBytes(new byte[] {'\r', '\n'}).asReadOnly());

    private final ChannelHandlerContext context;
    private final UpstreamExchange exchange;
    /** The body, if it is not whole. */
    private final BodyStream stream;
    private final Framing framing;
    private final Outlet outlet;
    private ChannelFuture last;
    /** Whether the last piece has come. */
    private boolean ended;
    private boolean done;

    private RequestWriter(ChannelHandlerContext context, UpstreamExchange exchange, BodyStream stream, Framing framing, Outlet outlet) {
        this.context = context;
        this.exchange = exchange;
        this.stream = stream;
        this.framing = framing;
        this.outlet = outlet;
    }

    /** Of an attempt. */
    static RequestWriter of(Attempt attempt, ChannelHandlerContext context, UpstreamExchange exchange) {
        BodyStream body = attempt.stream();
        return new RequestWriter(context, exchange, body, body == null || body.length() >= 0 ? Framing.LENGTH : Framing.CHUNKED,
                body == null ? null : new Outlet(context.channel(), body, attempt.budget()));
    }

    /** Of the bytes of a tunnel. */
    static RequestWriter tunnel(BodyStream bytes, ByteBudget budget, ChannelHandlerContext context, UpstreamExchange exchange) {
        return new RequestWriter(context, exchange, bytes, Framing.NONE, new Outlet(context.channel(), bytes, budget));
    }

    /**
     * @param head with the body, if that is small
     * @param rest the whole body, if it is not in the head; or null
     */
    void begin(ByteBuf head, byte[] rest) {
        if (stream != null) {
            context.writeAndFlush(head);
            exchange.uploading();
            stream.to(this);
        } else if (rest == null) {
            write(head, null, 0);
        } else {
            context.write(head);
            writePiece(rest, 0);
        }
    }

    private void writePiece(byte[] rest, int at) {
        int size = Math.min(PIECE, rest.length - at);
        write(Unpooled.wrappedBuffer(rest, at, size), rest, at + size);
    }

    /** @param rest what follows, from a position on; or null */
    private void write(ByteBuf piece, byte[] rest, int at) {
        context.writeAndFlush(piece).addListener((ChannelFuture written) -> {
            if (!written.isSuccess()) {
                failed(written.cause());
            } else if (rest == null || at == rest.length) {
                done = true;
            } else if (!done) {
                writePiece(rest, at);
            }
        });
    }

    private void failed(Throwable cause) {
        if (!done) {
            stop();
            exchange.notWritten(cause);
        }
    }

    /** Whether the next thing to happen is that the client sends more. */
    boolean isWaiting() {
        return stream != null && !ended && !done && context.channel().isWritable();
    }

    @Override
    public void piece(ByteBuf bytes) {
        if (framing == Framing.CHUNKED) {
            context.write(ByteBufUtil.writeAscii(context.alloc(), Integer.toHexString(bytes.readableBytes()) + "\r\n"));
            context.write(bytes);
            last = context.write(CRLF.duplicate());
        } else {
            last = context.write(bytes);
        }
    }

    @Override
    public void flush() {
        if (last == null || done) {
            return;
        }
        context.flush();
        ChannelFuture written = last;
        last = null;
        written.addListener((ChannelFutureListener) this::written);
        if (!done && !outlet.written(written)) {
            stop();
            exchange.requestFailed(new ProxyException(Failure.OVERLOADED, "no room for the body"));
        }
        exchange.await();
    }

    private void written(ChannelFuture write) {
        if (!write.isSuccess()) {
            failed(write.cause());
        }
    }

    /** The upstream has taken something. */
    void look() {
        if (outlet != null && !done) {
            outlet.look();
        }
    }

    @Override
    public void end(HttpHeaders trailers) {
        ended = true;
        ByteBuf rest = framing == Framing.CHUNKED ? lastChunk(trailers) : Unpooled.EMPTY_BUFFER;
        context.writeAndFlush(rest).addListener((ChannelFutureListener) write -> {
            if (framing == Framing.NONE) {
                exchange.inputEnded();
            } else if (write.isSuccess()) {
                finish();
            } else {
                written(write);
            }
        });
        exchange.await();
    }

    private void finish() {
        if (!done) {
            done = true;
            outlet.end();
            exchange.uploaded();
        }
    }

    private ByteBuf lastChunk(HttpHeaders trailers) {
        StringBuilder text = new StringBuilder("0\r\n");
        for (Map.Entry<String, String> field : trailers) {
            if (EndToEndFields.mayTrail(field.getKey())) {
                text.append(field.getKey()).append(": ").append(field.getValue()).append("\r\n");
            }
        }
        return Unpooled.wrappedBuffer(text.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1));
    }

    /** What has come is not the whole body; that its connection ends tells the upstream so. */
    @Override
    public void failed(ProxyException why) {
        if (!done) {
            done = true;
            outlet.end();
            exchange.requestFailed(why);
        }
    }

    /** The upstream wants no more of it. */
    void stop() {
        if (!done) {
            done = true;
            if (stream != null) {
                outlet.end();
                stream.cancel(new ProxyException(Failure.NO_RESPONSE));
            }
        }
    }

    /** Whether nothing more is to be sent. */
    boolean isDone() {
        return done;
    }
}
