package io.github.camelreverseproxy.upstream;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.camelreverseproxy.upstream.UpstreamBreaker.Rules;
import io.github.camelreverseproxy.upstream.UpstreamState.Failures;
import io.github.camelreverseproxy.upstream.UpstreamState.State;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The state of an upstream's breaker and the calls in flight, which outlive the breaker when its route is loaded anew.
 * Each change of state begins an epoch; what a call brings back counts only in the epoch in which it was let through.
 * Thread-safe.
 */
final class BreakerState {
    private static final Logger LOG = LoggerFactory.getLogger(BreakerState.class);

    /** A probe that takes longer keeps no other out. */
    private static final long PROBE_NANOS = TimeUnit.SECONDS.toNanos(1);
    /** So many calls have to wait for a stall to be seen before the silence is long. */
    private static final int STALLED_CALLS = 16;
    /** A stall is a silence so many times as long as the upstream usually takes. */
    private static final int STALLED_TIMES = 4;

    private final String name;
    private final AtomicInteger inFlight = new AtomicInteger();
    private final AtomicInteger elsewhere = new AtomicInteger();
    private volatile State state = State.CLOSED;
    private volatile int epoch;
    private volatile int inARow;
    /** Whether the upstream can be connected to, and does something, as far as is known since it was opened. */
    private volatile boolean answers;
    private volatile long probeAt;
    private volatile long openSince;
    private volatile long openings;
    private volatile Failures failures = Failures.NONE;
    private int step;
    /** Since when something is waited for: the last sign of life, or the call that found nothing to wait for. */
    private volatile long silentSince = System.nanoTime();
    /** A moving average, in nanoseconds; written without care, since it need not be exact. */
    private long usual;

    BreakerState(String name) {
        this.name = name;
    }

    State get() {
        return state;
    }

    /** When it was opened out of the closed state, in milliseconds since 1970; 0 if it is closed. */
    long openSince() {
        return openSince;
    }

    /** How often it was opened out of the closed state. */
    long openings() {
        return openings;
    }

    /** Calls that have failed. */
    Failures failures() {
        return failures;
    }

    /** Calls in flight. */
    int inFlight() {
        return inFlight.get();
    }

    /** Whether any call can go through: a probe, if it is time for one, or the last resort. */
    boolean isCallable() {
        return state != State.OPEN || answers || millisToProbe() == 0;
    }

    /** Calls that wait for the upstream: all of which has been sent, and whose response has not begun. */
    int waiting() {
        return inFlight.get() - elsewhere.get();
    }

    /** How long until it may be probed; 0 if it is closed. */
    long millisToProbe() {
        return state == State.CLOSED ? 0 : Math.max(0, TimeUnit.NANOSECONDS.toMillis(probeAt - System.nanoTime()));
    }

    /** Whether calls wait there, and none has ended for so long. */
    boolean isSilent(long now, long nanos) {
        return waiting() > 0 && now - silentSince > nanos;
    }

    /** Whether many calls wait there, and none has ended for much longer than usual. */
    boolean isStalled(long now) {
        return waiting() >= STALLED_CALLS && usual > 0 && now - silentSince > STALLED_TIMES * usual;
    }

    /**
     * A call, or a probe if it is open and time for one.
     *
     * @param concurrency calls at once; 0 for no limit
     * @param mayProbe    whether this call may be a probe
     * @return null if it may not go through
     */
    Permit admit(int concurrency, boolean mayProbe, long now) {
        // The epoch first: a call that comes in while the state changes then belongs to the epoch before.
        int seen = epoch;
        boolean closed = state == State.CLOSED;
        if (!closed && !mayProbe || !enter(concurrency)) {
            return null;
        }
        return entered(closed ? new Permit(Permit.Kind.CALL, seen, now) : probe(now), now);
    }

    /** A probe alone, or null. */
    Permit admitProbe(int concurrency) {
        long now = System.nanoTime();
        return state != State.CLOSED && enter(concurrency) ? entered(probe(now), now) : null;
    }

    /** A call though it is open, if the upstream at least answers; or null. */
    Permit admitLastResort(int concurrency, long now) {
        int seen = epoch;
        Permit.Kind kind = state == State.CLOSED ? Permit.Kind.CALL : Permit.Kind.LAST_RESORT;
        return answers && enter(concurrency) ? entered(new Permit(kind, seen, now), now) : null;
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

    private Permit entered(Permit permit, long now) {
        if (permit == null) {
            inFlight.decrementAndGet();
        } else if (waiting() == 1) {
            silentSince = now;
        }
        return permit;
    }

    /** Nothing of the call is under way any more; what it has brought back was said before. */
    void left(Permit permit) {
        waits(permit, true);
        inFlight.decrementAndGet();
    }

    /** @param now whether the upstream is waited for */
    void waits(Permit permit, boolean now) {
        if (permit.waits() != now) {
            permit.setWaits(now);
            elsewhere.addAndGet(now ? -1 : 1);
        }
    }

    /** From now on the upstream is waited for; until now it was the client. */
    void uploaded(Permit permit, long now) {
        if (!permit.waits()) {
            permit.sent(now);
            waits(permit, true);
            if (waiting() == 1) {
                silentSince = now;
            }
        }
    }

    /**
     * The head of a response has come whose body goes on for as long as it likes.
     *
     * @param good whether it is an answer as it should be; how the body ends is still to be seen
     */
    void streams(Permit permit, boolean good, long now) {
        signOfLife(permit, now);
        permit.stream();
        waits(permit, false);
        if (good && permit.kind() == Permit.Kind.PROBE) {
            synchronized (this) {
                if (permit.epoch() == epoch) {
                    close();
                    permit.goOn(epoch);
                }
            }
        }
    }

    /** The call did not take place, or says nothing of the upstream; another probe may be made. */
    void abandoned(Permit permit) {
        if (permit.kind() == Permit.Kind.PROBE) {
            synchronized (this) {
                if (permit.epoch() == epoch) {
                    probeAt = System.nanoTime();
                }
            }
        }
    }

    void succeeded(Permit permit, long now) {
        if (!permit.isStream()) {
            signOfLife(permit, now);
        }
        boolean news = permit.kind() == Permit.Kind.PROBE || inARow > 0;
        if (!news) {
            return;
        }
        synchronized (this) {
            if (permit.epoch() != epoch) {
                return;
            }
            inARow = 0;
            if (permit.kind() == Permit.Kind.PROBE) {
                close();
            }
        }
    }

    void answering(Permit permit) {
        silentSince = System.nanoTime();
        permit.answering(silentSince);
    }

    private void signOfLife(Permit permit, long now) {
        if (permit.waits()) {
            usual += (permit.nanos(now) - usual) / 8;
        }
        silentSince = now;
    }

    /**
     * @param counts whether it is held against the upstream: of one exchange that fails at several, only the first is, since
     *               it may be the exchange that makes them fail. That there is no connection always counts.
     */
    void failed(Permit permit, Fault fault, boolean counts, String cause, Rules rules) {
        if (!permit.isStream() && (fault == Fault.BROKEN || fault == Fault.BAD_ANSWER)) {
            signOfLife(permit, System.nanoTime());
        }
        synchronized (this) {
            failures = failures.and(cause);
            if (permit.epoch() != epoch || !counts && fault != Fault.UNREACHABLE) {
                return;
            }
            inARow++;
            boolean enough = fault == Fault.UNREACHABLE || inARow >= rules.failures();
            if (permit.kind() == Permit.Kind.LAST_RESORT) {
                answers &= !(enough && isNoAnswer(fault));
            } else if (permit.kind() == Permit.Kind.PROBE || enough) {
                open(!isNoAnswer(fault), cause, rules);
            }
        }
    }

    private static boolean isNoAnswer(Fault fault) {
        return fault == Fault.UNREACHABLE || fault == Fault.TIMED_OUT;
    }

    private void open(boolean answered, String cause, Rules rules) {
        long wait = rules.steps()[Math.min(step, rules.steps().length - 1)];
        step++;
        if (openSince == 0) {
            openSince = System.currentTimeMillis();
            openings++;
        }
        inARow = 0;
        answers = answered;
        probeAt = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(wait);
        become(State.OPEN);
        LOG.warn("{} open for {} ms, step {}: {}", name, wait, step, cause);
    }

    private void close() {
        step = 0;
        inARow = 0;
        answers = false;
        openSince = 0;
        become(State.CLOSED);
        LOG.info("{} closed", name);
    }

    private synchronized Permit probe(long now) {
        if (state == State.CLOSED || now - probeAt < 0) {
            return null;
        }
        if (state == State.OPEN) {
            become(State.HALF_OPEN);
        }
        probeAt = now + PROBE_NANOS;
        return new Permit(Permit.Kind.PROBE, epoch, now);
    }

    private void become(State next) {
        state = next;
        epoch++;
    }
}
