package io.github.camelreverseproxy.forwarding;

import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

import io.netty.util.concurrent.EventExecutor;

/**
 * A point in time that activity moves, and what is to happen when it passes. There is one task at most, and it is
 * scheduled anew only when the deadline comes nearer: moving it away, or dropping it, costs next to nothing. Confined to
 * its event loop.
 */
public final class Deadline {
    private final EventExecutor loop;
    private final Runnable passed;
    private boolean set;
    private long deadline;
    private long alarm;
    private ScheduledFuture<?> task;

    /** @param passed is run on the loop when the deadline has passed, once for each time that it was set */
    public Deadline(EventExecutor loop, Runnable passed) {
        this.loop = loop;
        this.passed = passed;
    }

    /** @param millis from now; takes the place of a deadline that was set before */
    public void in(long millis) {
        in(millis, System.nanoTime());
    }

    /** @param now as the time is */
    public void in(long millis, long now) {
        set = true;
        deadline = now + TimeUnit.MILLISECONDS.toNanos(millis);
        if (task == null || deadline - alarm < 0) {
            end();
            schedule(deadline);
        }
    }

    /** There is no deadline until it is set anew. */
    public void drop() {
        set = false;
    }

    /** It will not be set again. */
    public void end() {
        if (task != null) {
            task.cancel(false);
            task = null;
        }
    }

    private void schedule(long at) {
        alarm = at;
        task = loop.schedule(this::ring, at - System.nanoTime(), TimeUnit.NANOSECONDS);
    }

    private void ring() {
        task = null;
        if (!set) {
            return;
        }
        if (deadline - System.nanoTime() > 0) {
            schedule(deadline);
        } else {
            set = false;
            passed.run();
        }
    }
}
