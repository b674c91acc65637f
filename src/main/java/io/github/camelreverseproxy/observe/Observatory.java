package io.github.camelreverseproxy.observe;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import java.util.stream.Collectors;

import io.github.camelreverseproxy.client.PoolState;
import io.github.camelreverseproxy.client.UpstreamEndpoint;
import io.github.camelreverseproxy.forwarding.ByteBudget;
import io.github.camelreverseproxy.forwarding.Journal;
import io.github.camelreverseproxy.listener.Connections;
import io.github.camelreverseproxy.listener.InFlight;
import io.github.camelreverseproxy.upstream.UpstreamState;
import io.micrometer.core.instrument.Timer;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.EventExecutor;
import org.apache.camel.CamelContext;
import org.apache.camel.Endpoint;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What can be seen of the process from outside, as long as it lives: it reads the {@link Journal}, asks what else there is to
 * ask, and keeps what has been lately. Thread-safe.
 */
public final class Observatory implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Observatory.class);
    private static final long TICK_MILLIS = 500;

    private final long started = System.currentTimeMillis();
    private final Journal journal;
    private final InFlight inFlight;
    private final ByteBudget budget;
    private final Connections connections;
    private final EventLoopGroup eventLoops;
    private final Lately lately = new Lately();
    private final LongAdder dropped = new LongAdder();
    private final Map<EventExecutor, Long> ticked = new ConcurrentHashMap<>();
    private volatile int draining;
    private volatile int generation;
    private volatile long since;
    private volatile CamelContext context;
    private volatile Metrics metrics;
    private volatile Gauges gauges;
    private volatile AccessLog log;
    private volatile RecordQueue records;
    private Tracing tracing;
    private String traced = "";
    private String logged = "";

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
        String wanted = format == AccessLog.Format.OFF ? "" : format + " " + file;
        if (wanted.equals(logged)) {
            return;
        }
        AccessLog before = log;
        log = wanted.isEmpty() ? null : AccessLog.to(file, format, dropped);
        logged = wanted;
        records().write(log);
        if (before != null) {
            aside(before);
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
                aside(before);
            }
        }
    }

    /** Ends what may wait for somebody, where nobody waits for it. */
    private static void aside(AutoCloseable old) {
        Thread thread = new Thread(() -> {
            try {
                old.close();
            } catch (Exception e) {
                LOG.warn("{}", e.toString());
            }
        }, "ending");
        thread.setDaemon(true);
        thread.start();
    }

    /** From now on there are numbers. */
    public synchronized void measure() {
        if (metrics == null) {
            metrics = new Metrics();
            RecordQueue queue = records();
            gauges = queue.still(() -> {
                queue.count(metrics, lately);
                return new Gauges(this, metrics);
            });
            Timer delay = metrics.timer("proxy.event.loop.delay", "How late an event loop does what it was to do");
            for (EventExecutor loop : eventLoops) {
                tick(loop, delay);
            }
        }
    }

    /** From now on records are read. */
    private RecordQueue records() {
        if (records == null) {
            records = new RecordQueue();
            journal.read(records);
        }
        return records;
    }

    /** Whatever has ended before is counted. */
    void read() {
        records.read();
    }

    /** All numbers, of one moment: so many have begun as have ended and are in flight. */
    String scrape() {
        return records.still(gauges::scrape);
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
        return ticked.values().stream().anyMatch(due -> System.nanoTime() - due > TimeUnit.MILLISECONDS.toNanos(millis));
    }

    /** A generation serves from now on. */
    public synchronized void serves(int number, CamelContext by) {
        generation = number;
        since = System.currentTimeMillis();
        context = by;
        if (metrics != null) {
            gauges.show(upstreams());
        }
    }

    /** @param generations that wait for their last requests */
    public void drain(int generations) {
        draining = generations;
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

    /** Lines of the log that there are not. */
    double dropped() {
        return dropped.sum();
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

    /** What has been refused, and what was read anew. */
    public Lately lately() {
        return lately;
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

    @Override
    public synchronized void close() {
        journal.read();
        journal.trace(null);
        if (tracing != null) {
            tracing.close();
        }
        if (records != null) {
            records.close();
        }
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
