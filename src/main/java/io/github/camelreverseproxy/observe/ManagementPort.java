package io.github.camelreverseproxy.observe;

import java.util.concurrent.atomic.AtomicLong;

import io.github.camelreverseproxy.forwarding.ByteBudget;
import io.github.camelreverseproxy.forwarding.Journal;
import io.github.camelreverseproxy.listener.Connections;
import io.github.camelreverseproxy.listener.HttpPipeline;
import io.github.camelreverseproxy.listener.InFlight;
import io.github.camelreverseproxy.listener.Limits;
import io.github.camelreverseproxy.listener.Listeners;
import io.github.camelreverseproxy.message.HeaderStyle;
import io.github.camelreverseproxy.message.ViaEntry;
import io.github.camelreverseproxy.response.ErrorAnswer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.util.concurrent.DefaultThreadFactory;

/**
 * Where the process can be seen from outside: a listener like that of clients, as strict and with time limits, but with a
 * thread, limits and counts of its own, so that it answers when the others are full. Thread-safe.
 */
public final class ManagementPort implements AutoCloseable {
    private static final int KIBIBYTE = 1024;
    private static final int CONNECTIONS = 256;
    private static final long DRAIN_MILLIS = 1;
    /** A connection that waits has a place that a probe may need. */
    private static final int IDLE_MILLIS = 2000;
    private static final int HEAD_MILLIS = 1000;
    private static final Limits LIMITS = new Limits(2 * KIBIBYTE, 16 * KIBIBYTE, 16 * KIBIBYTE, 16 * KIBIBYTE, HEAD_MILLIS, HEAD_MILLIS, IDLE_MILLIS, 30_000, 1000, 30_000, 240);

    private final EventLoopGroup loop = new NioEventLoopGroup(1, new DefaultThreadFactory("observe", true));
    private final ByteBudget budget = new ByteBudget();
    private final InFlight inFlight = new InFlight();
    private final Connections connections = new Connections(inFlight);
    private final Listeners listeners = new Listeners(loop, connections);
    private final HttpPipeline pipeline;
    private final Pages pages;

    /** @param clients their listeners */
    public ManagementPort(Observatory all, Listeners clients) {
        AtomicLong ids = new AtomicLong();
        ErrorAnswer errors = new ErrorAnswer(() -> "observe-" + ids.incrementAndGet(), new ViaEntry(HeaderStyle.SEED, ""));
        budget.limit((long) CONNECTIONS * 16 * KIBIBYTE);
        connections.limit(CONNECTIONS, DRAIN_MILLIS);
        pipeline = new HttpPipeline(LIMITS, inFlight, budget, connections, errors, new Journal());
        pages = new Pages(all, clients, loop.next());
    }

    /** The addresses of one generation. */
    public Listeners.Attached attached() {
        return listeners.attached();
    }

    /** Those who came by an address that is no more have to come by the one that is. */
    public void disconnect() {
        connections.disconnect();
    }

    /** @throws java.net.BindException if the address cannot be had */
    public void listen(Listeners.Attached by, String host, int port) throws Exception {
        by.add(host, port, pipeline, pages);
    }

    @Override
    public void close() {
        connections.cut();
        pages.close();
        loop.shutdownGracefully();
    }
}
