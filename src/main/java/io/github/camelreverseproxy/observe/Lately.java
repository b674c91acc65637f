package io.github.camelreverseproxy.observe;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;

import io.github.camelreverseproxy.forwarding.Journal;
import io.github.camelreverseproxy.forwarding.RequestRecord;
import io.github.camelreverseproxy.message.Failure;

/** The last requests that the proxy has answered with an error, and the last reloads. Thread-safe. */
public final class Lately implements Journal.Reader {
    private static final int REMEMBERED = 20;
    private static final int SERVER_ERROR = 500;

    private final Deque<RequestRecord> refusals = new ArrayDeque<>();
    private final Deque<Reload> reloads = new ArrayDeque<>();
    private final LongAdder errors = new LongAdder();
    private final LongAdder reloaded = new LongAdder();
    private final LongAdder notReloaded = new LongAdder();

    private static <T> void remember(Deque<T> all, T one) {
        synchronized (all) {
            all.addFirst(one);
            if (all.size() > REMEMBERED) {
                all.removeLast();
            }
        }
    }

    private static <T> List<T> copy(Deque<T> all) {
        synchronized (all) {
            return List.copyOf(all);
        }
    }

    @Override
    public void ended(RequestRecord request) {
        if (request.status() >= SERVER_ERROR || request.failure() != null && request.failure().status() >= SERVER_ERROR) {
            errors.increment();
        }
        if (request.failure() != null && request.failure() != Failure.CLIENT_GONE) {
            remember(refusals, request);
        }
    }

    /** It was tried to read everything anew. */
    public void ended(Reload reload) {
        (reload.isOk() ? reloaded : notReloaded).increment();
        remember(reloads, reload);
    }

    /** Requests that were answered with a status of 500 or more, or whose response has broken off. */
    long errors() {
        return errors.sum();
    }

    /** Reloads that have made a generation. */
    LongAdder reloaded() {
        return reloaded;
    }

    /** Reloads that have failed. */
    LongAdder notReloaded() {
        return notReloaded;
    }

    /** The last one first. */
    List<RequestRecord> refusals() {
        return copy(refusals);
    }

    /** The last one first. */
    List<Reload> reloads() {
        return copy(reloads);
    }

    /** Why the last reload has failed, a line each; empty if it has not. */
    List<String> reloadErrors() {
        return reloads().stream().findFirst().map(Reload::errors).orElse(List.of());
    }
}
