package io.github.camelreverseproxy.http;

import java.util.List;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.LastHttpContent;

/**
 * Netty's decoder, and the rules of RFC 9112 about bytes that are gone once a head has been decoded: no obs-fold
 * (section 5.2), no Transfer-Encoding beside Content-Length (section 6.1) and nothing but empty lines before a request
 * line (section 2.2). Not sharable; runs on the channel's event loop.
 */
final class RequestDecoder extends HttpRequestDecoder {
    private boolean inHead = true;
    private boolean blankStart = true;
    private boolean lineStart;
    private String violation;

    /**
     * @param maxTarget longest request line, in bytes
     * @param maxHead   largest sum of the field lines, in bytes
     */
    RequestDecoder(int maxTarget, int maxHead) {
        super(new HttpDecoderConfig().setMaxInitialLineLength(maxTarget).setMaxHeaderSize(maxHead)
                .setMaxChunkSize(64 * 1024).setAllowDuplicateContentLengths(false).setStrictLineParsing(true));
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) throws Exception {
        int from = in.readerIndex();
        int before = out.size();
        super.decode(ctx, in, out);
        if (inHead) {
            inspect(in, from, in.readerIndex());
        }
        for (int i = before; i < out.size(); i++) {
            Object message = out.get(i);
            if (message instanceof HttpMessage head) {
                inHead = false;
                if (violation != null && head.decoderResult().isSuccess()) {
                    head.setDecoderResult(DecoderResult.failure(new IllegalArgumentException(violation)));
                }
            }
            if (message instanceof LastHttpContent) {
                inHead = true;
                blankStart = true;
                lineStart = false;
            }
        }
    }

    /** Looks at the bytes of a head that the decoder has just consumed; they may come in any number of pieces. */
    private void inspect(ByteBuf in, int from, int to) {
        for (int i = from; i < to; i++) {
            byte b = in.getByte(i);
            if (blankStart) {
                if (b == '\r' || b == '\n') {
                    continue;
                }
                blankStart = false;
                if (b <= ' ') {
                    violation = "something other than an empty line before the request line";
                }
            } else if (lineStart && (b == ' ' || b == '\t')) {
                violation = "folded field line";
            }
            lineStart = b == '\n';
        }
    }

    @Override
    protected void handleTransferEncodingChunkedWithContentLength(HttpMessage message) {
        throw new IllegalArgumentException("both Transfer-Encoding and Content-Length");
    }
}
