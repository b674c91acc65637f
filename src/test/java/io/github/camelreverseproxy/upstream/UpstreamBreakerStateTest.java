package io.github.camelreverseproxy.upstream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.camelreverseproxy.message.Failure;
import io.github.camelreverseproxy.message.ProxyException;
import io.github.camelreverseproxy.upstream.UpstreamState.State;
import io.github.camelreverseproxy.forwarding.BodyStream;
import io.github.camelreverseproxy.forwarding.ResponseMessage;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.junit.jupiter.api.Test;

/** What outlives a call: that it is full, open, the last resort, or that its responses are streams. */
class UpstreamBreakerStateTest extends BreakerFixture {
    @Test
    void fullOneRefusesWithoutBeingOpen() {
        UpstreamBreaker narrow = breaker("1", 2);
        Permit first = permit(narrow);
        permit(narrow);
        assertNull(narrow.tryCall(false, System.nanoTime()));
        assertEquals(State.CLOSED, narrow.state());
        narrow.ended(first, answer(200));
        permit(narrow);
    }

    @Test
    void stateSurvivesTheReloadOfItsRoute() {
        fail(breaker, new ProxyException(Failure.CONNECT_FAILED));
        UpstreamBreaker reloaded = breaker("60000", 0);
        assertEquals(State.OPEN, reloaded.state());
        assertNull(reloaded.tryCall(false, System.nanoTime()));
        assertEquals(0, new UpstreamBreaker().millisToProbe());
        assertTrue(reloaded.millisToProbe() > 50_000);
    }

    @Test
    void breakerOfAReloadedRouteIsProbedLikeTheOneBefore() {
        fail(breaker("1", 0), new ProxyException(Failure.CONNECT_FAILED));
        UpstreamBreaker reloaded = breaker("1", 0);
        Permit probe = whenItIsTime(reloaded);
        assertEquals(State.HALF_OPEN, reloaded.state());
        reloaded.ended(probe, answer(200));
        assertEquals(State.CLOSED, reloaded.state());
    }

    @Test
    void lastResortNeitherOpensNorCloses() {
        for (int i = 0; i < 3; i++) {
            fail(breaker, new ProxyException(Failure.NO_RESPONSE));
        }
        breaker.ended(breaker.tryLastResort(System.nanoTime()), answer(200));
        assertEquals(State.OPEN, breaker.state());
        breaker.ended(breaker.tryLastResort(System.nanoTime()), failure(new ProxyException(Failure.CONNECT_FAILED)));
        assertNull(breaker.tryLastResort(System.nanoTime()), "it does not answer any more");
    }

    @Test
    void unreachableOneIsNoLastResort() {
        fail(breaker, new ProxyException(Failure.CONNECT_FAILED));
        assertNull(breaker.tryLastResort(System.nanoTime()));
    }

    private BodyStream streamed(UpstreamBreaker of, Permit permit, int status) {
        Exchange answer = answer(status);
        BodyStream body = new BodyStream(new EmbeddedChannel().eventLoop(), new BodyStream.Source() {
            @Override
            public void read(boolean more) {
                // there is nothing
            }

            @Override
            public void abandon() {
                // nobody minds
            }
        }, -1, 0, Failure.RESPONSE_TOO_LARGE);
        Message message = new ResponseMessage(answer);
        message.setHeaders(answer.getMessage().getHeaders());
        message.setBody(body);
        answer.setMessage(message);
        of.ended(permit, answer);
        return body;
    }

    @Test
    void slotOfAStreamIsHeldUntilItsEnd() {
        UpstreamBreaker narrow = breaker("1", 1);
        BodyStream body = streamed(narrow, permit(narrow), 200);
        assertNull(narrow.tryCall(false, System.nanoTime()));
        assertEquals(0, narrow.waiting(), "nobody waits for its answer");
        assertFalse(narrow.isSilent(System.nanoTime() + 3_600_000_000_000L));
        body.end(EmptyHttpHeaders.INSTANCE);
        narrow.abandoned(permit(narrow));
        body = streamed(narrow, permit(narrow), 500);
        assertNull(narrow.tryCall(false, System.nanoTime()), "a bad one too");
        body.fail(new ProxyException(Failure.CLIENT_GONE));
        permit(narrow);
    }

    @Test
    void headOfAStreamIsWhatAProbeIsJudgedBy() {
        UpstreamBreaker quick = breaker("1", 0);
        fail(quick, new ProxyException(Failure.CONNECT_FAILED));
        BodyStream body = streamed(quick, whenItIsTime(quick), 200);
        assertEquals(State.CLOSED, quick.state());
        body.fail(new ProxyException(Failure.RESPONSE_INCOMPLETE));
        assertEquals(State.CLOSED, quick.state(), "one that breaks off is not enough");
        for (int i = 0; i < 2; i++) {
            fail(quick, new ProxyException(Failure.NO_RESPONSE));
        }
        assertEquals(State.OPEN, quick.state(), "but it counts");
        streamed(quick, whenItIsTime(quick), 200);
        fail(quick, new ProxyException(Failure.CONNECT_FAILED));
        streamed(quick, whenItIsTime(quick), 503);
        assertEquals(State.OPEN, quick.state());
    }

    @Test
    void streamsThatBreakOffCountInARow() {
        for (int i = 0; i < 2; i++) {
            streamed(breaker, permit(breaker), 200).fail(new ProxyException(Failure.RESPONSE_INCOMPLETE));
        }
        streamed(breaker, permit(breaker), 200).fail(new ProxyException(Failure.CLIENT_GONE));
        BodyStream going = streamed(breaker, permit(breaker), 200);
        assertEquals(State.CLOSED, breaker.state());
        streamed(breaker, permit(breaker), 200).fail(new ProxyException(Failure.RESPONSE_INCOMPLETE));
        assertEquals(State.OPEN, breaker.state());
        going.end(EmptyHttpHeaders.INSTANCE);
        assertEquals(State.OPEN, breaker.state());
    }
}
