package io.github.camelreverseproxy.listener;

import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.util.concurrent.DefaultThreadFactory;

/** The threads of the connections, to clients and to upstreams: one for each core, since none of them ever waits. */
public final class EventLoops {
    private EventLoops() {
    }

    public static NioEventLoopGroup create() {
        return new NioEventLoopGroup(Runtime.getRuntime().availableProcessors(), new DefaultThreadFactory("event-loop", true));
    }
}
