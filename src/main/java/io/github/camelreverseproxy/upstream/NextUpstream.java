package io.github.camelreverseproxy.upstream;

import java.util.ArrayList;
import java.util.List;

import io.github.camelreverseproxy.message.Failure;
import io.github.camelreverseproxy.message.ProxyException;
import io.github.camelreverseproxy.forwarding.ProxyRequest;
import io.github.camelreverseproxy.upstream.BreakerState.State;
import org.apache.camel.AsyncCallback;
import org.apache.camel.AsyncProcessor;
import org.apache.camel.CamelContext;
import org.apache.camel.CamelContextAware;
import org.apache.camel.EndpointAware;
import org.apache.camel.Exchange;
import org.apache.camel.Navigate;
import org.apache.camel.component.direct.DirectConsumerNotAvailableException;
import org.apache.camel.processor.loadbalancer.RoundRobinLoadBalancer;

/**
 * Round robin that knows the breakers: in strict order, but past the upstreams that are open or full and past those that
 * the exchange has already tried; one whose route is stopped is tried in vain. One that has answered nothing of late while
 * requests wait there is passed by as long as another can take the request. When no other is left, one that is open but
 * answers is taken all the same, so that a broken page never takes a site down. A client that has logged in on a connection
 * to an upstream stays with it. Thread-safe.
 */
public final class NextUpstream extends RoundRobinLoadBalancer implements CamelContextAware {
    /** In the order in which an upstream is looked for. */
    private enum Pass { LIVELY, ANY, LAST_RESORT }

    private static final Pass[] PASSES = Pass.values();

    private record Upstream(String name, AsyncProcessor route) {
    }

    private final Object order = new Object();
    private volatile List<Upstream> upstreams = List.of();
    private CamelContext camelContext;
    private Breakers breakers;
    private int cursor;

    @Override
    public CamelContext getCamelContext() {
        return camelContext;
    }

    @Override
    public void setCamelContext(CamelContext camelContext) {
        this.camelContext = camelContext;
    }

    @Override
    protected void doStart() throws Exception {
        super.doStart();
        breakers = Breakers.of(camelContext);
        List<Upstream> found = new ArrayList<>();
        for (AsyncProcessor processor : doGetProcessors()) {
            String name = name(processor);
            found.add(new Upstream(name == null ? "" : name, processor));
        }
        upstreams = found;
    }

    @Override
    public boolean process(Exchange exchange, AsyncCallback callback) {
        ProxyRequest request = ProxyRequest.of(exchange);
        Delivery before = Delivery.known(exchange);
        long begin = System.nanoTime();
        Upstream chosen = request.cancelled() == null ? choose(exchange, request, before, begin) : null;
        if (chosen == null) {
            exchange.setException(request.cancelled() != null ? request.cancelled() : unavailable(Delivery.of(exchange, begin)));
            callback.done(true);
            return true;
        }
        try {
            return process(exchange, callback, chosen, begin);
        } catch (RuntimeException | Error e) {
            Admission.giveBack(exchange);
            throw e;
        }
    }

    private static boolean process(Exchange exchange, AsyncCallback callback, Upstream chosen, long begin) {
        return chosen.route.process(exchange, done -> {
            if (Admission.giveBack(exchange) && exchange.getException() instanceof DirectConsumerNotAvailableException stopped) {
                exchange.setException(new ProxyException(Failure.UNAVAILABLE, Failure.UNAVAILABLE.text(), stopped));
            }
            if (exchange.getException() != null) {
                Delivery.of(exchange, begin).failedAt(chosen.name, exchange.getException());
            }
            callback.done(done);
        });
    }

    private Upstream choose(Exchange exchange, ProxyRequest request, Delivery before, long now) {
        List<Upstream> all = upstreams;
        String own = request.client() == null ? null : request.client().upstream();
        for (int i = 0; own != null && i < all.size(); i++) {
            if (all.get(i).name.equals(own) && isNew(own, before) && (admits(exchange, request, all.get(i), Pass.ANY, now)
                    || admits(exchange, request, all.get(i), Pass.LAST_RESORT, now))) {
                return all.get(i);
            }
        }
        synchronized (order) {
            for (Pass pass : PASSES) {
                for (int i = 0; i < all.size(); i++) {
                    int candidate = (cursor + i) % all.size();
                    Upstream upstream = all.get(candidate);
                    if (isNew(upstream.name, before) && admits(exchange, request, upstream, pass, now)) {
                        cursor = (candidate + 1) % all.size();
                        return upstream;
                    }
                }
            }
        }
        return null;
    }

    private static boolean isNew(String upstream, Delivery before) {
        return before == null || !before.hasTried(upstream);
    }

    private boolean admits(Exchange exchange, ProxyRequest request, Upstream upstream, Pass pass, long now) {
        UpstreamBreaker breaker = breakers.get(upstream.name);
        if (breaker == null) {
            return true;
        }
        if (pass == Pass.LIVELY && isSilent(breaker, now)) {
            return false;
        }
        Permit permit = pass == Pass.LAST_RESORT ? breaker.tryLastResort(now) : breaker.tryCall(request.isSuspect(), now);
        if (permit != null) {
            Admission.give(exchange, breaker, permit);
        }
        return permit != null;
    }

    /** For long; or for longer than usual, with more requests waiting there than twice those at any other. */
    private boolean isSilent(UpstreamBreaker breaker, long now) {
        if (breaker.waiting() == 0 || breaker.state() != State.CLOSED) {
            return false;
        }
        if (breaker.isSilent(now)) {
            return true;
        }
        if (!breaker.isStalled(now)) {
            return false;
        }
        int most = 0;
        for (Upstream other : upstreams) {
            UpstreamBreaker another = breakers.get(other.name);
            most = another == null || another == breaker ? most : Math.max(most, another.waiting());
        }
        return breaker.waiting() > 2 * most;
    }

    /**
     * What the exchange has met with, unless an upstream that it has not tried is merely full, or it has met with nothing
     * but such: then that no upstream can take it.
     */
    private Exception unavailable(Delivery delivery) {
        List<Upstream> all = upstreams;
        boolean full = false;
        long millis = Long.MAX_VALUE;
        for (Upstream upstream : all) {
            UpstreamBreaker breaker = breakers.get(upstream.name);
            full |= !delivery.hasTried(upstream.name) && breaker != null && breaker.state() == State.CLOSED;
            millis = breaker == null ? millis : Math.min(millis, breaker.millisToProbe());
        }
        delivery.exhausted(full);
        Exception before = delivery.failed();
        if (before != null && !full && Failure.of(before) != Failure.UNAVAILABLE) {
            return before;
        }
        long seconds = millis == Long.MAX_VALUE ? 1 : Math.max(1, (millis + 999) / 1000);
        return new ProxyException(Failure.UNAVAILABLE, Failure.UNAVAILABLE.text(), before, (int) seconds);
    }

    /** The name of the direct endpoint that a branch sends to. */
    private static String name(Object branch) {
        if (branch instanceof EndpointAware aware) {
            String uri = aware.getEndpoint().getEndpointBaseUri();
            return uri.substring(uri.indexOf("://") + 3);
        }
        if (branch instanceof Navigate<?> node && node.hasNext()) {
            for (Object next : node.next()) {
                String name = name(next);
                if (name != null) {
                    return name;
                }
            }
        }
        return null;
    }
}
