package io.github.camelreverseproxy.observe;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;

import io.github.camelreverseproxy.forwarding.ByteBudget;
import io.github.camelreverseproxy.listener.Connections;
import io.github.camelreverseproxy.listener.InFlight;
import io.github.camelreverseproxy.upstream.UpstreamState;
import io.micrometer.core.instrument.Meter;
import org.apache.camel.CamelContext;

/** What is not counted but asked for, when somebody wants the numbers. Thread-safe. */
final class Gauges {
    /** Meters of an upstream that it has without a breaker, too. */
    private static final int POOL = 2;

    private final Observatory all;
    private final Metrics to;
    /** Those before anything was counted. */
    private final long before;
    private volatile long begun;
    private final Map<String, List<Meter>> shown = new HashMap<>();

    Gauges(Observatory all, Metrics to) {
        this.all = all;
        this.to = to;
        before = all.journal().ended();
        to.counter("proxy.requests.begun", "Requests that have begun", this, one -> one.begun);
        to.gauge("proxy.requests.in.flight", "Requests that have begun and not ended", this, one -> one.begun - to.counted());
        to.gauge("proxy.requests.in.flight.limit", "Requests that routes may have at once", all.inFlight(), InFlight::limit);
        to.gauge("proxy.connections.open", "Connections of clients", all.connections(), Connections::count);
        to.gauge("proxy.connections.limit", "Connections that clients may have at once", all.connections(), Connections::limit);
        to.gauge("proxy.body.held.bytes", "Bytes of bodies that are held", all.budget(), ByteBudget::held);
        to.gauge("proxy.body.limit.bytes", "Bytes of bodies that may be held at once", all.budget(), ByteBudget::limit);
        to.gauge("proxy.generation", "The number of the generation that serves", all, Observatory::generation);
        to.gauge("proxy.generations.draining", "Generations that wait for their last requests", all, Observatory::draining);
        to.counter("proxy.reloads", "Times that everything was read anew", all.lately().reloaded(), LongAdder::sum, "outcome", "ok");
        to.counter("proxy.reloads", "Times that everything was read anew", all.lately().notReloaded(), LongAdder::sum, "outcome", "failed");
        to.gauge("proxy.reload.failed", "1 if the last reload has failed", all, one -> one.lately().reloadErrors().isEmpty() ? 0 : 1);
        to.counter("proxy.access.log.dropped", "Lines of the access log that there are not, because the disk was too slow or full", all, Observatory::dropped);
        to.gauge("proxy.ready", "1 if requests can be taken and answered", all, one -> one.unready().isEmpty() ? 1 : 0);
    }

    /** All numbers, of one moment if nothing is counted meanwhile. */
    String scrape() {
        begun = all.journal().begun() - before;
        return to.scrape();
    }

    /** @param names of all upstreams; what there was of others is gone */
    synchronized void show(Set<String> names) {
        to.know(names);
        Set<String> guarded = all.states().keySet();
        shown.entrySet().removeIf(known -> {
            boolean gone = !names.contains(known.getKey());
            if (gone) {
                known.getValue().forEach(to::remove);
            }
            return gone;
        });
        for (String name : names) {
            List<Meter> meters = shown.computeIfAbsent(name, this::pool);
            if (meters.size() == POOL && guarded.contains(name)) {
                meters.addAll(breaker(name));
            } else if (meters.size() > POOL && !guarded.contains(name)) {
                List<Meter> breaker = meters.subList(POOL, meters.size());
                breaker.forEach(to::remove);
                breaker.clear();
            }
        }
    }

    private List<Meter> pool(String name) {
        String description = "Connections to an upstream, of the client event-loop";
        return new ArrayList<>(List.of(
                to.gauge("proxy.pool.connections", description, all, one -> one.pool(name).open(), "upstream", name, "state", "open"),
                to.gauge("proxy.pool.connections", description, all, one -> one.pool(name).idle(), "upstream", name, "state", "idle")));
    }

    private List<Meter> breaker(String name) {
        List<Meter> meters = new ArrayList<>();
        for (UpstreamState.State state : UpstreamState.State.values()) {
            meters.add(to.gauge("proxy.breaker.state", "1 for the state that the breaker of an upstream is in", this,
                    one -> one.number(name, known -> known.state() == state ? 1.0 : 0.0), "upstream", name, "state", state.word()));
        }
        meters.add(gauge(name, "proxy.breaker.probe.seconds", "Until an upstream may be called again", known -> known.millisToProbe() / 1000.0));
        meters.add(gauge(name, "proxy.breaker.open.since.timestamp.seconds", "When the breaker of an upstream has opened; 0 if it is closed", known -> known.since() / 1000.0));
        meters.add(to.counter("proxy.breaker.openings", "How often the breaker of an upstream has opened out of the closed state", this,
                one -> one.number(name, known -> (double) known.openings()), "upstream", name));
        meters.add(gauge(name, "proxy.upstream.in.flight", "Calls of an upstream in flight", known -> (double) known.inFlight()));
        meters.add(gauge(name, "proxy.upstream.in.flight.limit", "Calls of an upstream that may be in flight at once; 0 for no limit", known -> (double) known.limit()));
        return meters;
    }

    private Meter gauge(String upstream, String name, String description, Function<UpstreamState, Double> what) {
        return to.gauge(name, description, this, one -> one.number(upstream, what), "upstream", upstream);
    }

    /** None, until it is seen that the upstream has no breaker any more. */
    private double number(String upstream, Function<UpstreamState, Double> what) {
        CamelContext current = all.context();
        UpstreamState known = current == null ? null : UpstreamState.of(current, upstream);
        return known == null ? Double.NaN : what.apply(known);
    }
}
