package io.github.camelreverseproxy.client;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The threads on which exchanges wait, for camel-http or in a step of a route: a virtual one for each exchange from JDK
 * 21 on; before, a pool that refuses work beyond its size, which the client sees as 503. The event loops never wait.
 */
public final class Workers {
    private Workers() {
    }

    /** @param max threads of the pool, where there are no virtual ones */
    public static ExecutorService create(int max) {
        try {
            return (ExecutorService) Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
        } catch (ReflectiveOperationException e) {
            AtomicInteger number = new AtomicInteger();
            return new ThreadPoolExecutor(0, max, 30, TimeUnit.SECONDS, new SynchronousQueue<>(), task -> {
                Thread thread = new Thread(task, "exchange-" + number.incrementAndGet());
                thread.setDaemon(true);
                return thread;
            });
        }
    }
}
