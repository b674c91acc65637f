package io.github.camelreverseproxy.listener;

import io.github.camelreverseproxy.message.Tokens;
import io.netty.buffer.ByteBuf;

/**
 * The extensions of chunks by the letter (RFC 9112, section 7.1.1): each has a name, and its value, if it has one, is a token
 * or a quoted string. Netty takes some that are neither. Follows a chunked body through the bytes that the decoder has
 * consumed, in whatever pieces they come. Not thread-safe.
 */
final class ChunkExtensions {
    private enum At { SIZE, BEFORE_NAME, NAME, AFTER_NAME, BEFORE_VALUE, TOKEN, QUOTED, ESCAPED, AFTER_VALUE, LINE_END, DATA, DATA_END, TRAILERS, WRONG }

    private At at = At.SIZE;
    private long size;

    /** A chunked body begins. */
    void begin() {
        at = At.SIZE;
        size = 0;
    }

    /** @return whether everything that the decoder has consumed so far is well-formed */
    boolean accept(ByteBuf in, int from, int to) {
        int i = from;
        while (i < to && at != At.TRAILERS && at != At.WRONG) {
            if (at == At.DATA) {
                long taken = Math.min(size, to - i);
                size -= taken;
                i += (int) taken;
                at = size == 0 ? At.DATA_END : At.DATA;
            } else {
                at = after((char) (in.getByte(i++) & 0xff));
            }
        }
        return at != At.WRONG;
    }

    private At after(char c) {
        boolean space = c == ' ' || c == '\t';
        return switch (at) {
            case SIZE -> size(c);
            case BEFORE_NAME -> space ? at : Tokens.isTchar(c) ? At.NAME : At.WRONG;
            case NAME -> Tokens.isTchar(c) ? at : c == '=' ? At.BEFORE_VALUE : space ? At.AFTER_NAME : next(c);
            case AFTER_NAME -> space ? at : c == '=' ? At.BEFORE_VALUE : next(c);
            case BEFORE_VALUE -> space ? at : c == '"' ? At.QUOTED : Tokens.isTchar(c) ? At.TOKEN : At.WRONG;
            case TOKEN -> Tokens.isTchar(c) ? at : space ? At.AFTER_VALUE : next(c);
            case QUOTED -> c == '"' ? At.AFTER_VALUE : c == '\\' ? At.ESCAPED : Tokens.isFieldChar(c) ? at : At.WRONG;
            case ESCAPED -> Tokens.isFieldChar(c) ? At.QUOTED : At.WRONG;
            case AFTER_VALUE -> space ? at : next(c);
            case LINE_END -> c != '\n' ? At.WRONG : size == 0 ? At.TRAILERS : At.DATA;
            case DATA_END -> c == '\n' ? At.SIZE : at;
            default -> at;
        };
    }

    private At size(char c) {
        int digit = Character.digit(c, 16);
        if (digit < 0) {
            return next(c);
        }
        // More digits than a size may have are Netty's to refuse.
        size = Math.min(size * 16 + digit, Integer.MAX_VALUE);
        return at;
    }

    /** Another extension, or the end of the line. */
    private static At next(char c) {
        return c == ';' ? At.BEFORE_NAME : c == '\r' ? At.LINE_END : At.WRONG;
    }
}
