package io.github.camelreverseproxy.listener;

import java.util.List;

import io.github.camelreverseproxy.forwarding.ClientConnection;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.LastHttpContent;

/**
 * Netty's decoder, and the rules of RFC 9112 about bytes that are gone once a head has been decoded: nothing but empty
 * lines before a request line (section 2.2), single spaces in it (section 3), no obs-fold (section 5.2), no
 * Transfer-Encoding beside Content-Length (section 6.1), and {@link ChunkExtensions}. One request at a time: after one
 * nothing more is decoded until {@link #next} is said; what a client pipelines stays the bytes that it is, 64 KiB of it and
 * one more read at most. Not sharable; runs on the channel's event loop.
 */
final class RequestDecoder extends HttpRequestDecoder {
    private enum Line { NONE, REQUEST, FIELDS }

    /** More than this waits in the kernel, and so in the end at the client. */
    private static final int MOST_AHEAD = 64 * 1024;

    private final ClientConnection client;
    private final ChunkExtensions chunks = new ChunkExtensions();
    private boolean inHead = true;
    private boolean chunked;
    private Line line = Line.NONE;
    private byte previous;
    private int spaces;
    private String violation;
    private boolean waiting;
    private boolean decoding;

    /**
     * @param maxTarget longest request line, in bytes
     * @param maxHead   largest sum of the field lines, in bytes
     */
    RequestDecoder(ClientConnection client, int maxTarget, int maxHead) {
        super(new HttpDecoderConfig().setMaxInitialLineLength(maxTarget).setMaxHeaderSize(maxHead)
                .setMaxChunkSize(64 * 1024).setAllowDuplicateContentLengths(false).setStrictLineParsing(true));
        this.client = client;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
        decoding = true;
        try {
            super.channelRead(ctx, message);
        } finally {
            decoding = false;
        }
        if (waiting && actualReadableBytes() > MOST_AHEAD) {
            client.pause(this, true);
        }
    }

    /** Goes on with the next request, which may have come already. */
    void next(ChannelHandlerContext ctx) throws Exception {
        waiting = false;
        client.pause(this, false);
        if (!decoding && actualReadableBytes() > 0) {
            channelRead(ctx, Unpooled.EMPTY_BUFFER);
            ctx.fireChannelReadComplete();
        }
    }

    /** The connection is a tunnel from now on. */
    @Override
    protected void handlerRemoved0(ChannelHandlerContext ctx) {
        client.pause(this, false);
    }

    /** The other handlers see to what is incomplete; what has come whole is still to be answered. */
    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        ctx.fireUserEventTriggered(event);
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) throws Exception {
        if (waiting) {
            return;
        }
        int from = in.readerIndex();
        int before = out.size();
        super.decode(ctx, in, out);
        if (chunked && !chunks.accept(in, from, in.readerIndex())) {
            violation = "malformed chunk extension";
        }
        if (inHead) {
            inspect(in, from, in.readerIndex());
        } else if (out.size() == before || out.get(before) instanceof LastHttpContent last && !last.content().isReadable()) {
            // No content was consumed, so it was chunk sizes and trailers.
            for (int i = from; i < in.readerIndex(); i++) {
                fields(in.getByte(i));
            }
        } else {
            previous = 0;
        }
        for (int i = before; i < out.size(); i++) {
            Object message = out.get(i);
            if (message instanceof HttpMessage head) {
                inHead = false;
                previous = 0;
                chunked = HttpUtil.isTransferEncodingChunked(head);
                chunks.begin();
            }
            if (violation != null && message == LastHttpContent.EMPTY_LAST_CONTENT) {
                message = new DefaultLastHttpContent();
                out.set(i, message);
            }
            if (violation != null && message instanceof HttpObject part && part.decoderResult().isSuccess()) {
                part.setDecoderResult(DecoderResult.failure(new IllegalArgumentException(violation)));
            }
            if (message instanceof LastHttpContent) {
                inHead = true;
                chunked = false;
                line = Line.NONE;
                previous = 0;
                spaces = 0;
                waiting = true;
            }
        }
    }

    /** Whether a head has begun and is not complete. */
    boolean isWithinHead() {
        return inHead && !waiting && (line != Line.NONE || actualReadableBytes() > 0);
    }

    /** Looks at the bytes of a head that the decoder has just consumed; they may come in any number of pieces. */
    private void inspect(ByteBuf in, int from, int to) {
        for (int i = from; i < to && violation == null; i++) {
            byte b = in.getByte(i);
            switch (line) {
                case NONE -> beforeRequestLine(b);
                case REQUEST -> requestLine(b);
                case FIELDS -> fields(b);
            }
        }
    }

    /** Empty lines, with their CR, may come before a request line (section 2.2). */
    private void beforeRequestLine(byte b) {
        if (b == '\r' && previous != '\r' || b == '\n' && previous == '\r') {
            previous = b;
        } else if (b <= ' ' || previous == '\r') {
            violation = "something other than an empty line before the request line";
        } else {
            line = Line.REQUEST;
            previous = b;
        }
    }

    /** Two spaces, and no other white space or control character but the CRLF at the end; the version in capitals. */
    private void requestLine(byte b) {
        if (b == '\n') {
            line = Line.FIELDS;
        } else if (previous == '\r' || b != '\r' && b < ' ' && b >= 0 || b == 0x7f) {
            violation = "white space or a control character in the request line";
        } else if (b == ' ') {
            if (++spaces > 2 || previous == ' ') {
                violation = "more than two spaces in the request line";
            }
        } else if (spaces == 2 && b >= 'a' && b <= 'z') {
            violation = "malformed HTTP version";
        }
        previous = b;
    }

    /** Of a head, or of trailers. */
    private void fields(byte b) {
        if (previous == '\n' && (b == ' ' || b == '\t')) {
            violation = "folded field line";
        }
        previous = b;
    }

    @Override
    protected void handleTransferEncodingChunkedWithContentLength(HttpMessage message) {
        throw new IllegalArgumentException("both Transfer-Encoding and Content-Length");
    }
}
