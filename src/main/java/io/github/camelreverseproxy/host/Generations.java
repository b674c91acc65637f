package io.github.camelreverseproxy.host;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.Collectors;

import io.github.camelreverseproxy.observe.Reload;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.EventExecutor;
import org.apache.camel.CamelContext;
import org.apache.camel.main.Main;
import org.apache.camel.main.SimpleMainShutdownStrategy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The generations of a process. A new one is built and started completely beside the one that serves; then requests that are
 * handed over go to it. A request ends in the generation in which it began, and a generation ends when its last exchange has,
 * or when the time for that is over; streams and tunnels go on by themselves. One that cannot be built changes nothing.
 * Thread-safe.
 */
public final class Generations {
    private static final Logger LOG = LoggerFactory.getLogger(Generations.class);
    private static final long POLL_MILLIS = 20;
    /** So many that wait for their last request are worth a line. */
    private static final int MANY = 8;

    private record Running(int number, Main main, Generation generation, long drainMillis) {
        CamelContext context() {
            return main.getCamelContext();
        }

        void activate() {
            generation.activate(number, context());
        }
    }

    private final Supplier<Main> mains;
    private final Host host = new Host();
    private final ExecutorService ending = Executors.newCachedThreadPool(new DefaultThreadFactory("generation-ending", true));
    /** One after the other: what consumes from elsewhere must not overtake itself. */
    private final ExecutorService others = Executors.newSingleThreadExecutor(new DefaultThreadFactory("generation-others", true));
    private final AtomicInteger old = new AtomicInteger();
    private final Object building = new Object();
    private volatile Running current;
    private volatile boolean stopped;

    /** @param mains makes a Main, not started, of what the files say at that moment */
    public Generations(Supplier<Main> mains) {
        this.mains = mains;
    }

    /** @throws StartException if it cannot be */
    public void start() throws StartException {
        synchronized (building) {
            current = build(null);
            current.activate();
        }
    }

    public CamelContext context() {
        return current.context();
    }

    /**
     * Reads everything anew.
     *
     * @param changed the files that have, as far as is known
     * @throws StartException if it cannot be; everything is as it was
     */
    public void reload(String... changed) throws StartException {
        synchronized (building) {
            long time = System.currentTimeMillis();
            long begin = System.nanoTime();
            Running before = current;
            if (before == null) {
                // The start is still to read everything.
                return;
            }
            Running next;
            try {
                next = build(before);
            } catch (StartException e) {
                host.observatory.lately().ended(new Reload(time, 0, millisSince(begin), List.of(changed), e.getMessage().lines().toList()));
                throw e;
            } catch (RuntimeException | Error e) {
                host.observatory.lately().ended(new Reload(time, 0, millisSince(begin), List.of(changed), List.of("see the log")));
                throw e;
            }
            if (!swap(next)) {
                discard(next.main, next.generation, before);
                return;
            }
            old(old.incrementAndGet());
            long millis = millisSince(begin);
            host.observatory.lately().ended(new Reload(time, next.number, millis, List.of(changed), List.of()));
            others.execute(() -> {
                Generation.stopOthers(before.context(), before.drainMillis);
                if (current == next) {
                    next.generation.startOthers(next.context());
                }
                ending.execute(() -> end(before, next));
            });
            LOG.info("Generation {}{}, built in {} ms; {} exchanges still run in generation {}", next.number,
                    changed.length == 0 ? "" : ": " + String.join(", ", changed), millis, before.context().getInflightRepository().size(), before.number);
        }
    }

    private static long millisSince(long begin) {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin);
    }

    /** @param left generations that wait for their last requests */
    private void old(int left) {
        host.observatory.drain(left);
        if (left > MANY) {
            LOG.warn("{} generations still have requests in flight", left);
        }
    }

    private synchronized boolean swap(Running next) {
        if (!stopped) {
            current = next;
            next.activate();
        }
        return !stopped;
    }

    private Running build(Running before) throws StartException {
        Main main = mains.get();
        main.configure().setAutoConfigurationLogSummary(before == null);
        Generation generation = Generation.after(before == null ? null : before.generation, host);
        main.bind(Generation.BEAN, generation);
        // Camel's default hooks each Main into the JVM's shutdown, for good.
        main.setShutdownStrategy(new SimpleMainShutdownStrategy());
        try {
            main.start();
            if (generation.listeners().isEmpty()) {
                throw new IllegalStateException("no route listens");
            }
            if (before != null) {
                look(Trial.mistakes(mains), main.getCamelContext());
            }
            String drain = main.getCamelContext().resolvePropertyPlaceholders("{{proxy.timeout.drain}}");
            return new Running(before == null ? 1 : before.number + 1, main, generation, Long.parseLong(drain.strip()));
        } catch (StartException e) {
            discard(main, generation, before);
            throw e;
        } catch (Exception | Error e) {
            String reason = Startup.reason(main, e);
            boolean plain = before == null && (e instanceof SettingsException || reason.startsWith("proxy."));
            discard(main, generation, before);
            throw new StartException(plain ? reason : said(Trial.mistakes(mains), reason), e);
        }
    }

    private static void discard(Main main, Generation generation, Running before) {
        try {
            main.stop();
        } catch (RuntimeException e) {
            LOG.debug("What has not started does not stop", e);
        }
        generation.discard(before == null ? null : before.generation.kept());
    }

    /** What can be built may still be wrong: a step that leads nowhere is, and of the rest the log tells. */
    private static void look(Set<Mistake> mistakes, CamelContext built) throws StartException {
        Set<Mistake> certain = new TreeSet<>();
        for (Mistake mistake : mistakes) {
            if (mistake.leadsNowhere(built)) {
                certain.add(mistake);
            } else {
                LOG.warn("{}", mistake);
            }
        }
        if (!certain.isEmpty()) {
            throw new StartException(said(certain, ""), null);
        }
    }

    private static String said(Set<Mistake> mistakes, String otherwise) {
        return mistakes.isEmpty() ? otherwise : mistakes.stream().map(Mistake::toString).collect(Collectors.joining("\n"));
    }

    private void end(Running before, Running next) {
        try {
            long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(before.drainMillis);
            for (EventExecutor loop : host.eventLoops) {
                // Whatever is being handed over to it right now is in flight behind this.
                loop.submit(() -> { }).await(Math.max(0, until - System.nanoTime()), TimeUnit.NANOSECONDS);
            }
            while (before.context().getInflightRepository().size() > 0 && System.nanoTime() - until < 0) {
                Thread.sleep(POLL_MILLIS);
            }
            before.main.stop();
            before.generation.kept().end(next.generation.kept());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            LOG.error("A generation has not ended well", e);
        } finally {
            old(old.decrementAndGet());
        }
    }

    /** No new connection, and the requests in flight finish, as long as there is time. What is being built is not waited for. */
    public void stop() {
        synchronized (this) {
            if (stopped) {
                return;
            }
            stopped = true;
        }
        host.connections.drain();
        host.connections.cut();
        if (current != null) {
            current.main.stop();
            current.generation.kept().end(null);
        }
        others.shutdown();
        ending.shutdown();
        host.close();
    }
}
