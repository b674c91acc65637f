package io.github.camelreverseproxy.forwarding;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpResponse;

/**
 * A client's connection, as those see it who work for its requests: the event loop, the bytes of bodies that are held for
 * it, and the connections to upstreams that belong to it alone. Confined to its event loop, but for what says otherwise.
 */
public final class ClientConnection {
    /** A connection to an upstream on which this client has logged in. */
    public interface Login {
        /** Ends it. */
        void close();
    }

    private final Channel channel;
    private Map<Object, Login> logins = Map.of();
    private final ByteBudget budget;
    private final AtomicLong held = new AtomicLong();
    private final Set<Object> pauses = new HashSet<>(2);
    private volatile boolean ended;
    private volatile String upstream;
    private RequestRecord record;

    public ClientConnection(Channel channel, ByteBudget budget) {
        this.channel = channel;
        this.budget = budget;
    }

    /**
     * Bytes of a body are about to be held for the request of this connection. May be called on any thread.
     *
     * @return false if there is no room for them, or if the client has gone
     */
    public boolean hold(long bytes) {
        if (ended || !budget.take(bytes)) {
            return false;
        }
        held.addAndGet(bytes);
        if (ended) {
            release();
            return false;
        }
        return true;
    }

    /** Nothing is held any more: the response has gone out, or the client has gone. */
    public void release() {
        long bytes = held.getAndSet(0);
        if (bytes > 0) {
            budget.give(bytes);
        }
    }

    /** What is charged for the bytes of bodies. */
    public ByteBudget budget() {
        return budget;
    }

    /**
     * Whether the connection is read; it is if nobody has a reason against it.
     *
     * @param who has one, or no longer
     */
    public void pause(Object who, boolean paused) {
        if (paused ? pauses.add(who) : pauses.remove(who)) {
            channel.config().setAutoRead(pauses.isEmpty());
        }
    }

    /** Tells the client something before the response, if it still waits for one (RFC 8297). */
    public void inform(HttpResponse interim) {
        channel.writeAndFlush(interim);
    }

    /** @param of the request that is in hand from now on, or null */
    public void record(RequestRecord of) {
        record = of;
    }

    /** That of the request in hand, or null. */
    public RequestRecord record() {
        return record;
    }

    public EventLoop eventLoop() {
        return channel.eventLoop();
    }

    /** Keeps a connection to an upstream for this client alone, until either ends. */
    public void keep(Object pool, String name, Login login) {
        if (!channel.isActive()) {
            login.close();
            return;
        }
        logins = logins.isEmpty() ? new HashMap<>() : logins;
        Login before = logins.put(pool, login);
        if (before != null && before != login) {
            before.close();
        }
        upstream = name;
    }

    /** The connection that was kept for this client, or null. */
    public Login login(Object pool) {
        return logins.get(pool);
    }

    /** A connection that was kept has ended. */
    public void forget(Object pool, Login login) {
        if (!logins.isEmpty() && logins.remove(pool, login) && logins.isEmpty()) {
            upstream = null;
        }
    }

    /** The upstream at which the client has logged in last, or null. May be asked on any thread. */
    public String upstream() {
        return upstream;
    }

    /** The client has gone. */
    public void end() {
        ended = true;
        release();
        Map<Object, Login> kept = logins;
        logins = Map.of();
        upstream = null;
        kept.values().forEach(Login::close);
    }
}
