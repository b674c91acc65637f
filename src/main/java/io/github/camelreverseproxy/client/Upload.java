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
 * The pieces of a request's body on their way to the upstream, framed as they came: by the length that the head has stated,
 * in chunks (RFC 9112, section 7.1), or, in a tunnel, not at all. Not thread-safe; runs on the connection's event loop.
 */
final class Upload implements BodyStream.Sink {
    /** Where one piece ends and the next begins. */
    enum Framing { LENGTH, CHUNKED, NONE }

    private static final ByteBuf CRLF = Unpooled.unreleasableBuffer(Unpooled.directBuffer(2).writeBytes(new byte[] {'\r', '\n'}).asReadOnly());

    private final ChannelHandlerContext context;
    private final UpstreamConnection connection;
    private final BodyStream stream;
    private final Framing framing;
    private final Outlet outlet;
    private ChannelFuture last;
    private boolean done;

    /** @param budget null for a request without a client */
    Upload(ChannelHandlerContext context, UpstreamConnection connection, BodyStream stream, Framing framing, ByteBudget budget) {
        this.context = context;
        this.connection = connection;
        this.stream = stream;
        this.framing = framing;
        this.outlet = new Outlet(context.channel(), budget);
        outlet.begin(stream);
    }

    /** Whether the next thing to happen is that the client sends more. */
    boolean isWaiting() {
        return !done && context.channel().isWritable();
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
            connection.requestFailed(new ProxyException(Failure.OVERLOADED, "no room for the body"));
        }
        connection.await();
    }

    private void written(ChannelFuture write) {
        if (!write.isSuccess() && !done) {
            stop();
            connection.notWritten(write.cause());
        }
    }

    /** The upstream has taken something. */
    void look() {
        if (!done) {
            outlet.look();
        }
    }

    @Override
    public void end(HttpHeaders trailers) {
        ByteBuf rest = framing == Framing.CHUNKED ? lastChunk(trailers) : Unpooled.EMPTY_BUFFER;
        context.writeAndFlush(rest).addListener((ChannelFutureListener) write -> {
            if (framing == Framing.NONE) {
                connection.close();
            } else if (write.isSuccess()) {
                finish();
            } else {
                written(write);
            }
        });
        connection.await();
    }

    private void finish() {
        done = true;
        outlet.end();
        connection.await();
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
            connection.requestFailed(why);
        }
    }

    /** The upstream wants no more of it. */
    void stop() {
        if (!done) {
            done = true;
            outlet.end();
            stream.cancel(new ProxyException(Failure.NO_RESPONSE));
        }
    }

    /** Whether nothing more is to be sent. */
    boolean isDone() {
        return done;
    }
}
