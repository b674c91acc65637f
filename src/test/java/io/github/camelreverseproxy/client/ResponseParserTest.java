package io.github.camelreverseproxy.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.ref.WeakReference;
import java.nio.charset.StandardCharsets;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.junit.jupiter.api.Test;

class ResponseParserTest {
    private final ResponseParser parser = new ResponseParser();
    private final ResponseParser.Listener nobody = new ResponseParser.Listener() {
        @Override
        public void interim(UpstreamResponse interim) {
            throw new AssertionError("no interim response was sent");
        }

        @Override
        public void begins(UpstreamResponse head, long length) {
            throw new AssertionError("short bodies are collected");
        }

        @Override
        public void piece(ByteBuf bytes) {
            throw new AssertionError("short bodies are collected");
        }
    };

    private UpstreamResponse parsed(String response) throws Exception {
        parser.expect(nobody, null, false, false);
        ByteBuf in = Unpooled.wrappedBuffer(response.getBytes(StandardCharsets.ISO_8859_1));
        assertTrue(parser.feed(in));
        return parser.take();
    }

    /** An idle connection keeps its parser, but must not keep megabytes of a body. */
    @Test
    void bodyIsNotKept() throws Exception {
        WeakReference<byte[]> body = new WeakReference<>(parsed("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").body());
        long end = System.nanoTime() + 10_000_000_000L;
        while (body.get() != null && System.nanoTime() < end) {
            System.gc();
        }
        assertTrue(body.get() == null, "the parser keeps the body");
        assertTrue(!parser.isWithinBody());
    }

    @Test
    void textsThatComeAgainAreNotMadeAnew() throws Exception {
        UpstreamResponse first = parsed("HTTP/1.1 200 Fine\r\nX-A: 1\r\nX-B: 2\r\nContent-Length: 0\r\n\r\n");
        UpstreamResponse second = parsed("HTTP/1.1 200 Fine\r\nX-A: 1\r\nX-B: 3\r\nContent-Length: 0\r\n\r\n");
        assertSame(first.reason(), second.reason());
        assertSame(first.fields().get(0), second.fields().get(0));
        assertEquals("3", second.fields().get(1).getValue());
    }
}
