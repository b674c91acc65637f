package io.github.camelreverseproxy.host;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;

import org.apache.camel.CamelContext;

/**
 * A mistake in a file that a user has written, and where it stands.
 *
 * @param line the first is 1; 0 for none
 */
record Mistake(Path file, int line, String message) implements Comparable<Mistake> {
    /** How the message begins that says so. */
    static final String NO_ROUTE = "no route begins with direct:";

    private static final Comparator<Mistake> ORDER = Comparator.comparing(Mistake::file).thenComparing(Mistake::line).thenComparing(Mistake::message);

    @Override
    public int compareTo(Mistake other) {
        return ORDER.compare(this, other);
    }

    /** Whether it is a step that no route of this context begins behind. */
    boolean leadsNowhere(CamelContext context) {
        return message.startsWith(NO_ROUTE) && context.getRoutes().stream().map(route -> route.getEndpoint().getEndpointBaseUri())
                .noneMatch(uri -> uri.equals("direct://" + message.substring(NO_ROUTE.length()).replaceFirst(";.*", "")));
    }

    @Override
    public String toString() {
        return file + (line == 0 ? ": " : ":" + line + ": ") + message;
    }

    /** What may have been meant, as the end of a sentence; empty if nothing is near. */
    static String nearest(String name, Collection<String> known) {
        return known.stream().filter(other -> distance(name, other) <= Math.max(1, Math.min(3, (name.length() + 1) / 2)))
                .min(Comparator.comparingInt(other -> distance(name, other))).map(other -> "; did you mean " + other + "?").orElse("");
    }

    /** How many letters have to be put in, left out or changed (Levenshtein); case counts little. */
    private static int distance(String a, String b) {
        if (a.equalsIgnoreCase(b)) {
            return 0;
        }
        int[] row = new int[b.length() + 1];
        Arrays.setAll(row, i -> i);
        for (int i = 1; i <= a.length(); i++) {
            int corner = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int changed = corner + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                corner = row[j];
                row[j] = Math.min(changed, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[b.length()];
    }
}
