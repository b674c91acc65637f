package io.github.camelreverseproxy.observe;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import java.util.stream.Collectors;

import io.github.camelreverseproxy.client.PoolState;
import io.github.camelreverseproxy.client.UpstreamEndpoint;
import io.github.camelreverseproxy.forwarding.ByteBudget;
import io.github.camelreverseproxy.forwarding.Journal;
import io.github.camelreverseproxy.forwarding.RequestRecord;
import io.github.camelreverseproxy.listener.Connections;
import io.github.camelreverseproxy.listener.InFlight;
import io.github.camelreverseproxy.message.Failure;
import io.github.camelreverseproxy.upstream.UpstreamState;
import io.micrometer.core.instrument.Timer;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.EventExecutor;
import org.apache.camel.CamelContext;
import org.apache.camel.Endpoint;

/**
 * What can be seen of the process from outside, as long as it lives: it reads the {@link Journal}, asks what else there is to
 * ask, and keeps what has been lately. Thread-safe.
 */
public final class Observatory implements AutoCloseable {
    private static final int REMEMBERED = 20;
    private static final long TICK_MILLIS = 500;

    private final long started = System.currentTimeMillis();
    private final Journal journal;
    private final InFlight inFlight;
    private final ByteBudget budget;
    private final Connections connections;
    private final EventLoopGroup eventLoops;
    private final Deque<RequestRecord> refusals = new ArrayDeque<>();
    private final Deque<Reload> reloads = new ArrayDeque<>();
    private final LongAdder errors = new LongAdder();
    private final LongAdder reloaded = new LongAdder();
    private final LongAdder notReloaded = new LongAdder();
    private final LongAdder dropped = new LongAdder();
    private final Set<String> shown = new HashSet<>();
    private final Map<EventExecutor, Long> ticked = new ConcurrentHashMap<>();
    private volatile int draining;
    private volatile int generation;
    private volatile long since;
    private volatile CamelContext context;
    private volatile CompletableFuture<Metrics> prepared;
    private volatile Metrics metrics;
    private volatile AccessLog log;
    private Tracing tracing;
    private String traced = "";
    private String logFile = "";
    private AccessLog.Format logFormat = AccessLog.Format.OFF;

    /** @param eventLoops whose delay is measured */
    public Observatory(Journal journal, InFlight inFlight, ByteBudget budget, Connections connections, EventLoopGroup eventLoops) {
        this.journal = journal;
        this.inFlight = inFlight;
        this.budget = budget;
        this.connections = connections;
        this.eventLoops = eventLoops;
    }

    /** From now on there is a line for each request. Lines that are on their way to the file before are still written there. */
    public synchronized void log(String file, AccessLog.Format format) throws IOException {
        if (file.equals(logFile) && format == logFormat) {
            return;
        }
        AccessLog before = log;
        log = format == AccessLog.Format.OFF ? null : AccessLog.to(file, format);
        logFile = file;
        logFormat = format;
        read();
        if (before != null) {
            before.close();
            dropped.add(before.dropped());
        }
    }

    /**
     * From now on requests are traced, or are not.
     *
     * @param endpoint of a collector; if empty, there is no tracing
     * @param ratio    of the traces that begin here, from 0 to 1
     */
    public synchronized void trace(String endpoint, double ratio) {
        String wanted = endpoint.isEmpty() ? "" : endpoint + ' ' + ratio;
        if (!wanted.equals(traced)) {
            Tracing before = tracing;
            tracing = endpoint.isEmpty() ? null : new Tracing(endpoint, ratio);
            traced = wanted;
            journal.trace(tracing);
            if (before != null) {
                before.close();
            }
        }
    }

    /** Gets ready to measure, on a thread of its own: it takes a while, in which a start has other things to do. */
    public void prepare() {
        prepared = CompletableFuture.supplyAsync(Metrics::new);
    }

    /** From now on there are numbers. */
    public synchronized void measure() {
        if (metrics == null) {
            metrics = prepared == null ? new Metrics() : prepared.join();
            register(metrics);
            read();
            Timer delay = metrics.timer("proxy.event.loop.delay", "How late an event loop does what it was to do");
            for (EventExecutor loop : eventLoops) {
                tick(loop, delay);
            }
        }
    }

    private void read() {
        List<Journal.Reader> readers = new ArrayList<>();
        if (metrics != null) {
            readers.add(metrics);
            readers.add(this::remember);
        }
        if (log != null) {
            readers.add(log);
        }
        journal.read(readers.toArray(Journal.Reader[]::new));
    }

    private void tick(EventExecutor loop, Timer delay) {
        long due = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(TICK_MILLIS);
        ticked.put(loop, due);
        if (!loop.isShuttingDown()) {
            loop.schedule(() -> {
                delay.record(Math.max(0, System.nanoTime() - due), TimeUnit.NANOSECONDS);
                tick(loop, delay);
            }, TICK_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    /** Whether an event loop has done nothing for so long. */
    boolean isStuck(long millis) {
        long now = System.nanoTime();
        return ticked.values().stream().anyMatch(due -> now - due > TimeUnit.MILLISECONDS.toNanos(millis));
    }

    private void remember(RequestRecord request) {
        Failure failure = request.failure();
        if (failure != null && failure.status() >= 500) {
            errors.increment();
        }
        if (failure != null && failure != Failure.CLIENT_GONE) {
            synchronized (refusals) {
                refusals.addFirst(request);
                if (refusals.size() > REMEMBERED) {
                    refusals.removeLast();
                }
            }
        }
    }

    /** A generation serves from now on. */
    public synchronized void serves(int number, CamelContext by) {
        generation = number;
        since = System.currentTimeMillis();
        context = by;
        if (metrics != null) {
            Set<String> names = upstreams();
            metrics.keep(names);
            shown.retainAll(names);
            names.stream().filter(shown::add).forEach(this::show);
        }
    }

    /** @param generations that wait for their last requests */
    public void drain(int generations) {
        draining = generations;
    }

    public void reloaded(Reload reload) {
        (reload.isOk() ? reloaded : notReloaded).increment();
        synchronized (reloads) {
            reloads.addFirst(reload);
            if (reloads.size() > REMEMBERED) {
                reloads.removeLast();
            }
        }
    }

    /** Of all upstreams that routes send to. */
    Set<String> upstreams() {
        Set<String> names = new TreeSet<>();
        CamelContext current = context;
        if (current != null) {
            for (Endpoint endpoint : current.getEndpoints()) {
                if (endpoint instanceof UpstreamEndpoint upstream) {
                    names.add(upstream.name());
                }
            }
            states().keySet().forEach(names::add);
        }
        return names;
    }

    Map<String, UpstreamState> states() {
        CamelContext current = context;
        return current == null ? Map.of() : UpstreamState.of(current).stream().collect(Collectors.toMap(UpstreamState::name, Function.identity()));
    }

    PoolState pool(String upstream) {
        CamelContext current = context;
        int open = 0;
        int idle = 0;
        for (PoolState pool : current == null ? List.<PoolState>of() : PoolState.of(current)) {
            open += pool.upstream().equals(upstream) ? pool.open() : 0;
            idle += pool.upstream().equals(upstream) ? pool.idle() : 0;
        }
        return new PoolState(upstream, open, idle);
    }

    private void register(Metrics to) {
        to.counter("proxy.requests.begun", "Requests that have begun", journal, Journal::begun);
        to.gauge("proxy.requests.in.flight", "Requests that have begun and not ended", this, all -> all.journal.begun() - all.journal.ended());
        to.gauge("proxy.requests.in.flight.limit", "Requests that routes may have at once", inFlight, InFlight::limit);
        to.gauge("proxy.connections.open", "Connections of clients", connections, Connections::count);
        to.gauge("proxy.connections.limit", "Connections that clients may have at once", connections, Connections::limit);
        to.gauge("proxy.body.held.bytes", "Bytes of bodies that are held", budget, ByteBudget::held);
        to.gauge("proxy.body.limit.bytes", "Bytes of bodies that may be held at once", budget, ByteBudget::limit);
        to.gauge("proxy.generation", "The number of the generation that serves", this, all -> all.generation);
        to.gauge("proxy.generations.draining", "Generations that wait for their last requests", this, all -> all.draining);
        to.counter("proxy.reloads", "Times that everything was read anew", reloaded, LongAdder::sum, "outcome", "ok");
        to.counter("proxy.reloads", "Times that everything was read anew", notReloaded, LongAdder::sum, "outcome", "failed");
        to.gauge("proxy.reload.failed", "1 if the last reload has failed", this, all -> all.reloads().stream().findFirst().filter(last -> !last.isOk()).isPresent() ? 1 : 0);
        to.counter("proxy.access.log.dropped", "Lines of the access log that there are not, because the disk was too slow or full", this, Observatory::dropped);
        to.gauge("proxy.ready", "1 if requests can be taken and answered", this, all -> all.unready().isEmpty() ? 1 : 0);
    }

    private double dropped() {
        AccessLog current = log;
        return dropped.sum() + (current == null ? 0 : current.dropped());
    }

    private void show(String name) {
        for (UpstreamState.State state : UpstreamState.State.values()) {
            metrics.gauge("proxy.breaker.state", "1 for the state that the breaker of an upstream is in", this,
                    all -> all.of(name, known -> known.state() == state), "upstream", name, "state", state.word());
        }
        metrics.gauge("proxy.breaker.probe.seconds", "Until an upstream may be called again", this, all -> all.number(name, known -> known.millisToProbe() / 1000.0), "upstream", name);
        metrics.gauge("proxy.breaker.open.since.timestamp.seconds", "When the breaker of an upstream has opened; 0 if it is closed", this,
                all -> all.number(name, known -> known.since() / 1000.0), "upstream", name);
        metrics.counter("proxy.breaker.openings", "How often the breaker of an upstream has opened, after probes that failed too", this,
                all -> all.number(name, known -> (double) known.openings()), "upstream", name);
        metrics.gauge("proxy.upstream.in.flight", "Calls of an upstream in flight", this, all -> all.number(name, known -> (double) known.inFlight()), "upstream", name);
        metrics.gauge("proxy.upstream.in.flight.limit", "Calls of an upstream that may be in flight at once; 0 for no limit", this,
                all -> all.number(name, known -> (double) known.limit()), "upstream", name);
        metrics.gauge("proxy.pool.connections", "Connections to an upstream, of the client event-loop", this, all -> all.pool(name).open(), "upstream", name, "state", "open");
        metrics.gauge("proxy.pool.connections", "Connections to an upstream, of the client event-loop", this, all -> all.pool(name).idle(), "upstream", name, "state", "idle");
    }

    private double of(String upstream, Function<UpstreamState, Boolean> what) {
        return number(upstream, known -> what.apply(known) ? 1.0 : 0.0);
    }

    private double number(String upstream, Function<UpstreamState, Double> what) {
        CamelContext current = context;
        UpstreamState known = current == null ? null : UpstreamState.of(current, upstream);
        return known == null ? 0 : what.apply(known);
    }

    /** Why requests cannot be taken and answered; empty if they can. Asks nobody who could wait. */
    List<String> unready() {
        List<String> why = new ArrayList<>();
        if (context == null) {
            why.add("the start is not complete");
        }
        if (connections.isDraining()) {
            why.add("the process is about to stop");
        }
        Map<String, UpstreamState> states = states();
        if (!states.isEmpty() && states.values().stream().noneMatch(UpstreamState::callable)) {
            why.add("no upstream can be reached: " + String.join(", ", new TreeSet<>(states.keySet())));
        }
        return why;
    }

    List<RequestRecord> refusals() {
        synchronized (refusals) {
            return List.copyOf(refusals);
        }
    }

    List<Reload> reloads() {
        synchronized (reloads) {
            return List.copyOf(reloads);
        }
    }

    CamelContext context() {
        return context;
    }

    Metrics metrics() {
        return metrics;
    }

    Journal journal() {
        return journal;
    }

    InFlight inFlight() {
        return inFlight;
    }

    ByteBudget budget() {
        return budget;
    }

    Connections connections() {
        return connections;
    }

    long started() {
        return started;
    }

    int generation() {
        return generation;
    }

    long since() {
        return since;
    }

    int draining() {
        return draining;
    }

    long errors() {
        return errors.sum();
    }

    @Override
    public synchronized void close() {
        journal.read();
        trace("", 0);
        try {
            if (log != null) {
                log.close();
            }
        } catch (IOException e) {
            // Nobody is left to be told.
        }
        if (metrics != null) {
            metrics.close();
        }
    }
}
