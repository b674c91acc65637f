package io.github.camelreverseproxy.upstream;

import java.util.Arrays;
import java.util.concurrent.TimeUnit;

import io.github.camelreverseproxy.message.Failure;
import io.github.camelreverseproxy.message.ProxyException;
import io.github.camelreverseproxy.forwarding.BodyStream;
import io.github.camelreverseproxy.forwarding.Kept;
import io.github.camelreverseproxy.forwarding.ProxyRequest;
import io.github.camelreverseproxy.forwarding.ResponseMessage;
import io.github.camelreverseproxy.upstream.UpstreamState.State;
import org.apache.camel.CamelContext;
import org.apache.camel.CamelContextAware;
import org.apache.camel.Exchange;

/**
 * The circuit breaker of an upstream, for Camel's circuitBreaker EIP: no connection opens it at once; exchanges that break
 * off, and answers that are failures, do so several in a row, one for each exchange at most; it stays open for the first of
 * the back-off steps; then one call is let through as a probe, and after a second another one: success closes it, any failure
 * opens it for the next step; the last step repeats. An upstream that is full lets no call through either. (Resilience4j's
 * judges a call once, when it ends, and knows no stream.)
 *
 * <p>Only calls let through since the last change of state count: what others bring back says nothing of the upstream
 * as it is now. {@link BreakerProcessor} makes the calls. Thread-safe once configured.
 */
public final class UpstreamBreaker implements CamelContextAware {
    /**
     * @param steps    how long to stay open, in milliseconds
     * @param failures in a row that open the breaker
     */
    record Rules(long[] steps, int failures) {
    }

    private CamelContext camelContext;
    private String name = "upstream";
    private BreakerState state = new BreakerState("upstream");
    private Rules rules = new Rules(new long[] {100, 500, 1000, 10000}, 3);
    private StatusRanges status = StatusRanges.of("429,500-599");
    private long timeout = 10000;
    private long silenceNanos = TimeUnit.SECONDS.toNanos(1);
    private int concurrency;
    private volatile boolean checked;
    private String url = "";

    @Override
    public CamelContext getCamelContext() {
        return camelContext;
    }

    @Override
    public void setCamelContext(CamelContext camelContext) {
        this.camelContext = camelContext;
    }

    /** @param name of the upstream */
    public void setName(String name) {
        this.name = name;
    }

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

    /** @param millis without an answer, while calls wait for one, after which others are asked if possible */
    public void setSilence(long millis) {
        silenceNanos = TimeUnit.MILLISECONDS.toNanos(millis);
    }

    /** @param concurrency calls at once; 0 for no limit */
    public void setConcurrency(int concurrency) {
        this.concurrency = concurrency;
    }

    /** @param url of the upstream: another one has another state */
    public void setUrl(String url) {
        this.url = url;
    }

    /** Makes itself known under its name; takes over the state of the one before, when the route is loaded anew and the upstream is the same. */
    public void register() {
        Breakers.of(camelContext).put(name, this);
        state = Kept.of(camelContext).get("breaker " + name + ' ' + url, BreakerState.class, () -> new BreakerState(name));
    }

    /** There is an active check, which makes the probes instead of clients' requests. */
    void check() {
        checked = true;
    }

    String name() {
        return name;
    }

    UpstreamState now() {
        State now = state.get();
        return new UpstreamState(name, url, now, state.openSince(), state.openings(), state.millisToProbe(), state.isCallable(), state.inFlight(), concurrency, state.failures());
    }

    State state() {
        return state.get();
    }

    /** How long until it may be probed, in milliseconds; 0 if it is not open. */
    long millisToProbe() {
        return state.millisToProbe();
    }

    /** Calls that wait for the upstream. */
    int waiting() {
        return state.waiting();
    }

    /** Whether calls wait for an upstream that has answered nothing for a while. */
    boolean isSilent(long now) {
        return state.isSilent(now, silenceNanos);
    }

    /** Whether many calls wait for an upstream that has answered nothing for much longer than it usually takes. */
    boolean isStalled(long now) {
        return state.isStalled(now);
    }

    /**
     * Lets a call through, maybe as a probe; it has to be given back by one of the methods below, once.
     *
     * @param suspect whether it may be the exchange itself that makes upstreams fail, which is no way to find out about this one
     */
    Permit tryCall(boolean suspect, long now) {
        return state.admit(concurrency, !checked && !suspect, now);
    }

    /** Lets a call of the active check through, as the probe. */
    Permit tryCheck() {
        return state.admitProbe(concurrency);
    }

    /** Lets a call through though it is open, if the upstream at least answers; for when there is no other. */
    Permit tryLastResort(long now) {
        return state.admitLastResort(concurrency, now);
    }

    ProxyException refusal() {
        return new ProxyException(Failure.UNAVAILABLE);
    }

    /** The call did not take place. */
    void abandoned(Permit permit) {
        state.abandoned(permit);
        state.left(permit);
    }

    /** The body of the request comes as the client sends it, which is no concern of the breaker's either. */
    void uploading(Permit permit) {
        state.waits(permit, false);
    }

    /** All of it has gone out. */
    void uploaded(Permit permit) {
        state.uploaded(permit, System.nanoTime());
    }

    /** The head of a response has come; how long its body takes is no concern of the breaker's. */
    void answering(Permit permit) {
        state.answering(permit);
    }

    /** What the call has brought back; if that is a stream, it is in flight until its end. */
    void ended(Permit permit, Exchange exchange) {
        if (exchange.getException() != null) {
            failed(permit, exchange, Failure.of(exchange.getException()));
            state.left(permit);
            return;
        }
        long now = System.nanoTime();
        String bad = bad(permit, exchange, now);
        BodyStream stream = exchange.getMessage().getBody() instanceof BodyStream body && exchange.getMessage() instanceof ResponseMessage ? body : null;
        if (stream != null) {
            state.streams(permit, bad == null, now);
        }
        if (bad != null) {
            failed(permit, exchange, Fault.BAD_ANSWER, bad);
        }
        if (stream != null) {
            stream.whenEnded(why -> streamed(permit, exchange, bad != null, why));
        } else {
            if (bad == null) {
                state.succeeded(permit, now);
            }
            state.left(permit);
        }
    }

    /** What is wrong with an answer, or null. */
    private String bad(Permit permit, Exchange exchange, long now) {
        long millis = permit.millis(now);
        Object code = exchange.getMessage().getHeader(Exchange.HTTP_RESPONSE_CODE);
        if (code instanceof Integer number && status.contains(number)) {
            return "status " + number;
        }
        return millis >= timeout ? "answer after " + millis + " ms" : null;
    }

    private void streamed(Permit permit, Exchange exchange, boolean judged, ProxyException why) {
        if (!judged && why == null) {
            state.succeeded(permit, System.nanoTime());
        } else if (!judged) {
            failed(permit, exchange, why.failure());
        }
        state.left(permit);
    }

    private void failed(Permit permit, Exchange exchange, Failure failure) {
        switch (failure.blame()) {
            case NOBODY -> state.abandoned(permit);
            case UNREACHABLE -> failed(permit, exchange, Fault.UNREACHABLE, failure.kind());
            case TIMED_OUT -> failed(permit, exchange, Fault.TIMED_OUT, failure.kind());
            case BROKEN -> failed(permit, exchange, Fault.BROKEN, failure.kind());
        }
    }

    private void failed(Permit permit, Exchange exchange, Fault fault, String cause) {
        ProxyRequest request = ProxyRequest.of(exchange);
        state.failed(permit, fault, !request.isSuspect(), cause, rules);
        if (fault != Fault.UNREACHABLE && (request.client() == null || request.isAnsweredBy(exchange))) {
            request.suspect();
        }
    }
}
