package io.github.camelreverseproxy.upstream;

import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import org.apache.camel.CamelContext;
import org.apache.camel.ExtendedCamelContext;
import org.apache.camel.Route;
import org.apache.camel.support.LifecycleStrategySupport;

/** The breakers of a Camel context by the names of their upstreams. Thread-safe. */
final class Breakers extends LifecycleStrategySupport {
    private final Map<String, UpstreamBreaker> byName = new ConcurrentHashMap<>();

    private final Set<String> checked = new HashSet<>();
    private volatile int version;

    private Breakers() {
    }

    static Breakers of(CamelContext context) {
        ExtendedCamelContext extended = context.getCamelContextExtension();
        synchronized (extended) {
            Breakers breakers = extended.getContextPlugin(Breakers.class);
            if (breakers == null) {
                breakers = new Breakers();
                extended.addContextPlugin(Breakers.class, breakers);
            }
            return breakers;
        }
    }

    /** Another one whenever routes have come or gone. */
    int version() {
        return version;
    }

    @Override
    public synchronized void onRoutesAdd(Collection<Route> routes) {
        version++;
    }

    @Override
    public synchronized void onRoutesRemove(Collection<Route> routes) {
        version++;
    }

    synchronized void put(String upstream, UpstreamBreaker breaker) {
        byName.put(upstream, breaker);
        if (checked.contains(upstream)) {
            breaker.check();
        }
    }

    /** The upstream has an active check. */
    synchronized void check(String upstream) {
        checked.add(upstream);
        UpstreamBreaker breaker = byName.get(upstream);
        if (breaker != null) {
            breaker.check();
        }
    }

    List<UpstreamState> states() {
        return byName.values().stream().map(UpstreamBreaker::now).sorted(Comparator.comparing(UpstreamState::name)).toList();
    }

    /** @return null if the upstream has none, which means that it may always be called */
    UpstreamBreaker get(String upstream) {
        return byName.get(upstream);
    }
}
