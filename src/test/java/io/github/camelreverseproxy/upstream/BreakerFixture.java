package io.github.camelreverseproxy.upstream;

import static org.junit.jupiter.api.Assertions.assertNotNull;

import org.apache.camel.Exchange;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.DefaultExchange;
import org.junit.jupiter.api.AfterEach;

/** A breaker that opens for a minute after three failures, and calls that it lets through. */
abstract class BreakerFixture {
    final DefaultCamelContext context = new DefaultCamelContext();
    final UpstreamBreaker breaker = breaker("60000", 0);

    @AfterEach
    void end() throws Exception {
        context.close();
    }

    final UpstreamBreaker breaker(String steps, int concurrency) {
        UpstreamBreaker made = new UpstreamBreaker();
        made.setName("upstream01");
        made.setSteps(steps);
        made.setFailures(3);
        made.setConcurrency(concurrency);
        made.setCamelContext(context);
        made.register();
        return made;
    }

    Exchange answer(int status) {
        Exchange exchange = new DefaultExchange(context);
        exchange.getMessage().setHeader(Exchange.HTTP_RESPONSE_CODE, status);
        return exchange;
    }

    Exchange failure(Exception exception) {
        Exchange exchange = new DefaultExchange(context);
        exchange.setException(exception);
        return exchange;
    }

    static Permit permit(UpstreamBreaker of) {
        Permit permit = of.tryCall(false, System.nanoTime());
        assertNotNull(permit);
        return permit;
    }

    static Permit whenItIsTime(UpstreamBreaker of) {
        Permit permit = of.tryCall(false, System.nanoTime());
        while (permit == null) {
            Thread.onSpinWait();
            permit = of.tryCall(false, System.nanoTime());
        }
        return permit;
    }

    void call(UpstreamBreaker of, int status) {
        of.ended(permit(of), answer(status));
    }

    void fail(UpstreamBreaker of, Exception with) {
        of.ended(permit(of), failure(new RuntimeException(with)));
    }
}
