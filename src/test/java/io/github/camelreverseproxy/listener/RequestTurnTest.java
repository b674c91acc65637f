package io.github.camelreverseproxy.listener;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.channel.SingleThreadEventLoop;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioSocketChannel;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Many requests that come to an event loop in the same breath. */
class RequestTurnTest {
    private static final int REQUESTS = 5 * RequestTurn.AT_A_TIME / 2;

    private final NioEventLoopGroup group = new NioEventLoopGroup(1);
    private final EventLoop loop = group.next();
    private final List<Channel> channels = new ArrayList<>();
    private final List<ByteBuf> requests = new ArrayList<>();
    private final List<Integer> gone = new ArrayList<>();
    /** How many had gone on by the time that the loop came to do anything else. */
    private final List<Integer> turns = new ArrayList<>();

    private void come() {
        for (int i = 0; i < REQUESTS; i++) {
            comeOne();
        }
    }

    private void comeOne() {
        int number = channels.size();
        Channel channel = new NioSocketChannel();
        channel.pipeline().addLast(new RequestTurn(), new ChannelInboundHandlerAdapter() {
            @Override
            public void channelRead(ChannelHandlerContext ctx, Object message) {
                gone.add(number);
                loop.execute(() -> turns.add(gone.size()));
                ((ByteBuf) message).release();
            }
        });
        ByteBuf request = Unpooled.buffer();
        channels.add(channel);
        requests.add(request);
        loop.register(channel);
        channel.pipeline().fireChannelRead(request);
    }

    private List<Integer> goneInTheEnd(int count) throws Exception {
        List<Integer> seen = List.of();
        for (int i = 0; i < 100_000 && seen.size() < count; i++) {
            seen = loop.submit(() -> List.copyOf(gone)).get();
        }
        return seen;
    }

    private static List<Integer> numbers(int end) {
        return IntStream.range(0, end).boxed().toList();
    }

    @AfterEach
    void end() {
        group.shutdownGracefully();
    }

    @Test
    void fewAtATime() throws Exception {
        loop.submit(this::come).get();
        assertEquals(numbers(REQUESTS), goneInTheEnd(REQUESTS));
        assertEquals(List.of(RequestTurn.AT_A_TIME, 2 * RequestTurn.AT_A_TIME, REQUESTS), loop.submit(() -> turns.stream().distinct().toList()).get());
    }

    @Test
    void whoComesLaterWaitsLonger() throws Exception {
        loop.submit(() -> {
            come();
            ((SingleThreadEventLoop) loop).executeAfterEventLoopIteration(this::comeOne);
        }).get();
        assertEquals(numbers(REQUESTS + 1), goneInTheEnd(REQUESTS + 1));
    }

    @Test
    void clientThatGoesTakesNoTurn() throws Exception {
        int last = REQUESTS - 1;
        int[] held = {1};
        loop.submit(() -> {
            come();
            channels.get(last).close();
            loop.execute(() -> held[0] = requests.get(last).refCnt());
        }).get();
        assertEquals(numbers(last), goneInTheEnd(last));
        assertEquals(0, held[0], "released at once");
        loop.submit(this::comeOne).get();
        assertEquals(REQUESTS, goneInTheEnd(REQUESTS).size());
    }
}
