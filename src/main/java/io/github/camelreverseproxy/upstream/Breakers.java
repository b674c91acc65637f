package io.github.camelreverseproxy.upstream;

import java.time.Duration;
import java.util.Arrays;

import io.github.camelreverseproxy.Failure;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig.SlidingWindowType;
import org.apache.camel.Exchange;

/**
 * The circuit breakers of the upstreams. A breaker opens after some failures in a row, for the first of the back-off
 * steps; then one request is let through as a probe, and with each probe that fails it opens for the next step; the
 * last step repeats.
 */
public final class Breakers {
    private Breakers() {
    }

    /**
     * @param name     of the upstream
     * @param steps    how long it stays open, in milliseconds, comma-separated
     * @param failures in a row that open it
     * @param status   statuses that are failures, like {@code 429,500-599}
     * @param timeout  an answer slower than this is a failure, in milliseconds
     */
    public static CircuitBreaker create(String name, String steps, int failures, String status, long timeout) {
        long[] waits = Arrays.stream(steps.split(",")).map(String::strip).mapToLong(Long::parseLong).toArray();
        StatusRanges failing = StatusRanges.of(status);
        return CircuitBreaker.of(name, CircuitBreakerConfig.custom()
                .slidingWindowType(SlidingWindowType.COUNT_BASED)
                .slidingWindowSize(failures)
                .minimumNumberOfCalls(failures)
                .failureRateThreshold(100)
                .slowCallDurationThreshold(Duration.ofMillis(timeout))
                .slowCallRateThreshold(100)
                .permittedNumberOfCallsInHalfOpenState(1)
                .waitIntervalFunctionInOpenState(opened -> waits[Math.min(opened, waits.length) - 1])
                .recordResult(result -> result instanceof Exchange exchange && failing.contains(code(exchange)))
                .recordException(thrown -> Failure.of(thrown).status() >= 500)
                .writableStackTraceEnabled(false)
                .build());
    }

    private static int code(Exchange exchange) {
        return exchange.getMessage().getHeader(Exchange.HTTP_RESPONSE_CODE, 0, int.class);
    }
}
