package io.github.camelreverseproxy.observe;

import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BiConsumer;

/**
 * Writes lines on a thread of its own, many at a time, so that nobody who has a line waits for a disk or a terminal: past a
 * number of them they are dropped, and counted. Thread-safe.
 *
 * @param <T> what lines are made of, on that thread
 */
final class Lines<T> implements AutoCloseable {
    private static final int PIECE = 64 * 1024;
    /** More lines are waited for so long, before what is there is written. */
    private static final long GATHER_MILLIS = 10;
    private static final long CLOSE_MILLIS = 2000;

    private final BlockingQueue<T> waiting;
    private final LongAdder dropped = new LongAdder();
    private final BiConsumer<T, ByteLine> format;
    private final OutputStream out;
    private final Thread thread;
    private volatile boolean closed;

    /**
     * @param name   of the thread
     * @param most   lines that wait
     * @param format appends the line of one thing
     */
    Lines(String name, int most, OutputStream out, BiConsumer<T, ByteLine> format) {
        this.waiting = new ArrayBlockingQueue<>(most);
        this.out = out;
        this.format = format;
        thread = new Thread(this::run, name);
        thread.setDaemon(true);
        thread.start();
    }

    void add(T thing) {
        if (closed || !waiting.offer(thing)) {
            dropped.increment();
        }
    }

    /** How many lines there are not, for want of a place to wait or because they could not be written. */
    long dropped() {
        return dropped.sum();
    }

    private void run() {
        List<T> some = new ArrayList<>();
        ByteLine bytes = new ByteLine();
        try {
            while (!closed || !waiting.isEmpty()) {
                T first = waiting.poll(1, TimeUnit.SECONDS);
                if (first != null) {
                    if (!closed) {
                        Thread.sleep(GATHER_MILLIS);
                    }
                    some.add(first);
                    waiting.drainTo(some);
                    write(some, bytes);
                    some.clear();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void write(List<T> some, ByteLine bytes) {
        int unwritten = 0;
        for (T thing : some) {
            format.accept(thing, bytes);
            unwritten++;
            if (bytes.size() >= PIECE) {
                unwritten = write(bytes, unwritten);
            }
        }
        write(bytes, unwritten);
    }

    private int write(ByteLine bytes, int lines) {
        try {
            bytes.writeTo(out);
        } catch (IOException e) {
            dropped.add(lines);
        } finally {
            bytes.clear();
        }
        return 0;
    }

    /** What waits is written, if that does not take long. */
    @Override
    public void close() {
        closed = true;
        try {
            thread.join(CLOSE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
