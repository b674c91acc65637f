package io.github.camelreverseproxy.forwarding;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOutboundBuffer;

/**
 * Where a body leaves: looks after each write how much the other side has not taken yet, charges that to the budget, and
 * has the body read no further while it is much. Confined to the channel's event loop.
 */
public final class Outlet {
    private final Channel channel;
    private final ByteBudget budget;
    private final BodyStream body;
    private long charged;
    private boolean ended;

    /** @param budget null if nothing is charged */
    public Outlet(Channel channel, BodyStream body, ByteBudget budget) {
        this.channel = channel;
        this.body = body;
        this.budget = budget;
    }

    /**
     * Something was written.
     *
     * @param last its future
     * @return false if there is no room for what is left of it
     */
    public boolean written(ChannelFuture last) {
        if (!last.isDone()) {
            // Netty tells that something was taken before it counts it as taken.
            last.addListener(done -> channel.eventLoop().execute(this::look));
        }
        return look();
    }

    /** The other side has taken something, or is known to take nothing more. */
    public boolean look() {
        if (ended) {
            return true;
        }
        ChannelOutboundBuffer buffer = channel.unsafe().outboundBuffer();
        long pending = buffer == null ? 0 : buffer.totalPendingWriteBytes();
        boolean room = charge(pending);
        body.full(!channel.isWritable() || pending > 0 && budget != null && budget.isScarce());
        return room;
    }

    private boolean charge(long pending) {
        long more = pending - charged;
        if (budget == null || more == 0) {
            return true;
        }
        if (more > 0 && !budget.take(more)) {
            return false;
        }
        if (more < 0) {
            budget.give(-more);
        }
        charged = pending;
        return true;
    }

    /** The body has left, or never will. */
    public void end() {
        ended = true;
        charge(0);
    }
}
