package io.github.camelreverseproxy.wire;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** A directory with the proxy's files, which a test may change, a port, and an upstream that stands for all three. */
public final class Installation implements AutoCloseable {
    private final Upstream upstream;
    private final Path directory;
    private final int port;
    private final Map<String, String> environment;

    public Installation() {
        try {
            upstream = new Upstream();
            port = Proxy.freePort();
            environment = new HashMap<>(Map.of("PROXY_HOST", "127.0.0.1", "PROXY_PORT", Integer.toString(port), "PROXY_OBSERVE_PORT", Integer.toString(Proxy.freePort()),
                    "UPSTREAM01_URL", upstream.url(), "UPSTREAM02_URL", upstream.url(), "UPSTREAM03_URL", upstream.url()));
            Path work = Files.createDirectories(Path.of(System.getProperty("proxy-test.work")));
            directory = Files.createTempDirectory(work, "run");
            Files.createDirectory(directory.resolve("routes"));
            Files.copy(Path.of("application.properties"), directory.resolve("application.properties"));
            try (Stream<Path> routes = Files.list(Path.of("routes"))) {
                for (Path route : routes.toList()) {
                    Files.copy(route, directory.resolve(route));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public Upstream upstream() {
        return upstream;
    }

    public Path directory() {
        return directory;
    }

    public int port() {
        return port;
    }

    /** In the environment of the processes to come. */
    public Installation set(String variable, String value) {
        environment.put(variable, value);
        return this;
    }

    /** The packaged jar, running here. */
    public ProxyProcess jar(String... options) throws IOException {
        List<String> command = new ArrayList<>(List.of(ProxyProcess.java()));
        command.addAll(List.of(options));
        command.addAll(List.of("-jar", System.getProperty("proxy-test.jar")));
        return run(command);
    }

    public ProxyProcess run(List<String> command) throws IOException {
        return new ProxyProcess(directory, environment, command);
    }

    @Override
    public void close() throws IOException {
        upstream.close();
    }
}
