package io.github.camelreverseproxy.upstream;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

import io.github.resilience4j.circuitbreaker.CircuitBreaker.State;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The state of an upstream's breaker and the calls in flight, which outlive the breaker when its route is loaded anew.
 * Each change of state begins an epoch; what a call brings back counts only in the epoch in which it was let through.
 * Thread-safe.
 */
final class BreakerState {
    private static final Logger LOG = LoggerFactory.getLogger(BreakerState.class);

    /** Why a call was let through. */
    private enum Kind { CALL, PROBE, LAST_RESORT }

    /**
     * @param steps    how long to stay open, in milliseconds
     * @param failures answers in a row that open the breaker
     */
    record Rules(long[] steps, int failures) {
    }

    /** A call that was let through. */
    static final class Permit {
        private final Kind kind;
        private final int epoch;

        private Permit(Kind kind, int epoch) {
            this.kind = kind;
            this.epoch = epoch;
        }
    }

    private final String name;
    private final AtomicInteger inFlight = new AtomicInteger();
    private volatile Consumer<State> observer = state -> { };
    private volatile State state = State.CLOSED;
    private volatile int epoch;
    private volatile int inARow;
    private volatile boolean answers;
    private volatile long probeAt;
    private int step;

    BreakerState(String name) {
        this.name = name;
    }

    /** @param next is told each change of state */
    void observe(Consumer<State> next) {
        observer = next;
    }

    State get() {
        return state;
    }

    long millisToProbe() {
        return state == State.CLOSED ? 0 : Math.max(0, TimeUnit.NANOSECONDS.toMillis(probeAt - System.nanoTime()));
    }

    /**
     * A call, or the probe if it is open and time for one.
     *
     * @param concurrency calls at once; 0 for no limit
     * @param mayProbe    whether this call may be the probe
     * @return null if it may not go through
     */
    Permit admit(int concurrency, boolean mayProbe) {
        // The epoch first: a call that comes in while the state changes then belongs to the epoch before.
        int seen = epoch;
        boolean closed = state == State.CLOSED;
        if (!closed && !mayProbe || !enter(concurrency)) {
            return null;
        }
        return entered(closed ? new Permit(Kind.CALL, seen) : probe());
    }

    /** The probe alone, or null. */
    Permit admitProbe(int concurrency) {
        return state != State.CLOSED && enter(concurrency) ? entered(probe()) : null;
    }

    /** A call though it is open, if the upstream at least answers; or null. */
    Permit admitLastResort(int concurrency) {
        int seen = epoch;
        Kind kind = state == State.CLOSED ? Kind.CALL : Kind.LAST_RESORT;
        return answers && enter(concurrency) ? new Permit(kind, seen) : null;
    }

    private boolean enter(int concurrency) {
        int others;
        do {
            others = inFlight.get();
            if (concurrency > 0 && others >= concurrency) {
                return false;
            }
        } while (!inFlight.compareAndSet(others, others + 1));
        return true;
    }

    private Permit entered(Permit permit) {
        if (permit == null) {
            inFlight.decrementAndGet();
        }
        return permit;
    }

    /** The call did not take place, or says nothing of the upstream; a probe may be made anew. */
    void abandoned(Permit permit) {
        inFlight.decrementAndGet();
        if (permit.kind == Kind.PROBE) {
            synchronized (this) {
                if (permit.epoch == epoch) {
                    become(State.OPEN);
                }
            }
        }
    }

    void succeeded(Permit permit) {
        inFlight.decrementAndGet();
        boolean news = permit.kind == Kind.PROBE || permit.kind == Kind.CALL && inARow > 0;
        if (!news) {
            return;
        }
        synchronized (this) {
            if (permit.epoch != epoch) {
                return;
            }
            inARow = 0;
            if (permit.kind == Kind.PROBE) {
                close();
            }
        }
    }

    /** @param answered whether the client has an answer all the same */
    void failed(Permit permit, boolean answered, String cause, Rules rules) {
        inFlight.decrementAndGet();
        synchronized (this) {
            if (permit.epoch != epoch) {
                return;
            }
            if (permit.kind == Kind.LAST_RESORT) {
                answers &= answered;
                return;
            }
            inARow++;
            if (permit.kind == Kind.PROBE || !answered || inARow >= rules.failures) {
                open(answered, cause, rules);
            }
        }
    }

    synchronized void open(boolean answered, String cause, Rules rules) {
        long wait = rules.steps[Math.min(step, rules.steps.length - 1)];
        step++;
        inARow = 0;
        answers = answered;
        probeAt = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(wait);
        become(State.OPEN);
        LOG.warn("{} open for {} ms, step {}: {}", name, wait, step, cause);
    }

    synchronized void close() {
        step = 0;
        inARow = 0;
        answers = false;
        become(State.CLOSED);
        LOG.info("{} closed", name);
    }

    /** The next call is a probe. */
    synchronized void probeNow() {
        probeAt = System.nanoTime();
        become(State.OPEN);
    }

    private synchronized Permit probe() {
        if (state != State.OPEN || System.nanoTime() - probeAt < 0) {
            return null;
        }
        become(State.HALF_OPEN);
        return new Permit(Kind.PROBE, epoch);
    }

    private void become(State next) {
        state = next;
        epoch++;
        try {
            observer.accept(next);
        } catch (RuntimeException e) {
            LOG.warn("{} cannot tell that it is {}", name, next, e);
        }
    }
}
