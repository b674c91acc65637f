package io.github.camelreverseproxy.forwarding;

import java.io.InputStream;
import java.io.Reader;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.BiConsumer;

import io.github.camelreverseproxy.message.Failure;
import io.github.camelreverseproxy.message.ProxyException;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpHeaders;
import org.apache.camel.AsyncCallback;
import org.apache.camel.Exchange;
import org.apache.camel.TypeConversionException;
import org.apache.camel.spi.TypeConverterRegistry;
import org.apache.camel.support.AsyncProcessorSupport;
import org.apache.camel.support.TypeConverterSupport;

/**
 * The step {@code wholeBody}: has a body that is a stream as a byte array from here on, without a thread that waits. There
 * are limits: {@code proxy.max-request-body} (413) and {@code proxy.max-response-body} (502), and the byte budget (503).
 * A body that is whole passes. Thread-safe.
 */
public final class WholeBody extends AsyncProcessorSupport {
    private static final List<Class<?>> OTHERS = List.of(String.class, byte[].class, InputStream.class, Reader.class, ByteBuffer.class, Serializable.class);

    /** Has whoever reads a stream otherwise told that this step is missing. */
    public static void refuseOthers(TypeConverterRegistry converters) {
        for (Class<?> type : OTHERS) {
            converters.addTypeConverter(type, BodyStream.class, new TypeConverterSupport() {
                @Override
                public <T> T convertTo(Class<T> to, Exchange exchange, Object value) {
                    throw new TypeConversionException(value, to, new IllegalStateException(
                            "the body is a stream; to read it put the step wholeBody before"));
                }
            });
        }
    }

    /** The exchange fails with a {@link ProxyException} if there is too much of it, or if it breaks off. */
    @Override
    public boolean process(Exchange exchange, AsyncCallback callback) {
        if (!(exchange.getMessage().getBody() instanceof BodyStream stream)) {
            callback.done(true);
            return true;
        }
        collect(stream, exchange, (body, failed) -> {
            if (failed == null) {
                exchange.getMessage().setBody(body);
            } else {
                exchange.setException(failed);
            }
            callback.done(false);
        });
        return false;
    }

    /**
     * May be called on any thread.
     *
     * @param done is given the bytes or the failure, on the stream's event loop
     */
    public static void collect(BodyStream stream, Exchange exchange, BiConsumer<byte[], Exception> done) {
        if (!stream.eventLoop().inEventLoop()) {
            stream.eventLoop().execute(() -> collect(stream, exchange, done));
            return;
        }
        try {
            if (stream.whole() != null) {
                done.accept(stream.whole(), null);
                return;
            }
            stream.requireFor(exchange);
            if (stream.length() > stream.wholeLimit()) {
                ProxyException large = new ProxyException(stream.tooLarge());
                stream.leave(large);
                done.accept(null, large);
                return;
            }
            stream.to(new Collector(stream, ProxyRequest.of(exchange).client(), done));
        } catch (IllegalStateException e) {
            done.accept(null, e);
        }
    }

    private static final class Collector implements BodyStream.Sink {
        private final BodyStream stream;
        private final BiConsumer<byte[], Exception> done;
        private final WholeBytes bytes;
        private boolean over;

        Collector(BodyStream stream, ClientConnection client, BiConsumer<byte[], Exception> done) {
            this.stream = stream;
            this.done = done;
            this.bytes = new WholeBytes(client, stream.length() < 0 ? stream.wholeLimit() : Math.min(stream.length(), stream.wholeLimit()), 0);
        }

        @Override
        public void piece(ByteBuf piece) {
            int more = piece.readableBytes();
            if (!over && more > stream.wholeLimit() - bytes.size()) {
                stop(new ProxyException(stream.tooLarge()));
            } else if (!over && !bytes.add(piece, more)) {
                stop(new ProxyException(Failure.OVERLOADED, "no room for the body"));
            }
            piece.release();
        }

        private void stop(ProxyException why) {
            over = true;
            stream.cancel(why);
            done.accept(null, why);
        }

        @Override
        public void flush() {
            // nothing goes out
        }

        @Override
        public void end(HttpHeaders trailers) {
            if (!over) {
                over = true;
                stream.keep(bytes.take());
                done.accept(stream.whole(), null);
            }
        }

        @Override
        public void failed(ProxyException why) {
            if (!over) {
                over = true;
                done.accept(null, why);
            }
        }
    }
}
