package io.github.camelreverseproxy.upstream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.ConnectException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

import io.github.camelreverseproxy.Failure;
import io.github.camelreverseproxy.ProxyException;
import io.github.resilience4j.circuitbreaker.CallNotPermittedException;
import io.github.resilience4j.circuitbreaker.CircuitBreaker.State;
import org.apache.camel.Exchange;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.DefaultExchange;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The breaker's rules, where no wire is needed to see them. */
class UpstreamBreakerTest {
    private final DefaultCamelContext context = new DefaultCamelContext();
    private final UpstreamBreaker breaker = breaker("60000", 0);
    private final ExecutorService other = Executors.newSingleThreadExecutor();

    @AfterEach
    void end() throws Exception {
        other.shutdown();
        context.close();
    }

    private UpstreamBreaker breaker(String steps, int concurrency) {
        UpstreamBreaker made = new UpstreamBreaker();
        made.setName("upstream01");
        made.setSteps(steps);
        made.setFailures(3);
        made.setConcurrency(concurrency);
        made.setCamelContext(context);
        made.register();
        return made;
    }

    private Exchange answer(int status) {
        Exchange exchange = new DefaultExchange(context);
        exchange.getMessage().setHeader(Exchange.HTTP_RESPONSE_CODE, status);
        return exchange;
    }

    private void call(UpstreamBreaker of, int status) {
        of.acquirePermission();
        of.onResult(1, TimeUnit.MILLISECONDS, answer(status));
    }

    private void fail(UpstreamBreaker of, Exception with) {
        of.acquirePermission();
        of.onError(1, TimeUnit.MILLISECONDS, new RuntimeException(with));
    }

    @Test
    void answersHaveToFailInARow() {
        for (int status : new int[] {500, 429, 200, 503, 500, 404, 500, 500}) {
            call(breaker, status);
        }
        assertEquals(State.CLOSED, breaker.getState());
        call(breaker, 500);
        assertEquals(State.OPEN, breaker.getState());
        assertThrows(CallNotPermittedException.class, breaker::acquirePermission);
    }

    @Test
    void oneFailureWithoutAnAnswerIsEnough() {
        fail(breaker, new ConnectException());
        assertEquals(State.OPEN, breaker.getState());
    }

    @Test
    void whatIsNotTheUpstreamsDoesNotCount() {
        for (Failure failure : new Failure[] {Failure.UNAVAILABLE, Failure.OVERLOADED, Failure.INVALID_JSON, Failure.INTERNAL}) {
            fail(breaker, new ProxyException(failure));
        }
        fail(breaker, new IllegalStateException());
        assertEquals(State.CLOSED, breaker.getState());
    }

    @Test
    void lateSuccessDoesNotClose() throws Exception {
        UpstreamBreaker quick = breaker("1", 0);
        other.submit(quick::acquirePermission).get();
        fail(quick, new ConnectException());
        other.submit(() -> quick.onResult(1, TimeUnit.MILLISECONDS, answer(200))).get();
        assertEquals(State.OPEN, quick.getState());
    }

    @Test
    void lateFailureDoesNotCountAgainstTheProbe() throws Exception {
        UpstreamBreaker quick = breaker("1", 0);
        other.submit(quick::acquirePermission).get();
        fail(quick, new ConnectException());
        while (!quick.tryAcquirePermission()) {
            Thread.onSpinWait();
        }
        other.submit(() -> quick.onError(1, TimeUnit.MILLISECONDS, new ConnectException())).get();
        assertEquals(State.HALF_OPEN, quick.getState());
        quick.onResult(1, TimeUnit.MILLISECONDS, answer(200));
        assertEquals(State.CLOSED, quick.getState());
    }

    @Test
    void oneProbeAtATimeAndAnAbandonedOneGivesItsPermitBack() throws Exception {
        UpstreamBreaker quick = breaker("1", 0);
        fail(quick, new ConnectException());
        while (!quick.tryAcquirePermission()) {
            Thread.onSpinWait();
        }
        assertFalse(other.submit(quick::tryAcquirePermission).get());
        quick.releasePermission();
        assertTrue(other.submit(quick::tryAcquirePermission).get());
        assertFalse(quick.tryAcquirePermission());
        other.submit(() -> quick.onError(1, TimeUnit.MILLISECONDS, new ProxyException(Failure.UNAVAILABLE))).get();
        assertTrue(quick.tryAcquirePermission());
    }

    @Test
    void permitMadeAheadIsTheOneThatTheCallUses() {
        UpstreamBreaker narrow = breaker("1", 1);
        assertTrue(narrow.tryAcquirePermission());
        narrow.acquirePermission();
        narrow.releaseUnused();
        assertFalse(narrow.tryAcquirePermission());
        narrow.onResult(1, TimeUnit.MILLISECONDS, answer(200));
        assertTrue(narrow.tryAcquirePermission());
        narrow.releaseUnused();
        assertTrue(narrow.tryAcquirePermission());
    }

    @Test
    void fullOneRefusesWithoutBeingOpen() throws Exception {
        UpstreamBreaker narrow = breaker("1", 2);
        narrow.acquirePermission();
        other.submit(narrow::acquirePermission).get();
        ExecutorService third = Executors.newSingleThreadExecutor();
        assertFalse(third.submit(narrow::tryAcquirePermission).get());
        assertEquals(State.CLOSED, narrow.getState());
        narrow.onResult(1, TimeUnit.MILLISECONDS, answer(200));
        assertTrue(third.submit(narrow::tryAcquirePermission).get());
        third.shutdown();
    }

    @Test
    void stateSurvivesTheReloadOfItsRoute() {
        fail(breaker, new ConnectException());
        UpstreamBreaker reloaded = breaker("60000", 0);
        assertEquals(State.OPEN, reloaded.getState());
        assertThrows(CallNotPermittedException.class, reloaded::acquirePermission);
        assertEquals(0, new UpstreamBreaker().millisToProbe());
        assertTrue(reloaded.millisToProbe() > 50_000);
    }

    @Test
    void breakerOfAReloadedRouteIsProbedLikeTheOneBefore() {
        fail(breaker("1", 0), new ConnectException());
        UpstreamBreaker reloaded = breaker("1", 0);
        while (!reloaded.tryAcquirePermission()) {
            Thread.onSpinWait();
        }
        assertEquals(State.HALF_OPEN, reloaded.getState());
        reloaded.onResult(1, TimeUnit.MILLISECONDS, answer(200));
        assertEquals(State.CLOSED, reloaded.getState());
    }

    @Test
    void lastResortNeitherOpensNorCloses() {
        for (int i = 0; i < 3; i++) {
            call(breaker, 500);
        }
        assertTrue(breaker.tryLastResort());
        call(breaker, 200);
        assertEquals(State.OPEN, breaker.getState());
        assertTrue(breaker.tryLastResort());
        fail(breaker, new ConnectException());
        assertFalse(breaker.tryLastResort(), "it does not answer any more");
    }

    @Test
    void unreachableOneIsNoLastResort() {
        fail(breaker, new ConnectException());
        assertFalse(breaker.tryLastResort());
    }

    @Test
    void movedByHand() {
        breaker.transitionToOpenState();
        assertThrows(CallNotPermittedException.class, breaker::acquirePermission);
        breaker.transitionToHalfOpenState();
        call(breaker, 200);
        assertEquals(State.CLOSED, breaker.getState());
        breaker.transitionToOpenState();
        breaker.reset();
        call(breaker, 200);
        assertEquals(State.CLOSED, breaker.getState());
    }
}
