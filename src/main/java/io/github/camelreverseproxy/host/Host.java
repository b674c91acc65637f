package io.github.camelreverseproxy.host;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

import io.github.camelreverseproxy.client.Workers;
import io.github.camelreverseproxy.forwarding.ByteBudget;
import io.github.camelreverseproxy.listener.Connections;
import io.github.camelreverseproxy.listener.InFlight;
import io.github.camelreverseproxy.listener.Listeners;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.util.concurrent.DefaultThreadFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What lives as long as the process, whatever its routes: the threads, the sockets that listen, the connections of clients,
 * and the counts that limits are held against. Thread-safe.
 */
final class Host {
    private static final Logger LOG = LoggerFactory.getLogger(Host.class);

    private static final int COPYING = 16;
    private static final int WAITING_COPIES = 32;

    /** One for each core, since none of them ever waits. */
    final EventLoopGroup eventLoops = new NioEventLoopGroup(Runtime.getRuntime().availableProcessors(), new DefaultThreadFactory("event-loop", true));
    final InFlight inFlight = new InFlight();
    final ByteBudget budget = new ByteBudget();
    final Connections connections = new Connections(inFlight);
    final Listeners listeners = new Listeners(eventLoops, connections);
    /** For copies of exchanges (wireTap): more than these can take are dropped, since their originals must not wait. */
    final ExecutorService copies = copies();
    private ExecutorService workers;
    private int most;

    private static ExecutorService copies() {
        ThreadPoolExecutor threads = new ThreadPoolExecutor(COPYING, COPYING, 30, TimeUnit.SECONDS, new ArrayBlockingQueue<>(WAITING_COPIES),
                new DefaultThreadFactory("copies", true), new ThreadPoolExecutor.DiscardPolicy());
        threads.allowCoreThreadTimeOut(true);
        return threads;
    }

    /** @param max threads, where there are no virtual ones */
    synchronized ExecutorService workers(int max) {
        if (workers == null) {
            workers = Workers.create(max);
            most = max;
        } else if (max != most) {
            LOG.warn("proxy.max-threads stays {} until the process is started again", most);
        }
        return workers;
    }

    synchronized void close() {
        eventLoops.shutdownGracefully();
        copies.shutdown();
        if (workers != null) {
            workers.shutdown();
        }
    }
}
