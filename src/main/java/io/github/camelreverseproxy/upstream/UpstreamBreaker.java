package io.github.camelreverseproxy.upstream;

import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.camelreverseproxy.Failure;
import io.github.resilience4j.circuitbreaker.CallNotPermittedException;
import org.apache.camel.CamelContext;
import org.apache.camel.CamelContextAware;
import org.apache.camel.Exchange;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The circuit breaker of an upstream, for Camel's circuitBreaker EIP: Resilience4j's events and metrics with rules of
 * its own. One failure without an answer opens it, or some answers in a row that are failures; it stays open for the
 * first of the back-off steps; then exactly one call is let through as a probe: success closes it, any failure opens
 * it for the next step; the last step repeats. An upstream that is full lets no call through either.
 *
 * <p>Only calls let through since the last change of state count: what others bring back says nothing of the upstream
 * as it is now. A call is let through and reports on the same thread, which is how the two are told to belong together;
 * {@link NextUpstream} lets a call through before the EIP asks. Thread-safe once configured.
 */
public final class UpstreamBreaker extends ObservedBreaker implements CamelContextAware {
    private static final Logger LOG = LoggerFactory.getLogger(UpstreamBreaker.class);
    private static final ThreadLocal<Permit> LET_THROUGH = new ThreadLocal<>();

    private enum Kind { CALL, PROBE, LAST_RESORT }

    /** What is to outlive this object when its route is loaded anew. */
    private static final class Memory {
        private final AtomicInteger inFlight = new AtomicInteger();
        private volatile State state = State.CLOSED;
        private volatile int epoch;
        private volatile int inARow;
        private volatile boolean answers;
        private volatile long probeAt;
        private int step;
    }

    private static final class Permit {
        private final Memory of;
        private final Kind kind;
        private final int epoch;
        private boolean used;

        Permit(Memory of, Kind kind, int epoch) {
            this.of = of;
            this.kind = kind;
            this.epoch = epoch;
        }
    }

    private CamelContext camelContext;
    private Memory memory = new Memory();
    private long[] steps = {100, 500, 1000, 10000};
    private int failures = 3;
    private long timeout = 10000;
    private int concurrency;
    private boolean checked;
    private StatusRanges status = StatusRanges.of("429,500-599");

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

    /** @param concurrency calls at once; 0 for no limit */
    public void setConcurrency(int concurrency) {
        this.concurrency = concurrency;
    }

    /** @param path of the active check; if there is one, it makes the probes instead of clients' requests */
    public void setCheckPath(String path) {
        checked = !path.isBlank();
    }

    @Override
    public CamelContext getCamelContext() {
        return camelContext;
    }

    @Override
    public void setCamelContext(CamelContext camelContext) {
        this.camelContext = camelContext;
    }

    /** Makes itself known under its name; takes over from the one before, when the route is loaded anew. */
    public void register() {
        UpstreamBreaker before = Breakers.of(camelContext).put(getName(), this);
        if (before != null) {
            memory = before.memory;
        }
    }

    @Override
    public State getState() {
        return memory.state;
    }

    /** How long until it may be probed, in milliseconds; 0 if it is not open. */
    long millisToProbe() {
        return memory.state == State.CLOSED ? 0 : Math.max(0, TimeUnit.NANOSECONDS.toMillis(memory.probeAt - System.nanoTime()));
    }

    @Override
    public boolean tryAcquirePermission() {
        return letThrough(memory.state == State.CLOSED ? Kind.CALL : Kind.PROBE, !checked);
    }

    /** Lets a call of the active check through, as the probe. */
    boolean tryCheck() {
        return memory.state != State.CLOSED && letThrough(Kind.PROBE, true);
    }

    /** Lets a call through though it is open, if the upstream at least answers; for when there is no other. */
    boolean tryLastResort() {
        return memory.answers && letThrough(memory.state == State.CLOSED ? Kind.CALL : Kind.LAST_RESORT, true);
    }

    @Override
    public void acquirePermission() {
        Permit ahead = LET_THROUGH.get();
        boolean granted = ahead != null && ahead.of == memory && !ahead.used || tryAcquirePermission();
        if (!granted) {
            throw CallNotPermittedException.createCallNotPermittedException(observed());
        }
        LET_THROUGH.get().used = true;
    }

    /** Gives back what was let through ahead on this thread and has not come to the EIP. */
    void releaseUnused() {
        Permit ahead = LET_THROUGH.get();
        if (ahead != null && ahead.of == memory && !ahead.used) {
            releasePermission();
        }
    }

    /** Gives up a call that was let through but did not take place; a probe may be made anew. */
    @Override
    public void releasePermission() {
        Permit permit = take();
        if (permit != null && permit.kind == Kind.PROBE) {
            synchronized (memory) {
                if (permit.epoch == memory.epoch) {
                    become(State.OPEN);
                }
            }
        }
    }

    @Override
    public void onResult(long duration, TimeUnit unit, Object result) {
        int code = result instanceof Exchange exchange
                ? exchange.getMessage().getHeader(Exchange.HTTP_RESPONSE_CODE, 0, int.class) : 0;
        if (status.contains(code)) {
            failed(take(), true, "status " + code);
        } else if (unit.toMillis(duration) >= timeout) {
            failed(take(), true, "answer after " + unit.toMillis(duration) + " ms");
        } else {
            succeeded(take());
        }
    }

    @Override
    public void onSuccess(long duration, TimeUnit unit) {
        succeeded(take());
    }

    @Override
    public void onError(long duration, TimeUnit unit, Throwable thrown) {
        Failure failure = Failure.of(thrown);
        if (failure.isUpstreams()) {
            failed(take(), false, failure.kind());
        } else {
            releasePermission();
        }
    }

    /** By hand, from JMX: as after a success. */
    @Override
    public void transitionToClosedState() {
        synchronized (memory) {
            close();
        }
    }

    /** By hand, from JMX: as after a failure. */
    @Override
    public void transitionToOpenState() {
        synchronized (memory) {
            open(false, "by hand");
        }
    }

    /** By hand, from JMX: the next call is a probe. */
    @Override
    public void transitionToHalfOpenState() {
        synchronized (memory) {
            memory.probeAt = System.nanoTime();
            become(State.OPEN);
        }
    }

    private boolean letThrough(Kind kind, boolean mayProbe) {
        if (!enter()) {
            return false;
        }
        Permit permit = kind == Kind.PROBE ? mayProbe ? probe() : null : new Permit(memory, kind, memory.epoch);
        if (permit == null) {
            leave();
            return false;
        }
        LET_THROUGH.set(permit);
        return true;
    }

    private Permit probe() {
        synchronized (memory) {
            if (memory.state != State.OPEN || System.nanoTime() - memory.probeAt < 0) {
                return null;
            }
            become(State.HALF_OPEN);
            return new Permit(memory, Kind.PROBE, memory.epoch);
        }
    }

    private boolean enter() {
        int others;
        do {
            others = memory.inFlight.get();
            if (concurrency > 0 && others >= concurrency) {
                return false;
            }
        } while (!memory.inFlight.compareAndSet(others, others + 1));
        return true;
    }

    private void leave() {
        memory.inFlight.decrementAndGet();
    }

    private Permit take() {
        Permit permit = LET_THROUGH.get();
        LET_THROUGH.remove();
        if (permit != null) {
            leave();
        }
        return permit;
    }

    private void succeeded(Permit permit) {
        boolean news = permit != null && (permit.kind == Kind.PROBE || permit.kind == Kind.CALL && memory.inARow > 0);
        if (!news) {
            return;
        }
        synchronized (memory) {
            if (permit.epoch != memory.epoch) {
                return;
            }
            memory.inARow = 0;
            if (permit.kind == Kind.PROBE) {
                close();
            }
        }
    }

    private void failed(Permit permit, boolean answered, String cause) {
        synchronized (memory) {
            if (permit == null || permit.epoch != memory.epoch) {
                return;
            }
            if (permit.kind == Kind.LAST_RESORT) {
                memory.answers &= answered;
                return;
            }
            memory.inARow++;
            if (permit.kind == Kind.PROBE || !answered || memory.inARow >= failures) {
                open(answered, cause);
            }
        }
    }

    private void open(boolean answers, String cause) {
        long wait = steps[Math.min(memory.step, steps.length - 1)];
        memory.step++;
        memory.inARow = 0;
        memory.answers = answers;
        memory.probeAt = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(wait);
        become(State.OPEN);
        LOG.warn("{} open for {} ms, step {}: {}", getName(), wait, memory.step, cause);
    }

    private void close() {
        memory.step = 0;
        memory.inARow = 0;
        memory.answers = false;
        become(State.CLOSED);
        LOG.info("{} closed", getName());
    }

    private void become(State next) {
        memory.epoch++;
        memory.state = next;
        observe(next);
    }
}
