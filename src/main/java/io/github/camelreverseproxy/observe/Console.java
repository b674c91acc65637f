package io.github.camelreverseproxy.observe;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;

/**
 * Standard output that nobody waits for: what is printed is written on a thread of its own. A terminal or a pipe that nobody
 * reads would otherwise stop whoever logs a line, an event loop most likely. Thread-safe.
 */
public final class Console extends OutputStream {
    private static final int WAITING = 1024;
    private static final long CLOSE_MILLIS = 2000;
    private static final byte[] END = new byte[0];

    private static volatile Console installed;

    private final Whole out = new Whole(new FileOutputStream(FileDescriptor.out));
    private final BlockingQueue<byte[]> printed = new ArrayBlockingQueue<>(WAITING);
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
            console.printed.offer(END);
            try {
                console.thread.join(CLOSE_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** For a thread that may wait. */
    static OutputStream waiting() {
        Console console = installed;
        return console == null ? new Whole(System.out) : console.out;
    }

    @Override
    public void write(int b) {
        printed.offer(new byte[] {(byte) b});
    }

    /** What finds no place is lost: to wait for one is what must not be. */
    @Override
    public void write(byte[] bytes, int from, int size) {
        printed.offer(Arrays.copyOfRange(bytes, from, from + size));
    }

    private void run() {
        try {
            for (byte[] bytes = printed.take(); bytes != END; bytes = printed.take()) {
                out.write(bytes, 0, bytes.length);
            }
        } catch (IOException e) {
            // Nobody is there to read it.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** What is written at once stays together. */
    private static final class Whole extends OutputStream {
        private final OutputStream to;

        Whole(OutputStream to) {
            this.to = to;
        }

        @Override
        public synchronized void write(int b) throws IOException {
            to.write(b);
        }

        @Override
        public synchronized void write(byte[] bytes, int from, int size) throws IOException {
            to.write(bytes, from, size);
        }

        @Override
        public void flush() throws IOException {
            to.flush();
        }
    }
}
