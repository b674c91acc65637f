package io.github.camelreverseproxy.observe;

import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;

import io.github.camelreverseproxy.forwarding.ByteBudget;
import io.github.camelreverseproxy.forwarding.Journal;
import io.github.camelreverseproxy.listener.Connections;
import io.github.camelreverseproxy.listener.InFlight;
import io.github.camelreverseproxy.upstream.UpstreamState;
import org.apache.camel.CamelContext;

/** What is not counted but asked for, when somebody wants the numbers. Confined to whoever makes generations. */
final class Gauges {
    private final Observatory all;
    private final Metrics to;
    private final Set<String> shown = new HashSet<>();

    Gauges(Observatory all, Metrics to) {
        this.all = all;
        this.to = to;
        to.counter("proxy.requests.begun", "Requests that have begun", all.journal(), Journal::begun);
        to.gauge("proxy.requests.in.flight", "Requests that have begun and not ended", all.journal(), Journal::inFlight);
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

    /** @param names of all upstreams; what there was of others is gone */
    void show(Set<String> names) {
        shown.retainAll(names);
        names.stream().filter(shown::add).forEach(this::show);
    }

    private void show(String name) {
        for (UpstreamState.State state : UpstreamState.State.values()) {
            to.gauge("proxy.breaker.state", "1 for the state that the breaker of an upstream is in", this,
                    one -> one.of(name, known -> known.state() == state), "upstream", name, "state", state.word());
        }
        to.gauge("proxy.breaker.probe.seconds", "Until an upstream may be called again", this, one -> one.number(name, known -> known.millisToProbe() / 1000.0), "upstream", name);
        to.gauge("proxy.breaker.open.since.timestamp.seconds", "When the breaker of an upstream has opened; 0 if it is closed", this,
                one -> one.number(name, known -> known.since() / 1000.0), "upstream", name);
        to.counter("proxy.breaker.openings", "How often the breaker of an upstream has opened, after probes that failed too", this,
                one -> one.number(name, known -> (double) known.openings()), "upstream", name);
        to.gauge("proxy.upstream.in.flight", "Calls of an upstream in flight", this, one -> one.number(name, known -> (double) known.inFlight()), "upstream", name);
        to.gauge("proxy.upstream.in.flight.limit", "Calls of an upstream that may be in flight at once; 0 for no limit", this,
                one -> one.number(name, known -> (double) known.limit()), "upstream", name);
        to.gauge("proxy.pool.connections", "Connections to an upstream, of the client event-loop", all, one -> one.pool(name).open(), "upstream", name, "state", "open");
        to.gauge("proxy.pool.connections", "Connections to an upstream, of the client event-loop", all, one -> one.pool(name).idle(), "upstream", name, "state", "idle");
    }

    private double of(String upstream, Function<UpstreamState, Boolean> what) {
        return number(upstream, known -> what.apply(known) ? 1.0 : 0.0);
    }

    private double number(String upstream, Function<UpstreamState, Double> what) {
        CamelContext current = all.context();
        UpstreamState known = current == null ? null : UpstreamState.of(current, upstream);
        return known == null ? 0 : what.apply(known);
    }
}
