package io.github.camelreverseproxy.message;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

import org.apache.camel.LineNumberAware;

/** Where something stands in the user's files, to begin a message with. */
public final class SourceLine {
    private SourceLine() {
    }

    /**
     * @param key of an option in or below the node, which may stand lines later
     * @return {@code file:line: }; as much of it as is known, or nothing
     */
    public static String of(LineNumberAware node, String key) {
        if (node == null || node.getLocation() == null) {
            return "";
        }
        String file = node.getLocation().replaceFirst("^file:(//)?", "");
        int line = Math.max(1, node.getLineNumber());
        return file + ':' + (key == null ? line : line(file, line, key)) + ": ";
    }

    /** @return the line of a key in a file of properties, the first is 1; 0 if it stands elsewhere */
    public static int ofProperty(Path file, String key) {
        try {
            List<String> lines = Files.readAllLines(file);
            for (int i = 0; i < lines.size(); i++) {
                if (lines.get(i).strip().matches(Pattern.quote(key) + "\\s*([=: ].*)?")) {
                    return i + 1;
                }
            }
        } catch (IOException e) {
            // Nobody has to have such a file.
        }
        return 0;
    }

    private static int line(String file, int from, String key) {
        Pattern option = Pattern.compile("[\\s{,\"-]" + Pattern.quote(key) + "\"?\\s*:.*");
        try {
            List<String> lines = Files.readAllLines(Path.of(file));
            for (int i = from - 1; i < lines.size(); i++) {
                if (option.matcher(' ' + lines.get(i)).find()) {
                    return i + 1;
                }
            }
        } catch (IOException | RuntimeException e) {
            // The line of the node will do.
        }
        return from;
    }
}
