package io.github.camelreverseproxy.upstream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.camelreverseproxy.message.Failure;
import io.github.camelreverseproxy.message.ProxyException;
import io.github.camelreverseproxy.upstream.UpstreamState.State;
import io.github.camelreverseproxy.forwarding.ProxyRequest;
import org.apache.camel.Exchange;
import org.junit.jupiter.api.Test;

/** The breaker's rules, where no wire is needed to see them. */
class UpstreamBreakerTest extends BreakerFixture {
    @Test
    void answersHaveToFailInARow() {
        for (int status : new int[] {500, 429, 200, 503, 500, 404, 500, 500}) {
            call(breaker, status);
        }
        assertEquals(State.CLOSED, breaker.state());
        call(breaker, 500);
        assertEquals(State.OPEN, breaker.state());
        assertNull(breaker.tryCall(false, System.nanoTime()));
    }

    @Test
    void noConnectionIsEnough() {
        fail(breaker, new ProxyException(Failure.CONNECT_FAILED));
        assertEquals(State.OPEN, breaker.state());
    }

    @Test
    void brokenExchangesHaveToComeInARow() {
        for (Failure failure : new Failure[] {Failure.NO_RESPONSE, Failure.TIMEOUT}) {
            fail(breaker, new ProxyException(failure));
        }
        call(breaker, 200);
        for (Failure failure : new Failure[] {Failure.NO_RESPONSE, Failure.BAD_RESPONSE}) {
            fail(breaker, new ProxyException(failure));
        }
        assertEquals(State.CLOSED, breaker.state());
        call(breaker, 500);
        assertEquals(State.OPEN, breaker.state());
    }

    /** An exchange that fails everywhere may be what makes upstreams fail; that there is no connection is none of its doing. */
    @Test
    void ofOneExchangeOnlyTheFirstFailureCounts() {
        for (int i = 0; i < 10; i++) {
            Exchange suspect = failure(new ProxyException(Failure.NO_RESPONSE));
            ProxyRequest.of(suspect).suspect();
            breaker.ended(permit(breaker), suspect);
        }
        assertEquals(State.CLOSED, breaker.state());
        Exchange suspect = failure(new ProxyException(Failure.CONNECT_FAILED));
        ProxyRequest.of(suspect).suspect();
        breaker.ended(permit(breaker), suspect);
        assertEquals(State.OPEN, breaker.state());
    }

    @Test
    void suspectIsNoProbe() {
        UpstreamBreaker quick = breaker("1", 0);
        fail(quick, new ProxyException(Failure.CONNECT_FAILED));
        quick.abandoned(whenItIsTime(quick));
        assertNull(quick.tryCall(true, System.nanoTime()));
        assertNotNull(quick.tryCall(false, System.nanoTime()));
    }

    @Test
    void probeThatTakesLongKeepsNoOtherOut() {
        UpstreamBreaker quick = breaker("1", 0);
        fail(quick, new ProxyException(Failure.CONNECT_FAILED));
        Permit slow = whenItIsTime(quick);
        assertNull(quick.tryCall(false, System.nanoTime()));
        long toNext = quick.millisToProbe();
        assertTrue(toNext > 500 && toNext <= 1000, toNext + " ms");
        Permit second = whenItIsTime(quick);
        assertTrue(slow.millis(System.nanoTime()) >= 1000);
        quick.ended(second, failure(new ProxyException(Failure.NO_RESPONSE)));
        assertEquals(State.OPEN, quick.state());
        quick.ended(slow, answer(200));
        assertEquals(State.OPEN, quick.state(), "it is of an epoch before");
    }

    @Test
    void upstreamThatAnswersNothingIsSilent() throws Exception {
        breaker.setSilence(20);
        assertFalse(breaker.isSilent(System.nanoTime()));
        Permit waiting = permit(breaker);
        assertFalse(breaker.isSilent(System.nanoTime()));
        Thread.sleep(30);
        assertTrue(breaker.isSilent(System.nanoTime()));
        breaker.ended(permit(breaker), answer(200));
        assertFalse(breaker.isSilent(System.nanoTime()), "it has answered");
        Thread.sleep(30);
        assertTrue(breaker.isSilent(System.nanoTime()));
        breaker.abandoned(waiting);
        assertFalse(breaker.isSilent(System.nanoTime()), "nobody waits");
    }

    @Test
    void upstreamThatHasAlwaysBeenQuickAndIsNotIsStalled() throws Exception {
        for (int i = 0; i < 50; i++) {
            call(breaker, 200);
        }
        for (int i = 0; i < 15; i++) {
            permit(breaker);
        }
        Thread.sleep(30);
        assertFalse(breaker.isStalled(System.nanoTime()), "15 wait");
        permit(breaker);
        assertTrue(breaker.isStalled(System.nanoTime()), "16 wait");
    }

    @Test
    void whatIsNotTheUpstreamsDoesNotCount() {
        for (int i = 0; i < 3; i++) {
            for (Failure failure : Failure.values()) {
                if (failure.blame() == Failure.Blame.NOBODY) {
                    fail(breaker, new ProxyException(failure));
                }
            }
        }
        fail(breaker, new IllegalStateException());
        assertEquals(State.CLOSED, breaker.state());
    }

    @Test
    void slowAnswerIsAFailure() {
        breaker.setTimeout(10);
        for (int i = 0; i < 3; i++) {
            assertEquals(State.CLOSED, breaker.state());
            Permit slow = permit(breaker);
            while (slow.millis(System.nanoTime()) < 10) {
                Thread.onSpinWait();
            }
            breaker.ended(slow, answer(200));
        }
        assertEquals(State.OPEN, breaker.state());
    }

    @Test
    void lateSuccessDoesNotClose() {
        UpstreamBreaker quick = breaker("1", 0);
        Permit late = permit(quick);
        fail(quick, new ProxyException(Failure.CONNECT_FAILED));
        quick.ended(late, answer(200));
        assertEquals(State.OPEN, quick.state());
    }

    @Test
    void lateFailureDoesNotCountAgainstTheProbe() {
        UpstreamBreaker quick = breaker("1", 0);
        Permit late = permit(quick);
        fail(quick, new ProxyException(Failure.CONNECT_FAILED));
        Permit probe = whenItIsTime(quick);
        quick.ended(late, failure(new ProxyException(Failure.CONNECT_FAILED)));
        assertEquals(State.HALF_OPEN, quick.state());
        quick.ended(probe, answer(200));
        assertEquals(State.CLOSED, quick.state());
    }

    @Test
    void oneProbeAtATimeAndAnAbandonedOneGivesItsPermitBack() {
        UpstreamBreaker quick = breaker("1", 0);
        fail(quick, new ProxyException(Failure.CONNECT_FAILED));
        Permit probe = whenItIsTime(quick);
        assertNull(quick.tryCall(false, System.nanoTime()));
        quick.abandoned(probe);
        Permit second = permit(quick);
        assertNull(quick.tryCall(false, System.nanoTime()));
        quick.ended(second, failure(new ProxyException(Failure.UNAVAILABLE)));
        permit(quick);
    }

    @Test
    void permitMadeAheadIsTheOneThatTheCallUses() {
        UpstreamBreaker narrow = breaker("1", 1);
        Exchange exchange = answer(200);
        Admission.give(exchange, narrow, permit(narrow));
        Permit taken = Admission.take(exchange, narrow);
        assertNotNull(taken);
        Admission.giveBack(exchange);
        assertNull(narrow.tryCall(false, System.nanoTime()));
        assertNull(Admission.take(exchange, narrow));
        narrow.ended(taken, exchange);
        Admission.give(exchange, narrow, permit(narrow));
        Admission.giveBack(exchange);
        Admission.giveBack(exchange);
        permit(narrow);
        assertNull(narrow.tryCall(false, System.nanoTime()));
    }

    @Test
    void permitOfAnotherUpstreamIsNotUsed() {
        UpstreamBreaker narrow = breaker("1", 1);
        permit(narrow);
        UpstreamBreaker another = new UpstreamBreaker();
        Exchange exchange = answer(200);
        Admission.give(exchange, another, permit(another));
        assertNull(Admission.take(exchange, narrow));
    }
}
