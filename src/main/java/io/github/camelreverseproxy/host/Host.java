package io.github.camelreverseproxy.host;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

import io.github.camelreverseproxy.client.Workers;
import io.github.camelreverseproxy.forwarding.ByteBudget;
import io.github.camelreverseproxy.forwarding.Journal;
import io.github.camelreverseproxy.listener.Connections;
import io.github.camelreverseproxy.listener.InFlight;
import io.github.camelreverseproxy.listener.Listeners;
import io.github.camelreverseproxy.observe.ManagementPort;
import io.github.camelreverseproxy.observe.Observatory;
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
    final Journal journal = new Journal();
    final InFlight inFlight = new InFlight();
    final ByteBudget budget = new ByteBudget();
    final Connections connections = new Connections(inFlight);
    final Listeners listeners = new Listeners(eventLoops, connections);
    /** For copies of exchanges (wireTap): more than these can take are dropped, since their originals must not wait. */
    final ExecutorService copies = copies();
    final Observatory observatory = new Observatory(journal, inFlight, budget, connections, eventLoops);
    private ManagementPort management;
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

    /** Begins to measure with the first one that asks for it. */
    synchronized ManagementPort management() {
        if (management == null) {
            observatory.measure();
            management = new ManagementPort(observatory, listeners);
        }
        return management;
    }

    /** Whether anyone has asked for it. */
    synchronized boolean isObserved() {
        return management != null;
    }

    synchronized void close() {
        if (management != null) {
            management.close();
        }
        observatory.close();
        eventLoops.shutdownGracefully();
        copies.shutdown();
        if (workers != null) {
            workers.shutdown();
        }
    }
}
