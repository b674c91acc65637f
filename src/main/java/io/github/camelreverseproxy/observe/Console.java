package io.github.camelreverseproxy.observe;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Standard output that nobody waits for: what is printed is written on a thread of its own. A terminal or a pipe that nobody
 * reads would otherwise stop whoever logs a line, an event loop most likely. Thread-safe.
 */
public final class Console extends OutputStream {
    private static final int WAITING = 1024;

    private static volatile Console installed;

    private final Whole out = new Whole(new FileOutputStream(FileDescriptor.out));
    private final Lines<byte[]> lines = new Lines<>("console", WAITING, out, (bytes, line) -> line.add(bytes));

    private Console() {
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
            console.lines.close();
        }
    }

    /** For a thread that may wait. */
    static OutputStream waiting() {
        Console console = installed;
        return console == null ? new Whole(System.out) : console.out;
    }

    @Override
    public void write(int b) {
        lines.add(new byte[] {(byte) b});
    }

    @Override
    public void write(byte[] bytes, int from, int size) {
        lines.add(Arrays.copyOfRange(bytes, from, from + size));
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
