package io.github.camelreverseproxy.listener;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.channel.MaxMessagesRecvByteBufAllocator;
import io.netty.channel.ServerChannel;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.ChannelMatchers;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.AbstractNioChannel;
import io.netty.util.AttributeKey;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.GlobalEventExecutor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All connections of the listener, and how they end. When the process is to stop, before any route does: no new
 * connection is accepted, each response says {@code Connection: close}, idle connections get a moment in which a request
 * that is on its way may still come, and the requests in flight finish. Thread-safe.
 */
public final class Connections {
    private static final Logger LOG = LoggerFactory.getLogger(Connections.class);
    private static final AttributeKey<Boolean> BUSY = AttributeKey.valueOf(Connections.class, "busy");
    private static final long GRACE_MILLIS = 500;
    private static final long POLL_MILLIS = 20;
    /** An event loop that does not do in this time what it was given is held by a step, and is not waited for. */
    private static final long HELD_MILLIS = 2000;

    private final ChannelGroup channels = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    private final AtomicInteger open = new AtomicInteger();
    private final InFlight inFlight;
    private volatile int max = Integer.MAX_VALUE;
    private volatile long drainTimeout;
    private volatile boolean draining;
    private volatile boolean ending;
    private volatile boolean cut;

    public Connections(InFlight inFlight) {
        this.inFlight = inFlight;
    }

    /**
     * From now on.
     *
     * @param most          connections at once
     * @param drain for the requests in flight to finish, in milliseconds
     */
    public void limit(int most, long drain) {
        max = most;
        drainTimeout = drain;
        accept();
    }

    /** A socket by which connections may come from now on. */
    void listen(Channel socket) {
        channels.add(socket);
        accept();
    }

    /** Past the limit the socket that listens takes no further connection until one ends. */
    void add(Channel connection) {
        channels.add(connection);
        if (open.incrementAndGet() >= max) {
            accept();
        }
        connection.closeFuture().addListener(closed -> {
            if (open.decrementAndGet() == max - 1) {
                accept();
            }
        });
    }

    /** If there is room for one more. */
    private synchronized void accept() {
        boolean more = draining || open.get() < max;
        for (Channel channel : channels) {
            if (channel instanceof ServerChannel) {
                channel.config().setAutoRead(more);
            }
        }
    }

    /** How many there are. */
    public int count() {
        return open.get();
    }

    /** How many there may be at once. */
    public int limit() {
        return max;
    }

    /** Whether each response is the last one of its connection. */
    public boolean isDraining() {
        return draining;
    }

    /** Whether idle connections have no more time. */
    boolean isEnding() {
        return ending;
    }

    /** Whether a request has come on this connection whose response has not gone out yet. */
    static void busy(Channel connection, boolean busy) {
        connection.attr(BUSY).set(busy);
    }

    /** Those that have come so far end, whatever is under way. */
    public void disconnect() {
        channels.close(ChannelMatchers.isNonServerChannel());
    }

    /** What is left ends at once, and is known to have been cut off when this returns. */
    public void cut() {
        cut = true;
        List<Channel> left = List.copyOf(channels);
        channels.close().awaitUninterruptibly(HELD_MILLIS);
        Set<EventLoop> loops = left.stream().map(Channel::eventLoop).collect(Collectors.toSet());
        // A channel tells its handlers that it has ended by a task of its own, which the first one here may overtake.
        for (int round = 0; round < 2; round++) {
            done(loops);
        }
    }

    /** Returns when event loops have done what they were given before. */
    private static void done(Iterable<? extends EventExecutor> loops) {
        List<Future<?>> tasks = new ArrayList<>();
        loops.forEach(loop -> tasks.add(loop.submit(() -> { })));
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(HELD_MILLIS);
        for (Future<?> task : tasks) {
            task.awaitUninterruptibly(Math.max(1, TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime())));
        }
    }

    /** Whether the process ends connections that have not ended by themselves. */
    boolean isCutting() {
        return cut;
    }

    /** Returns when all is over, or the time for it. */
    public void drain() {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(drainTimeout);
        draining = true;
        for (Channel channel : channels) {
            if (channel instanceof ServerChannel) {
                closeWhenAccepted(channel);
            }
        }
        try {
            if (!channels.isEmpty()) {
                Thread.sleep(GRACE_MILLIS);
            }
            ending = true;
            for (Channel connection : channels) {
                connection.eventLoop().execute(() -> closeIfIdle(connection));
            }
            while ((inFlight.count() > 0 || !channels.isEmpty()) && System.nanoTime() - end < 0) {
                Thread.sleep(POLL_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        LOG.info("Drained, {} requests and {} connections left", inFlight.count(), channels.size());
    }

    /** What the kernel has accepted is established to its clients, and would be reset. */
    static void closeWhenAccepted(Channel socket) {
        ((MaxMessagesRecvByteBufAllocator) socket.config().getRecvByteBufAllocator()).maxMessagesPerRead(Integer.MAX_VALUE);
        socket.eventLoop().submit(() -> {
            if (socket.isOpen()) {
                socket.config().setAutoRead(true);
                ((AbstractNioChannel.NioUnsafe) socket.unsafe()).read();
                socket.close();
            }
        }).awaitUninterruptibly(HELD_MILLIS);
        // Each connection that has been taken is registered by a task on its own event loop.
        done(socket.eventLoop().parent());
    }

    /** On the connection's event loop, so that no request comes in between. */
    private static void closeIfIdle(Channel connection) {
        if (!Boolean.TRUE.equals(connection.attr(BUSY).get())) {
            connection.close();
        }
    }
}
