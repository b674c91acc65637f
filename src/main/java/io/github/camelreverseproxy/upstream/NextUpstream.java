package io.github.camelreverseproxy.upstream;

import java.util.ArrayList;
import java.util.List;

import io.github.camelreverseproxy.Failure;
import io.github.camelreverseproxy.ProxyException;
import io.github.camelreverseproxy.upstream.BreakerState.Permit;
import io.github.resilience4j.circuitbreaker.CircuitBreaker.State;
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
 * the exchange has already tried; one whose route is stopped is tried in vain. When no other is left, one that is open but
 * answers is taken all the same, so that a broken page never takes a site down. Thread-safe.
 */
public final class NextUpstream extends RoundRobinLoadBalancer implements CamelContextAware {
    private static final String TRIED = NextUpstream.class.getName() + ".tried";
    private static final String CAME = NextUpstream.class.getName() + ".came";
    private static final String FAILED = NextUpstream.class.getName() + ".failed";

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
        if (found.size() > Long.SIZE) {
            throw new IllegalArgumentException("more than " + Long.SIZE + " upstreams in one load balancer");
        }
        upstreams = found;
    }

    @Override
    public boolean process(Exchange exchange, AsyncCallback callback) {
        List<Upstream> all = upstreams;
        int chosen = choose(exchange, all);
        if (chosen < 0) {
            exchange.setException(unavailable(exchange, all));
            callback.done(true);
            return true;
        }
        return all.get(chosen).route.process(exchange, done -> {
            if (Admission.giveBack(exchange) && exchange.getException() instanceof DirectConsumerNotAvailableException stopped) {
                exchange.setException(new ProxyException(Failure.UNAVAILABLE, Failure.UNAVAILABLE.text(), stopped));
            }
            if (exchange.getException() != null) {
                exchange.setProperty(TRIED, tried(exchange) | 1L << chosen);
                exchange.setProperty(CAME, Boolean.TRUE);
                if (Failure.of(exchange.getException()) != Failure.UNAVAILABLE || exchange.getProperty(FAILED) == null) {
                    exchange.setProperty(FAILED, exchange.getException());
                }
            }
            callback.done(done);
        });
    }

    /** Whether the attempt has come here, and leaves an upstream that the exchange has not tried in this round; asked once. */
    static boolean isLeft(Exchange exchange) {
        return exchange.removeProperty(CAME) != null && tried(exchange) != -1;
    }

    /** Begins another round: all upstreams may be tried again. */
    static void again(Exchange exchange) {
        exchange.removeProperty(TRIED);
    }

    private int choose(Exchange exchange, List<Upstream> all) {
        long tried = tried(exchange);
        synchronized (order) {
            for (int pass = 0; pass < 2; pass++) {
                for (int i = 0; i < all.size(); i++) {
                    int candidate = (cursor + i) % all.size();
                    if ((tried >> candidate & 1) == 0 && admits(exchange, all.get(candidate), pass > 0)) {
                        cursor = (candidate + 1) % all.size();
                        return candidate;
                    }
                }
            }
        }
        return -1;
    }

    private boolean admits(Exchange exchange, Upstream upstream, boolean lastResort) {
        UpstreamBreaker breaker = breakers.get(upstream.name);
        if (breaker == null) {
            return true;
        }
        Permit permit = lastResort ? breaker.tryLastResort() : breaker.tryCall();
        if (permit != null) {
            Admission.give(exchange, breaker, permit);
        }
        return permit != null;
    }

    /**
     * What the exchange has met with, unless an upstream that it has not tried is merely full, or it has met with nothing
     * but such: then that no upstream can take it.
     */
    private Exception unavailable(Exchange exchange, List<Upstream> all) {
        long tried = tried(exchange);
        boolean full = false;
        for (int i = 0; i < all.size(); i++) {
            UpstreamBreaker breaker = breakers.get(all.get(i).name);
            full |= (tried >> i & 1) == 0 && breaker != null && breaker.getState() == State.CLOSED;
        }
        exchange.setProperty(TRIED, -1L);
        Exception before = exchange.getProperty(FAILED, Exception.class);
        if (before != null && !full && Failure.of(before) != Failure.UNAVAILABLE) {
            return before;
        }
        long millis = all.stream().map(upstream -> breakers.get(upstream.name)).filter(breaker -> breaker != null)
                .mapToLong(UpstreamBreaker::millisToProbe).min().orElse(0);
        return new ProxyException(Failure.UNAVAILABLE, Failure.UNAVAILABLE.text(), before, (int) Math.max(1, (millis + 999) / 1000));
    }

    private static long tried(Exchange exchange) {
        Long tried = (Long) exchange.getProperty(TRIED);
        return tried == null ? 0 : tried;
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
