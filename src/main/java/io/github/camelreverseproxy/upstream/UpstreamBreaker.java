package io.github.camelreverseproxy.upstream;

import java.util.Arrays;
import java.util.concurrent.TimeUnit;

import io.github.camelreverseproxy.Failure;
import io.github.resilience4j.circuitbreaker.CallNotPermittedException;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import org.apache.camel.Exchange;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The circuit breaker of an upstream, for Camel's circuitBreaker EIP: Resilience4j's events and metrics with rules of
 * its own. One failure without an answer opens it, or some answers in a row that are failures; it stays open for the
 * first of the back-off steps; then exactly one call is let through as a probe: success closes it, any failure opens
 * it for the next step; the last step repeats.
 *
 * <p>Only calls let through since the last change of state count: what others bring back says nothing of the upstream
 * as it is now. A call reports on the thread on which it was let through. Thread-safe once configured.
 */
public final class UpstreamBreaker extends ObservedBreaker {
    private static final Logger LOG = LoggerFactory.getLogger(UpstreamBreaker.class);
    private static final ThreadLocal<Permit> LET_THROUGH = new ThreadLocal<>();

    private record Permit(boolean probe, int epoch) {
    }

    private long[] steps = {100, 500, 1000, 10000};
    private int failures = 3;
    private long timeout = 10000;
    private StatusRanges status = StatusRanges.of("429,500-599");

    private volatile State state = State.CLOSED;
    private volatile int epoch;
    private volatile int inARow;
    private int step;
    private long probeAt;

    /** @param steps how long it stays open, in milliseconds, comma-separated */
    public void setSteps(String steps) {
        this.steps = Arrays.stream(steps.split(",")).map(String::strip).mapToLong(Long::parseLong).toArray();
    }

    /** @param failures answers in a row that open it */
    public void setFailures(int failures) {
        this.failures = failures;
    }

    /** @param ranges statuses that are failures, like {@code 429,500-599} */
    public void setStatus(String ranges) {
        status = StatusRanges.of(ranges);
    }

    /** @param millis an answer slower than this is a failure */
    public void setTimeout(long millis) {
        timeout = millis;
    }

    @Override
    public State getState() {
        return state;
    }

    @Override
    public boolean tryAcquirePermission() {
        Permit permit = state == State.CLOSED ? new Permit(false, epoch) : probe();
        if (permit == null) {
            return false;
        }
        LET_THROUGH.set(permit);
        return true;
    }

    @Override
    public void acquirePermission() {
        if (!tryAcquirePermission()) {
            throw CallNotPermittedException.createCallNotPermittedException(observed());
        }
    }

    /** Gives up a call that was let through but did not take place; a probe may be made anew. */
    @Override
    public void releasePermission() {
        release(take());
    }

    @Override
    public void onResult(long duration, TimeUnit unit, Object result) {
        int code = result instanceof Exchange exchange
                ? exchange.getMessage().getHeader(Exchange.HTTP_RESPONSE_CODE, 0, int.class) : 0;
        if (status.contains(code)) {
            report(take(), false, "status " + code);
        } else if (unit.toMillis(duration) >= timeout) {
            report(take(), false, "answer after " + unit.toMillis(duration) + " ms");
        } else {
            report(take());
        }
    }

    @Override
    public void onSuccess(long duration, TimeUnit unit) {
        report(take());
    }

    @Override
    public void onError(long duration, TimeUnit unit, Throwable thrown) {
        Failure failure = Failure.of(thrown);
        if (failure.isUpstreams()) {
            report(take(), true, failure.kind());
        } else {
            release(take());
        }
    }

    /** By hand, from JMX: as after a success. */
    @Override
    public void transitionToClosedState() {
        synchronized (this) {
            step = 0;
            inARow = 0;
            become(State.CLOSED);
        }
    }

    /** By hand, from JMX: as after a failure. */
    @Override
    public void transitionToOpenState() {
        synchronized (this) {
            open("by hand");
        }
    }

    /** By hand, from JMX: the next call is a probe. */
    @Override
    public void transitionToHalfOpenState() {
        synchronized (this) {
            probeAt = System.nanoTime();
            become(State.OPEN);
        }
    }

    private static Permit take() {
        Permit permit = LET_THROUGH.get();
        LET_THROUGH.remove();
        return permit;
    }

    private Permit probe() {
        synchronized (this) {
            if (state != State.OPEN || System.nanoTime() - probeAt < 0) {
                return null;
            }
            become(State.HALF_OPEN);
            return new Permit(true, epoch);
        }
    }

    private void release(Permit permit) {
        if (permit != null && permit.probe) {
            synchronized (this) {
                if (permit.epoch == epoch) {
                    become(State.OPEN);
                }
            }
        }
    }

    /** A success. */
    private void report(Permit permit) {
        if (permit == null || permit.epoch != epoch || !permit.probe && inARow == 0) {
            return;
        }
        synchronized (this) {
            if (permit.epoch == epoch) {
                inARow = 0;
                if (permit.probe) {
                    step = 0;
                    become(State.CLOSED);
                    LOG.info("{} closed: its probe was answered", getName());
                }
            }
        }
    }

    private void report(Permit permit, boolean unanswered, String cause) {
        synchronized (this) {
            if (permit == null || permit.epoch != epoch) {
                return;
            }
            inARow++;
            if (permit.probe || unanswered || inARow >= failures) {
                open(cause);
            }
        }
    }

    private void open(String cause) {
        long wait = steps[Math.min(step, steps.length - 1)];
        step++;
        inARow = 0;
        probeAt = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(wait);
        become(State.OPEN);
        LOG.warn("{} open for {} ms, step {}: {}", getName(), wait, step, cause);
    }

    private void become(State next) {
        epoch++;
        state = next;
        observe(next);
    }
}
