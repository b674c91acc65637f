package io.github.camelreverseproxy.upstream;

import java.util.Arrays;
import java.util.concurrent.TimeUnit;

import io.github.camelreverseproxy.Failure;
import io.github.camelreverseproxy.upstream.BreakerState.Permit;
import io.github.camelreverseproxy.upstream.BreakerState.Rules;
import io.github.resilience4j.circuitbreaker.CallNotPermittedException;
import org.apache.camel.Exchange;

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
public final class UpstreamBreaker extends ObservedBreaker {
    private static final ThreadLocal<Permit> LET_THROUGH = new ThreadLocal<>();

    private BreakerState state = new BreakerState("upstream");
    private Rules rules = new Rules(new long[] {100, 500, 1000, 10000}, 3);
    private StatusRanges status = StatusRanges.of("429,500-599");
    private long timeout = 10000;
    private int concurrency;
    private boolean checked;

    /** @param steps how long it stays open, in milliseconds, comma-separated */
    public void setSteps(String steps) {
        rules = new Rules(Arrays.stream(steps.split(",")).map(String::strip).mapToLong(Long::parseLong).toArray(), rules.failures());
    }

    /** @param failures answers in a row that open it */
    public void setFailures(int failures) {
        rules = new Rules(rules.steps(), failures);
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

    /** Makes itself known under its name; takes over the state of the one before, when the route is loaded anew. */
    public void register() {
        UpstreamBreaker before = Breakers.of(getCamelContext()).put(getName(), this);
        state = before == null ? new BreakerState(getName()) : before.state;
        observe(state.get());
        state.observe(this::observe);
    }

    @Override
    public State getState() {
        return state.get();
    }

    /** How long until it may be probed, in milliseconds; 0 if it is not open. */
    long millisToProbe() {
        return state.millisToProbe();
    }

    @Override
    public boolean tryAcquirePermission() {
        return letThrough(state.admit(concurrency, !checked));
    }

    /** Lets a call of the active check through, as the probe. */
    boolean tryCheck() {
        return letThrough(state.admitProbe(concurrency));
    }

    /** Lets a call through though it is open, if the upstream at least answers; for when there is no other. */
    boolean tryLastResort() {
        return letThrough(state.admitLastResort(concurrency));
    }

    @Override
    public void acquirePermission() {
        Permit ahead = LET_THROUGH.get();
        if ((ahead == null || !ahead.isUnused(state)) && !tryAcquirePermission()) {
            throw CallNotPermittedException.createCallNotPermittedException(observed());
        }
        LET_THROUGH.get().use();
    }

    /** Gives back what was let through ahead on this thread and has not come to the EIP. */
    void releaseUnused() {
        Permit ahead = LET_THROUGH.get();
        if (ahead != null && ahead.isUnused(state)) {
            releasePermission();
        }
    }

    /** Gives up a call that was let through but did not take place. */
    @Override
    public void releasePermission() {
        Permit permit = take();
        if (permit != null) {
            state.abandoned(permit);
        }
    }

    @Override
    public void onResult(long duration, TimeUnit unit, Object result) {
        int code = result instanceof Exchange exchange
                ? exchange.getMessage().getHeader(Exchange.HTTP_RESPONSE_CODE, 0, int.class) : 0;
        if (status.contains(code)) {
            failed(true, "status " + code);
        } else if (unit.toMillis(duration) >= timeout) {
            failed(true, "answer after " + unit.toMillis(duration) + " ms");
        } else {
            onSuccess(duration, unit);
        }
    }

    @Override
    public void onSuccess(long duration, TimeUnit unit) {
        Permit permit = take();
        if (permit != null) {
            state.succeeded(permit);
        }
    }

    @Override
    public void onError(long duration, TimeUnit unit, Throwable thrown) {
        Failure failure = Failure.of(thrown);
        if (failure.isUpstreams()) {
            failed(false, failure.kind());
        } else {
            releasePermission();
        }
    }

    /** By hand, from JMX: as after a success. */
    @Override
    public void transitionToClosedState() {
        state.close();
    }

    /** By hand, from JMX: as after a failure. */
    @Override
    public void transitionToOpenState() {
        state.open(false, "by hand", rules);
    }

    /** By hand, from JMX: the next call is a probe. */
    @Override
    public void transitionToHalfOpenState() {
        state.probeNow();
    }

    private static boolean letThrough(Permit permit) {
        if (permit != null) {
            LET_THROUGH.set(permit);
        }
        return permit != null;
    }

    private void failed(boolean answered, String cause) {
        Permit permit = take();
        if (permit != null) {
            state.failed(permit, answered, cause, rules);
        }
    }

    private static Permit take() {
        Permit permit = LET_THROUGH.get();
        LET_THROUGH.remove();
        return permit;
    }
}
