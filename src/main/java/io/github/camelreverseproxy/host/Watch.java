package io.github.camelreverseproxy.host;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at the files again and again, and has them read anew once they have changed and then stayed the same for a moment: an
 * editor may write a file in pieces, or in the place of another; Kubernetes swaps a symbolic link. Looking is as sure as being
 * told, and knows no difference between file systems. Runs on a thread of its own.
 */
final class Watch implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(Watch.class);
    private static final long LOOK_MILLIS = 200;

    private final Generations generations;
    private final Path routes;
    private final Path properties;
    private Map<Path, byte[]> read;
    private boolean failed;

    /** To be made before the files are read the first time. */
    Watch(Generations generations, Path routes, Path properties) {
        this.generations = generations;
        this.routes = routes;
        this.properties = properties;
        this.read = contents();
    }

    void start() {
        Thread thread = new Thread(this, "watch");
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void run() {
        try {
            String seen = outside();
            // Something may have changed since the files were read.
            boolean changed = true;
            while (true) {
                Thread.sleep(LOOK_MILLIS);
                String now = outside();
                if (!now.equals(seen)) {
                    seen = now;
                    changed = true;
                } else if (changed && generations.context().resolvePropertyPlaceholders("{{proxy.reload}}").strip().equals("watch")) {
                    changed = false;
                    reloadIfOther();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** What can be seen of the files without reading them. */
    private String outside() {
        StringBuilder all = new StringBuilder();
        for (Path file : files()) {
            try {
                BasicFileAttributes about = Files.readAttributes(file, BasicFileAttributes.class);
                all.append(file).append(about.lastModifiedTime()).append(about.size()).append(about.fileKey()).append('\n');
            } catch (IOException e) {
                all.append(file).append("is gone\n");
            }
        }
        return all.toString();
    }

    private void reloadIfOther() {
        Map<Path, byte[]> now = contents();
        Set<Path> changed = new TreeSet<>(now.keySet());
        changed.addAll(read.keySet());
        changed.removeIf(file -> Arrays.equals(now.get(file), read.get(file)));
        if (!changed.isEmpty() || failed) {
            // What has failed may be right the next time that it is saved, though it is the same.
            failed = !reload(generations, changed.stream().map(Path::toString).toArray(String[]::new));
        }
        read = now;
    }

    /** @return false if it cannot be; the log says why */
    static boolean reload(Generations generations, String... changed) {
        try {
            generations.reload(changed);
            return true;
        } catch (StartException e) {
            e.getMessage().lines().forEach(line -> LOG.error("Not reloaded, everything is as it was: {}", line));
        } catch (RuntimeException | Error e) {
            LOG.error("Not reloaded", e);
        }
        return false;
    }

    private Map<Path, byte[]> contents() {
        Map<Path, byte[]> all = new TreeMap<>();
        for (Path file : files()) {
            try {
                all.put(file, Files.readAllBytes(file));
            } catch (IOException e) {
                all.put(file, new byte[0]);
            }
        }
        return all;
    }

    private Path[] files() {
        try (Stream<Path> all = Files.list(routes)) {
            return Stream.concat(Stream.of(properties), all.filter(file -> file.toString().endsWith(".camel.yaml"))).sorted().toArray(Path[]::new);
        } catch (IOException e) {
            return new Path[] {properties};
        }
    }
}
