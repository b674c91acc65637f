package io.github.camelreverseproxy.wire;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** The proxy as a process of its own, ended by its id. */
public final class ProxyProcess implements AutoCloseable {
    private final Process process;
    private final Path log;

    /**
     * @param directory   where it runs; its output goes to a file there
     * @param environment on top of this process's
     */
    public ProxyProcess(Path directory, Map<String, String> environment, List<String> command) throws IOException {
        Files.createDirectories(directory);
        log = Files.createTempFile(directory, "output", ".log");
        ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile())
                .redirectErrorStream(true).redirectOutput(log.toFile());
        builder.environment().keySet().removeAll(List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS"));
        builder.environment().keySet().removeIf(name -> name.startsWith("PROXY_") || name.startsWith("UPSTREAM"));
        builder.environment().putAll(environment);
        process = builder.start();
    }

    public static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    /** Waits for the line that says that all routes are started. */
    public ProxyProcess started() throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!output().contains(") started in ")) {
            if (process.waitFor(50, TimeUnit.MILLISECONDS) || System.nanoTime() > end) {
                throw new AssertionError("not started:\n" + output());
            }
        }
        return this;
    }

    public int exitCode() throws Exception {
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            throw new AssertionError("still running:\n" + output());
        }
        return process.exitValue();
    }

    public long id() {
        return process.pid();
    }

    /** Asks it to stop, with SIGTERM. */
    public void terminate() {
        process.destroy();
    }

    /** Asks it to read everything anew, with SIGHUP. */
    public void hangUp() throws Exception {
        if (new ProcessBuilder("kill", "-HUP", Long.toString(process.pid())).start().waitFor() != 0) {
            throw new AssertionError("no such process:\n" + output());
        }
    }

    public String output() throws IOException {
        return Files.readString(log);
    }

    @Override
    public void close() throws InterruptedException {
        process.destroy();
        if (!process.waitFor(40, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
        }
    }
}
