package io.github.camelreverseproxy.forwarding;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.camelreverseproxy.message.Failure;
import io.github.camelreverseproxy.message.ProxyException;
import io.netty.buffer.ByteBuf;
import io.netty.channel.DefaultEventLoop;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpHeaders;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class BodyStreamTest {
    private final EventLoop loop = new DefaultEventLoop();

    @AfterEach
    void stop() {
        loop.shutdownGracefully();
    }

    /** Otherwise a client that has closed its sending side loses its answer in the moment in which it goes on reading. */
    @Test
    void sourceThatWasHeldUpIsNotIdle() throws Exception {
        BodyStream body = new BodyStream(loop, new Source(), -1, 100, Failure.CONTENT_TOO_LARGE);
        body.to(new Sink());
        body.full(true);
        Thread.sleep(5);
        long wanted = System.nanoTime();
        body.full(false);
        assertTrue(body.moved() - wanted >= 0);
    }

    private static final class Source implements BodyStream.Source {
        @Override
        public void read(boolean more) {
        }

        @Override
        public void abandon() {
        }
    }

    private static final class Sink implements BodyStream.Sink {
        @Override
        public void piece(ByteBuf bytes) {
            bytes.release();
        }

        @Override
        public void flush() {
        }

        @Override
        public void end(HttpHeaders trailers) {
        }

        @Override
        public void failed(ProxyException why) {
        }
    }
}
