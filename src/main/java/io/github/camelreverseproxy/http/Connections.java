package io.github.camelreverseproxy.http;

import java.util.concurrent.TimeUnit;

import io.netty.channel.Channel;
import io.netty.channel.ServerChannel;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.util.AttributeKey;
import io.netty.util.concurrent.GlobalEventExecutor;
import org.apache.camel.CamelContext;
import org.apache.camel.CamelContextAware;
import org.apache.camel.support.LifecycleStrategySupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All connections of the listener, and how they end with it. When the Camel context stops, before any route does: no new
 * connection is accepted, each response says {@code Connection: close}, idle connections get a moment in which a request
 * that is on its way may still come, and the requests in flight finish. Thread-safe.
 */
public final class Connections extends LifecycleStrategySupport implements CamelContextAware {
    private static final Logger LOG = LoggerFactory.getLogger(Connections.class);
    private static final AttributeKey<Boolean> BUSY = AttributeKey.valueOf(Connections.class, "busy");
    private static final long GRACE_MILLIS = 500;
    private static final long POLL_MILLIS = 20;

    private final ChannelGroup channels = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    private CamelContext camelContext;
    private InFlight inFlight = new InFlight();
    private long drainTimeout = 30000;
    private volatile boolean draining;

    public void setInFlight(InFlight inFlight) {
        this.inFlight = inFlight;
    }

    /** @param millis for the requests in flight to finish */
    public void setDrainTimeout(long millis) {
        drainTimeout = millis;
    }

    @Override
    public CamelContext getCamelContext() {
        return camelContext;
    }

    @Override
    public void setCamelContext(CamelContext camelContext) {
        this.camelContext = camelContext;
    }

    /** Has the context tell when it stops. */
    public void register() {
        camelContext.addLifecycleStrategy(this);
    }

    /** The group that netty-http puts the connections, and the socket that listens, into. */
    ChannelGroup channels() {
        return channels;
    }

    boolean isDraining() {
        return draining;
    }

    /** Whether a request has come on this connection that is not answered yet. */
    static void busy(Channel channel, boolean busy) {
        channel.attr(BUSY).set(busy);
    }

    @Override
    public void onContextStopping(CamelContext context) {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(drainTimeout);
        draining = true;
        channels.close(ServerChannel.class::isInstance).awaitUninterruptibly();
        try {
            if (!channels.isEmpty()) {
                Thread.sleep(GRACE_MILLIS);
            }
            channels.close(channel -> !Boolean.TRUE.equals(channel.attr(BUSY).get()));
            while ((inFlight.count() > 0 || !channels.isEmpty()) && System.nanoTime() - end < 0) {
                Thread.sleep(POLL_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        LOG.info("Drained, {} requests left", inFlight.count());
    }
}
