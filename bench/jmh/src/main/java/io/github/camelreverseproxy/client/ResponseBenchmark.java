package io.github.camelreverseproxy.client;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseDecoder;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** A response of httpbin off the wire: by the project's parser, by Netty's, and what the channel around Netty's takes alone. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class ResponseBenchmark {
    private final ByteBuf response = Unpooled.unreleasableBuffer(Unpooled.directBuffer().writeBytes(("HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\n"
            + "Date: Thu, 26 Nov 2026 12:00:00 GMT\r\nContent-Type: application/json\r\nContent-Length: 550\r\nConnection: keep-alive\r\n"
            + "Access-Control-Allow-Origin: *\r\nAccess-Control-Allow-Credentials: true\r\n\r\n" + "x".repeat(550)).getBytes(StandardCharsets.ISO_8859_1)));
    private final ResponseParser parser = new ResponseParser();
    private final EmbeddedChannel decoder = new EmbeddedChannel(new HttpResponseDecoder(), new HttpObjectAggregator(65536));
    private final EmbeddedChannel empty = new EmbeddedChannel(new ChannelInboundHandlerAdapter());
    private final ResponseParser.Listener nobody = new ResponseParser.Listener() {
        @Override
        public void interim(UpstreamResponse interim) {
            throw new IllegalStateException();
        }

        @Override
        public void begins(UpstreamResponse head, long length) {
            throw new IllegalStateException();
        }

        @Override
        public void piece(ByteBuf bytes) {
            throw new IllegalStateException();
        }
    };

    @Benchmark
    public Object parser() throws Exception {
        parser.expect(nobody, null, false, false);
        parser.feed(response.duplicate());
        return parser.take().body();
    }

    @Benchmark
    public Object netty() {
        decoder.writeInbound(response.duplicate());
        FullHttpResponse whole = decoder.readInbound();
        byte[] body = new byte[whole.content().readableBytes()];
        whole.content().readBytes(body);
        whole.release();
        return body;
    }

    @Benchmark
    public Object channelAlone() {
        empty.writeInbound(response.duplicate());
        return empty.readInbound();
    }
}
