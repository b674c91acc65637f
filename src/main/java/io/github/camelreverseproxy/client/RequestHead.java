package io.github.camelreverseproxy.client;

import io.github.camelreverseproxy.message.Tokens;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;

/** The head of a request as it goes out (RFC 9112, sections 3 and 5); looks at each character while it is copied. Not thread-safe. */
final class RequestHead {
    private static final int CRLF = '\r' << 8 | '\n';
    private static final int COLON_SPACE = ':' << 8 | ' ';

    private final ByteBuf head;

    /** Method and target have been looked at before. */
    RequestHead(ByteBufAllocator allocator, String method, String target) {
        head = allocator.directBuffer(512);
        text(method);
        head.writeByte(' ');
        text(target);
        text(" HTTP/1.1");
    }

    /** @throws IllegalArgumentException naming the field, if it cannot be sent */
    void field(String name, String value) {
        head.writeShort(CRLF);
        name(name);
        head.writeShort(COLON_SPACE);
        value(name, value);
    }

    /** @param body that goes out with it */
    ByteBuf end(byte[] body) {
        return head.writeShort(CRLF).writeShort(CRLF).writeBytes(body);
    }

    void release() {
        head.release();
    }

    /** What has been looked at before. */
    private void text(String text) {
        head.ensureWritable(text.length());
        for (int i = 0; i < text.length(); i++) {
            head.writeByte(text.charAt(i));
        }
    }

    private void name(String name) {
        head.ensureWritable(name.length());
        boolean token = !name.isEmpty();
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            token &= Tokens.isTchar(c);
            head.writeByte(c);
        }
        if (!token) {
            Tokens.requireField(name, "");
        }
    }

    private void value(String name, String value) {
        head.ensureWritable(value.length());
        boolean valid = true;
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            valid &= Tokens.isFieldChar(c);
            head.writeByte(c);
        }
        if (!valid) {
            Tokens.requireField(name, value);
        }
    }
}
