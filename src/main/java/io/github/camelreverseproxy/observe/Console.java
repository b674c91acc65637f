package io.github.camelreverseproxy.observe;

import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Standard output that nobody waits for: what is printed is written on a thread of its own. A terminal or a pipe that nobody
 * reads would otherwise stop whoever logs a line, an event loop most likely. What is lost for that is told when there is
 * something to write to again. Thread-safe.
 */
public final class Console extends OutputStream {
    private static final int WAITING = 1024;
    private static final long CLOSE_MILLIS = 2000;
    private static final byte[] END = new byte[0];
    /** For whoever may wait. */
    private static final Lines OUT = Lines.ofStandardOutput();

    private static volatile Console installed;

    private final BlockingQueue<byte[]> printed = new ArrayBlockingQueue<>(WAITING);
    private final AtomicInteger lost = new AtomicInteger();
    private final Thread thread = new Thread(this::run, "console");

    private Console() {
        thread.setDaemon(true);
        thread.start();
    }

    /** Takes the place of {@link System#out}. */
    public static void install() {
        Console console = new Console();
        System.setOut(new PrintStream(console, true, StandardCharsets.UTF_8));
        installed = console;
    }

    /** What has been printed is written, if that does not take long; the process is about to end. */
    public static void end() {
        Console console = installed;
        if (console != null) {
            try {
                console.printed.offer(END, CLOSE_MILLIS, TimeUnit.MILLISECONDS);
                console.thread.join(CLOSE_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** For a thread that may wait. */
    static Lines waiting() {
        return OUT;
    }

    @Override
    public void write(int b) {
        write(new byte[] {(byte) b}, 0, 1);
    }

    /** What finds no place is lost: to wait for one is what must not be. */
    @Override
    public void write(byte[] bytes, int from, int size) {
        if (!printed.offer(Arrays.copyOfRange(bytes, from, from + size))) {
            lost.incrementAndGet();
        }
    }

    private void tellOfLost() {
        int missing = lost.get();
        if (missing > 0) {
            byte[] told = ("camel-reverse-proxy: at least " + missing + " lines of the log are missing, since nothing took them\n").getBytes(StandardCharsets.UTF_8);
            lost.addAndGet(OUT.write(told, told.length) == 0 ? -missing : 0);
        }
    }

    private void run() {
        try {
            for (byte[] bytes = printed.take(); bytes != END; bytes = printed.take()) {
                lost.addAndGet(OUT.write(bytes, bytes.length));
                if (printed.isEmpty()) {
                    tellOfLost();
                }
            }
            tellOfLost();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
