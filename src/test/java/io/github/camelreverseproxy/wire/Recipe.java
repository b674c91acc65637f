package io.github.camelreverseproxy.wire;

import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A section of docs/recipes.md, done as it says. */
public final class Recipe {
    private static final Path FILE = Path.of("docs/recipes.md");
    private static final Pattern BLOCK = Pattern.compile("```(yaml|sh|properties)\n(.*?)```", Pattern.DOTALL);
    private static final Pattern PLACE = Pattern.compile("# routes/([a-z]+\\.camel\\.yaml): (a new file|at the end|before|after|instead of) ?([a-z0-9-]*)");
    private static final Pattern WORD = Pattern.compile("'([^']*)'|(\\S+)");

    private final String text;

    private Recipe(String text) {
        this.text = text;
    }

    public static List<String> titles() throws IOException {
        return Files.readAllLines(FILE).stream().filter(line -> line.startsWith("## ")).map(line -> line.substring(3)).toList();
    }

    public static Recipe of(String title) throws IOException {
        return of(FILE, title);
    }

    /** A section of another file. */
    public static Recipe of(Path file, String title) throws IOException {
        String all = Files.readString(file);
        int begin = all.indexOf("\n## " + title + "\n");
        int end = all.indexOf("\n## ", begin + 1);
        if (begin < 0) {
            throw new AssertionError("no such recipe: " + title);
        }
        return new Recipe(all.substring(begin, end < 0 ? all.length() : end));
    }

    /** Edits the routes of a proxy that has not started yet. */
    public Recipe edit(RouteFiles routes) throws IOException {
        for (String yaml : blocks("yaml")) {
            Matcher place = PLACE.matcher(yaml.lines().findFirst().orElseThrow());
            if (!place.matches()) {
                throw new AssertionError("where does it go? " + yaml);
            }
            String file = place.group(1);
            String steps = yaml.substring(yaml.indexOf('\n') + 1);
            switch (place.group(2)) {
                case "a new file" -> routes.put(file, steps);
                case "at the end" -> routes.put(file, Files.readString(routes.file(file)) + "\n" + steps);
                case "before" -> routes.insertBefore(file, place.group(3), steps);
                case "after" -> routes.insertAfter(file, place.group(3), steps);
                default -> routes.replaceStep(file, place.group(3), steps);
            }
        }
        return this;
    }

    /** What it adds to application.properties. */
    public Properties properties() throws IOException {
        Properties properties = new Properties();
        for (String block : blocks("properties")) {
            properties.load(new StringReader(block));
        }
        return properties;
    }

    /** The requests that its curls send. */
    public List<String> requests() {
        List<String> requests = new ArrayList<>();
        blocks("sh").forEach(block -> block.lines().filter(line -> line.startsWith("curl ")).forEach(line -> requests.add(request(line))));
        return requests;
    }

    private static String request(String curl) {
        String method = null;
        String target = null;
        String body = "";
        List<String> fields = new ArrayList<>(List.of("Accept: */*"));
        List<String> words = new ArrayList<>();
        Matcher word = WORD.matcher(curl);
        while (word.find()) {
            words.add(word.group(1) != null ? word.group(1) : word.group(2));
        }
        for (int i = 1; i < words.size(); i++) {
            switch (words.get(i)) {
                case "-i" -> { }
                case "-H" -> fields.add(words.get(++i));
                case "-X" -> method = words.get(++i);
                case "-d" -> body = words.get(++i);
                default -> target = words.get(i).substring("localhost:65535".length());
            }
        }
        if (fields.stream().noneMatch(field -> field.startsWith("Host:"))) {
            fields.add(0, "Host: localhost:65535");
        }
        if (!body.isEmpty()) {
            fields.add("Content-Length: " + body.length());
            if (fields.stream().noneMatch(field -> field.startsWith("Content-Type:"))) {
                fields.add("Content-Type: application/x-www-form-urlencoded");
            }
        }
        String verb = method != null ? method : body.isEmpty() ? "GET" : "POST";
        return verb + " " + target + " HTTP/1.1\r\n" + String.join("\r\n", fields) + "\r\n\r\n" + body;
    }

    private List<String> blocks(String kind) {
        List<String> found = new ArrayList<>();
        Matcher block = BLOCK.matcher(text);
        while (block.find()) {
            if (block.group(1).equals(kind)) {
                found.add(block.group(2));
            }
        }
        return found;
    }
}
