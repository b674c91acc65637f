package io.github.camelreverseproxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import io.github.camelreverseproxy.wire.Connection;
import io.github.camelreverseproxy.wire.Installation;
import io.github.camelreverseproxy.wire.ProxyProcess;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Files that are edited while the packaged jar runs. */
class ReloadIT {
    private static final String GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    private final Installation here = new Installation();
    private final Path file = here.directory().resolve("routes/proxy.camel.yaml");

    @AfterEach
    void end() throws Exception {
        here.close();
    }

    private String edited(String value) throws Exception {
        return Files.readString(Path.of("routes/proxy.camel.yaml")).replace("        - to:\n            id: hand-over\n",
                "        - setHeader: {name: X-Edit, constant: '" + value + "'}\n        - to:\n            id: hand-over\n");
    }

    /** Asks until an upstream has seen it; no request may fail meanwhile. */
    private void awaitEdit(Connection client, String value) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        String seen = null;
        while (!value.equals(seen)) {
            assertTrue(System.nanoTime() - end < 0, value + " is not there, but " + seen);
            assertEquals(200, client.send(GET).receive().status());
            seen = here.upstream().request().value("X-Edit");
            Thread.sleep(20);
        }
    }

    @Test
    void savedFilesTakeEffect() throws Exception {
        try (ProxyProcess proxy = here.jar().started(); Connection client = new Connection(here.port())) {
            Files.writeString(file, edited("in-place"));
            awaitEdit(client, "in-place");
            Path other = Files.writeString(here.directory().resolve("routes/.proxy.swp"), edited("renamed"));
            Files.move(other, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
            awaitEdit(client, "renamed");
            Files.writeString(file, "- route: {\n");
            while (!proxy.output().contains("Not reloaded, everything is as it was: ")) {
                assertEquals(200, client.send(GET).receive().status());
                assertEquals("renamed", here.upstream().request().value("X-Edit"));
            }
            Files.writeString(file, edited("mended"));
            awaitEdit(client, "mended");
            Files.writeString(here.directory().resolve("application.properties"), Files.readString(Path.of("application.properties")).replace("proxy.max-head = 32768", "proxy.max-head = 500"));
            awaitStatus(431, "GET / HTTP/1.1\r\nHost: a\r\nX: " + "x".repeat(1000) + "\r\n\r\n");
        }
    }

    private void awaitStatus(int status, String request) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (Connection.exchange(here.port(), request).status() != status) {
            assertTrue(System.nanoTime() - end < 0);
            Thread.sleep(50);
        }
    }

    /** As a ConfigMap is mounted: the files are links into a directory that is a link, which is swapped. */
    @Test
    void swappedLink() throws Exception {
        Path routes = here.directory().resolve("routes");
        for (String version : new String[] {"v1", "v2"}) {
            Files.createDirectory(routes.resolve(".." + version));
            Files.writeString(routes.resolve(".." + version + "/proxy.camel.yaml"), edited(version));
        }
        Path data = Files.createSymbolicLink(routes.resolve("..data"), Path.of("..v1"));
        Files.delete(file);
        Files.createSymbolicLink(file, Path.of("..data/proxy.camel.yaml"));
        try (ProxyProcess proxy = here.jar().started(); Connection client = new Connection(here.port())) {
            awaitEdit(client, "v1");
            Path next = Files.createSymbolicLink(routes.resolve("..next"), Path.of("..v2"));
            Files.move(next, data, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
            awaitEdit(client, "v2");
        }
    }

    private ProxyProcess check(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(ProxyProcess.java(), "-jar", System.getProperty("proxy-test.jar")));
        command.addAll(List.of(arguments));
        return here.run(command);
    }

    @Test
    void check() throws Exception {
        try (ProxyProcess right = check("check")) {
            assertEquals(0, right.exitCode(), right.output());
            assertEquals("", right.output());
        }
        Files.writeString(file, edited("x").replace("ref: bodyPatch", "ref: bodypatch"));
        long line = Files.readString(file).split("ref: bodypatch")[0].lines().count();
        String message = here.directory().getFileName() + "/routes/proxy.camel.yaml:" + line + ": there is no bean bodypatch\n";
        try (ProxyProcess wrong = check("check", "../" + here.directory().getFileName())) {
            assertEquals(1, wrong.exitCode());
            assertEquals("../" + message, wrong.output());
        }
        try (ProxyProcess nowhere = check("check", "nowhere")) {
            assertEquals(2, nowhere.exitCode());
            assertEquals("camel-reverse-proxy: no such directory: nowhere\n", nowhere.output());
        }
        try (ProxyProcess other = check("--chek")) {
            assertEquals(2, other.exitCode());
        }
        try (ProxyProcess version = check("--version")) {
            assertEquals(0, version.exitCode());
            assertTrue(version.output().matches("camel-reverse-proxy [0-9.]+\n"), version.output());
        }
        try (ProxyProcess help = check("--help")) {
            assertEquals(0, help.exitCode());
            assertTrue(help.output().contains("check [DIR]"));
        }
    }

    @Test
    void signal() throws Exception {
        try (ProxyProcess proxy = here.set("PROXY_RELOAD", "off").jar().started(); Connection client = new Connection(here.port())) {
            Files.writeString(file, edited("by signal"));
            Thread.sleep(1500);
            assertEquals(200, client.send(GET).receive().status());
            assertEquals(null, here.upstream().request().value("X-Edit"));
            proxy.hangUp();
            awaitEdit(client, "by signal");
        }
    }
}
