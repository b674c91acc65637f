package io.github.camelreverseproxy.observe;

import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.ToDoubleFunction;
import java.util.stream.LongStream;
import java.util.stream.Stream;

import io.github.camelreverseproxy.forwarding.AttemptRecord;
import io.github.camelreverseproxy.forwarding.Journal;
import io.github.camelreverseproxy.forwarding.RequestRecord;
import io.github.camelreverseproxy.message.Failure;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;

/**
 * The numbers of all requests, by Micrometer, in the format of Prometheus. What is told apart is bounded, whatever clients send:
 * upstreams by the names in the routes, methods that RFC 9110 and RFC 5789 know, classes of statuses, kinds of failures. What
 * each is called is in docs/operations.md. Thread-safe.
 */
public final class Metrics implements Journal.Reader, AutoCloseable {
    /** Stands for an upstream where none was asked. */
    static final String NONE = "none";

    private static final String OTHER = "other";
    /** A route may take an upstream's name out of a message. */
    private static final int MOST_UPSTREAMS = 500;
    private static final String[] CLASSES = {"0xx", "1xx", "2xx", "3xx", "4xx", "5xx", "6xx", "7xx", "8xx", "9xx"};
    private static final Set<String> METHODS = Set.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE");
    private static final Duration[] BUCKETS = LongStream.of(250, 500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000,
            1_000_000, 2_500_000, 5_000_000, 10_000_000, 30_000_000, 60_000_000).mapToObj(micros -> Duration.ofNanos(micros * 1000)).toArray(Duration[]::new);

    /** Of the buckets of a histogram, in milliseconds. */
    static double[] bounds() {
        return Arrays.stream(BUCKETS).mapToDouble(bound -> bound.toNanos() / 1e6).toArray();
    }

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final Map<String, OfUpstream> upstreams = new ConcurrentHashMap<>();
    private final OfUpstream none;
    private final LongAdder received = new LongAdder();
    private final LongAdder sent = new LongAdder();
    private final Counter[] failures = new Counter[Failure.values().length];

    /** What is counted for one upstream. */
    private final class OfUpstream {
        private final String name;
        private final Timer requests;
        /** Null where there are none. */
        private final Timer attempts;
        private final Counter redeliveries;
        private final Map<String, Counter[]> byMethod = new ConcurrentHashMap<>();
        private final Map<String, Counter> byOutcome = new ConcurrentHashMap<>();

        OfUpstream(String name, boolean asked) {
            this.name = name;
            requests = timer("proxy.request.duration", "Requests, from their heads to the last bytes of their responses, by the upstream that was asked last");
            attempts = !asked ? null
                    : timer("proxy.attempt.duration", "Attempts at an upstream, until its response was here, or the head of one that is passed on as it comes");
            redeliveries = Counter.builder("proxy.redeliveries").description("Attempts that were not the first of their request").tag("upstream", name).register(registry);
        }

        private Timer timer(String meter, String description) {
            return Timer.builder(meter).description(description).tag("upstream", name).serviceLevelObjectives(BUCKETS).register(registry);
        }

        void ended(RequestRecord request) {
            requests.record(request.nanos(), TimeUnit.NANOSECONDS);
            String method = request.method() == null ? NONE : METHODS.contains(request.method()) ? request.method() : OTHER;
            Counter[] byClass = byMethod.get(method);
            if (byClass == null) {
                byClass = byMethod.computeIfAbsent(method, key -> new Counter[CLASSES.length]);
            }
            int code = request.status() / 100 % 10;
            Counter counter = byClass[code];
            if (counter == null) {
                // The same one, should another thread make it too.
                counter = Counter.builder("proxy.requests").description("Requests that have ended").tag("upstream", name).tag("method", method)
                        .tag("status", CLASSES[code]).register(registry);
                byClass[code] = counter;
            }
            counter.increment();
        }

        void ended(AttemptRecord attempt) {
            attempts.record(attempt.nanos(), TimeUnit.NANOSECONDS);
            Failure failure = attempt.failure();
            String outcome = failure != null ? failure.kind() : statusClass(attempt.status());
            Counter known = byOutcome.get(outcome);
            if (known == null) {
                known = byOutcome.computeIfAbsent(outcome, key -> Counter.builder("proxy.attempts").description("Attempts at an upstream that have ended")
                    .tag("upstream", name).tag("outcome", key).register(registry));
            }
            known.increment();
        }
    }

    Metrics() {
        FunctionCounter.builder("proxy.received", received, LongAdder::sum).baseUnit("bytes").description("Bytes of requests' bodies").register(registry);
        FunctionCounter.builder("proxy.sent", sent, LongAdder::sum).baseUnit("bytes").description("Bytes of responses' bodies").register(registry);
        none = new OfUpstream(NONE, false);
        // All of them from the start: the increase of what was not there before is none.
        Arrays.setAll(failures, kind -> Counter.builder("proxy.failures")
                .description("Requests that were answered with an error by the proxy, whose response has broken off, or whose client has gone")
                .tag("kind", Failure.values()[kind].kind()).register(registry));
    }

    /** Numbers of the JVM too, from now on: to find them takes a while, in which a start has other things to do. */
    void watchJvm() {
        new JvmMemoryMetrics().bindTo(registry);
        new JvmThreadMetrics().bindTo(registry);
        new ProcessorMetrics().bindTo(registry);
        new FileDescriptorMetrics().bindTo(registry);
        new UptimeMetrics().bindTo(registry);
        // By asking: the JVM tells whoever listens of each collection, of which there may be a hundred a second.
        for (GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) {
            FunctionTimer.builder("jvm.gc.pause", collector, GarbageCollectorMXBean::getCollectionCount, GarbageCollectorMXBean::getCollectionTime, TimeUnit.MILLISECONDS)
                    .description("Collections of garbage").tag("gc", collector.getName()).register(registry);
        }
    }

    private static String statusClass(int status) {
        return CLASSES[status / 100 % 10];
    }

    private OfUpstream upstream(String name) {
        OfUpstream known = upstreams.get(name);
        if (known != null) {
            return known;
        }
        return upstreams.computeIfAbsent(upstreams.size() >= MOST_UPSTREAMS ? OTHER : name, key -> new OfUpstream(key, true));
    }

    @Override
    public void ended(RequestRecord request) {
        List<AttemptRecord> attempts = request.attempts();
        String last = request.upstream();
        (last == null ? none : upstream(last)).ended(request);
        boolean first = true;
        for (AttemptRecord attempt : attempts) {
            OfUpstream asked = upstream(attempt.upstream());
            if (!attempt.isAlone()) {
                asked.ended(attempt);
            }
            if (!attempt.isOfCopy()) {
                if (!first) {
                    asked.redeliveries.increment();
                }
                first = false;
            }
        }
        if (request.received() > 0) {
            received.add(request.received());
        }
        if (request.sent() > 0) {
            sent.add(request.sent());
        }
        Failure failure = request.failure();
        if (failure != null) {
            failures[failure.ordinal()].increment();
        }
    }

    @Override
    public void ended(AttemptRecord attempt) {
        upstream(attempt.upstream()).ended(attempt);
    }

    /**
     * Each has numbers of its own, however many there are. What was counted of one that is gone stays: a sum that became less
     * would be wrong.
     *
     * @param names of upstreams in the routes
     */
    void know(Set<String> names) {
        names.forEach(name -> upstreams.computeIfAbsent(name, key -> new OfUpstream(key, true)));
    }

    /** The times of attempts at an upstream, or null. */
    Timer attempts(String upstream) {
        OfUpstream known = upstreams.get(upstream);
        return known == null ? null : known.attempts;
    }

    /** The times of requests, by the upstream that was asked last. */
    List<Timer> requests() {
        return Stream.concat(Stream.of(none), upstreams.values().stream()).map(known -> known.requests).toList();
    }

    /** Attempts at an upstream that have ended. */
    long count(String upstream) {
        OfUpstream known = upstreams.get(upstream);
        return known == null ? 0 : known.attempts.count();
    }

    /** Requests that have been counted. */
    long counted() {
        return requests().stream().mapToLong(Timer::count).sum();
    }

    <T> Meter gauge(String name, String description, T of, ToDoubleFunction<T> value, String... tags) {
        return Gauge.builder(name, of, value).description(description).tags(tags).strongReference(true).register(registry);
    }

    <T> Meter counter(String name, String description, T of, ToDoubleFunction<T> value, String... tags) {
        return FunctionCounter.builder(name, of, value).description(description).tags(tags).register(registry);
    }

    void remove(Meter meter) {
        registry.remove(meter);
    }

    Timer timer(String name, String description) {
        return Timer.builder(name).description(description).register(registry);
    }

    /** In the text format of Prometheus, version 0.0.4. */
    String scrape() {
        return registry.scrape();
    }

    @Override
    public void close() {
        registry.close();
    }
}
