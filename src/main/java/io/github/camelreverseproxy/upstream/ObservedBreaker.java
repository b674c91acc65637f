package io.github.camelreverseproxy.upstream;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import io.github.camelreverseproxy.message.CamelBean;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;

/**
 * The part of Resilience4j's interface that others look at: name, configuration and the events of changes of state.
 * They are those of a breaker that decides nothing, counts no calls and is only moved along.
 */
abstract class ObservedBreaker extends CamelBean implements CircuitBreaker {
    private CircuitBreaker observed = observed("upstream");

    /** @param name of the upstream */
    public void setName(String name) {
        observed = observed(name);
    }

    private static CircuitBreaker observed(String name) {
        return CircuitBreaker.of(name, CircuitBreakerConfig.custom().minimumNumberOfCalls(Integer.MAX_VALUE)
                .writableStackTraceEnabled(false).build());
    }

    final CircuitBreaker observed() {
        return observed;
    }

    /** Publishes a change of state. */
    final void observe(State next) {
        switch (next) {
            case OPEN -> observed.transitionToOpenStateFor(Duration.ofDays(1));
            case HALF_OPEN -> {
                if (observed.getState() == State.CLOSED) {
                    observed.transitionToOpenStateFor(Duration.ofDays(1));
                }
                observed.transitionToHalfOpenState();
            }
            default -> observed.transitionToClosedState();
        }
    }

    @Override
    public String getName() {
        return observed.getName();
    }

    @Override
    public CircuitBreakerConfig getCircuitBreakerConfig() {
        return observed.getCircuitBreakerConfig();
    }

    @Override
    public Metrics getMetrics() {
        return observed.getMetrics();
    }

    @Override
    public Map<String, String> getTags() {
        return observed.getTags();
    }

    @Override
    public EventPublisher getEventPublisher() {
        return observed.getEventPublisher();
    }

    @Override
    public long getCurrentTimestamp() {
        return observed.getCurrentTimestamp();
    }

    @Override
    public TimeUnit getTimestampUnit() {
        return observed.getTimestampUnit();
    }

    @Override
    public void reset() {
        transitionToClosedState();
    }

    @Override
    public void transitionToOpenStateFor(Duration wait) {
        transitionToOpenState();
    }

    @Override
    public void transitionToOpenStateUntil(Instant until) {
        transitionToOpenState();
    }

    @Override
    public void transitionToDisabledState() {
        throw unsupported();
    }

    @Override
    public void transitionToMetricsOnlyState() {
        throw unsupported();
    }

    @Override
    public void transitionToForcedOpenState() {
        throw unsupported();
    }

    @Override
    public boolean tryAcquirePermission() {
        throw elsewhere();
    }

    @Override
    public void acquirePermission() {
        throw elsewhere();
    }

    @Override
    public void releasePermission() {
        throw elsewhere();
    }

    @Override
    public void onSuccess(long duration, TimeUnit unit) {
        throw elsewhere();
    }

    @Override
    public void onResult(long duration, TimeUnit unit, Object result) {
        throw elsewhere();
    }

    @Override
    public void onError(long duration, TimeUnit unit, Throwable thrown) {
        throw elsewhere();
    }

    private static IllegalStateException elsewhere() {
        return new IllegalStateException("an upstream's breaker is asked by the circuitBreaker EIP of its route alone");
    }

    private static IllegalStateException unsupported() {
        return new IllegalStateException("an upstream's breaker is closed, open or half-open");
    }
}
