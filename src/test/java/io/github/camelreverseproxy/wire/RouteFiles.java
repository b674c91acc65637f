package io.github.camelreverseproxy.wire;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The files of routes/, edited as a user edits them, in a directory of their own. */
public final class RouteFiles {
    private Path directory;

    /** Those of the project, until they are edited. */
    public RouteFiles() {
    }

    /** Those that are there already. */
    public RouteFiles(Path directory) {
        this.directory = directory;
    }

    /** Whether they are other than those of the project. */
    public boolean areEdited() {
        return directory != null;
    }

    public String pattern() {
        return "file:" + directory + "/*.camel.yaml";
    }

    public Path file(String name) throws IOException {
        if (directory == null) {
            directory = Files.createTempDirectory(Path.of("target"), "routes");
            try (Stream<Path> files = Files.list(Path.of("routes"))) {
                for (Path file : files.toList()) {
                    Files.copy(file, directory.resolve(file.getFileName()));
                }
            }
        }
        return directory.resolve(name);
    }

    public void put(String name, String text) throws IOException {
        Files.writeString(file(name), text);
    }

    /** As it is in the project. */
    public void reset(String name) throws IOException {
        put(name, Files.readString(Path.of("routes", name)));
    }

    public void remove(String name) throws IOException {
        Files.delete(file(name));
    }

    /** Puts what stands in a file as often as it stands there; it has to. */
    public void replace(String name, String what, String by) throws IOException {
        String text = Files.readString(file(name));
        if (!text.contains(what)) {
            throw new AssertionError("not in " + name + ": " + what);
        }
        put(name, text.replace(what, by));
    }

    /** Puts steps before the one with this id. */
    public void insertBefore(String name, String id, String steps) throws IOException {
        edit(name, id, steps, false, false);
    }

    /** Puts steps behind the one with this id. */
    public void insertAfter(String name, String id, String steps) throws IOException {
        edit(name, id, steps, false, true);
    }

    /** Puts steps in the place of the one with this id. */
    public void replaceStep(String name, String id, String steps) throws IOException {
        edit(name, id, steps, true, false);
    }

    private void edit(String name, String id, String steps, boolean replace, boolean after) throws IOException {
        List<String> lines = new ArrayList<>(Files.readAllLines(file(name)));
        int at = 0;
        while (!lines.get(at).strip().equals("id: " + id)) {
            at++;
        }
        int begin = at;
        while (!lines.get(begin).strip().startsWith("- ") || indent(lines.get(begin)) >= indent(lines.get(at))) {
            begin--;
        }
        int end = at + 1;
        while (end < lines.size() && !lines.get(end).isBlank() && indent(lines.get(end)) > indent(lines.get(begin))) {
            end++;
        }
        String margin = " ".repeat(indent(lines.get(begin)));
        if (replace) {
            lines.subList(begin, end).clear();
        }
        lines.addAll(after ? end : begin, steps.lines().map(line -> line.isBlank() ? line : margin + line).toList());
        put(name, String.join("\n", lines) + "\n");
    }

    private static int indent(String line) {
        return line.length() - line.stripLeading().length();
    }
}
