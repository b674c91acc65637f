package io.github.camelreverseproxy.message;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;

/**
 * The fields of a message that travel from end to end, as headers of a Camel message: a String, or a List of Strings
 * where a name is repeated. Left behind on the way in and on the way out are the hop-by-hop fields (RFC 9110, section
 * 7.6.1), {@code Content-Length}, which each hop states for itself, and every name that starts with {@code Camel},
 * because with such headers a client or an upstream could steer the routes. Stateless.
 */
public final class EndToEndFields {
    /** The most field lines that a message may have, either way. */
    public static final int MOST = 500;

    private static final Set<String> BEFORE_THE_BODY = Set.of("host", "authorization", "cookie", "set-cookie", "content-type",
            "content-encoding", "content-range", "cache-control", "expect", "forwarded", "via", "location", "www-authenticate", "max-forwards");

    private EndToEndFields() {
    }

    /**
     * Takes the end-to-end fields of a message off the wire.
     *
     * @param fields     all fields, in the order in which they came
     * @param connection the values of all {@code Connection} fields, whose options name more hop-by-hop fields
     * @param headers    where they go; values of a repeated name keep their order
     */
    public static void read(Iterable<Map.Entry<String, String>> fields, Collection<String> connection,
                            Map<String, Object> headers) {
        read(fields, connection, (name, value) -> add(headers, name, value));
    }

    /** The same, one call for each field line. */
    public static void read(Iterable<Map.Entry<String, String>> fields, Collection<String> connection, BiConsumer<String, String> each) {
        Set<String> options = options(connection);
        for (Map.Entry<String, String> field : fields) {
            String name = field.getKey();
            if (travels(name) && (options.isEmpty() || !options.contains(name.toLowerCase(Locale.ROOT)))) {
                each.accept(name, field.getValue());
            }
        }
    }

    /**
     * The same for a request, without the field {@code Proxy} too: it would become the variable HTTP_PROXY of a CGI program
     * (CVE-2016-5385, "httpoxy").
     */
    public static void readRequest(Iterable<Map.Entry<String, String>> fields, Collection<String> connection,
                                   Map<String, Object> headers) {
        read(fields, connection, headers);
        headers.remove("Proxy");
    }

    /** Removes what the field {@code Connection} names, and the field itself, from headers that were read otherwise. */
    public static void dropNamed(Map<String, Object> headers) {
        Object connection = headers.remove("Connection");
        if (connection != null) {
            options(connection instanceof Collection<?> several ? several.stream().map(Object::toString).toList()
                    : List.of(connection.toString())).forEach(headers::remove);
        }
    }

    /** Hands the end-to-end fields of a Camel message to the wire, one call for each field line. */
    public static void write(Map<String, Object> headers, BiConsumer<String, String> wire) {
        for (Map.Entry<String, Object> header : headers.entrySet()) {
            String name = header.getKey();
            Object value = header.getValue();
            if (value == null || !travels(name)) {
                continue;
            }
            if (value instanceof Collection<?> values) {
                values.forEach(v -> wire.accept(name, String.valueOf(v)));
            } else {
                wire.accept(name, value.toString());
            }
        }
    }

    /** Whether a field may come behind a body: what frames, routes or authorizes a message may not (RFC 9110, section 6.5.1). */
    public static boolean mayTrail(String name) {
        return travels(name) && !BEFORE_THE_BODY.contains(name.toLowerCase(Locale.ROOT));
    }

    /** Adds a field line after those of the same name. */
    public static void add(Map<String, Object> headers, String name, String value) {
        Object before = headers.putIfAbsent(name, value);
        if (before instanceof Repeated values) {
            values.add(value);
        } else if (before != null) {
            Repeated values = new Repeated();
            if (before instanceof Collection<?> several) {
                several.forEach(v -> values.add(String.valueOf(v)));
            } else {
                values.add(before.toString());
            }
            values.add(value);
            headers.put(name, values);
        }
    }

    /** The values of a repeated field; a type of its own, so that only lists made here are added to in place. */
    private static final class Repeated extends ArrayList<String> {
        private static final long serialVersionUID = 1L;
    }

    /** Whether a header is a field that travels from end to end. */
    public static boolean travels(String name) {
        return !hopByHop(name) && !name.equalsIgnoreCase("Content-Length") && !internal(name);
    }

    private static boolean hopByHop(String name) {
        return switch (name.length()) {
            case 2 -> name.equalsIgnoreCase("TE");
            case 7 -> name.equalsIgnoreCase("Trailer") || name.equalsIgnoreCase("Upgrade");
            case 10 -> name.equalsIgnoreCase("Connection") || name.equalsIgnoreCase("Keep-Alive");
            case 16 -> name.equalsIgnoreCase("Proxy-Connection");
            case 17 -> name.equalsIgnoreCase("Transfer-Encoding");
            case 18 -> name.equalsIgnoreCase("Proxy-Authenticate");
            case 19 -> name.equalsIgnoreCase("Proxy-Authorization");
            default -> false;
        };
    }

    private static boolean internal(String name) {
        return name.regionMatches(true, 0, "Camel", 0, 5);
    }

    /** In lower case. Host is none, whatever a client says: it belongs to the request itself. */
    private static Set<String> options(Collection<String> connection) {
        Set<String> options = Set.of();
        for (String value : connection) {
            if (value.equalsIgnoreCase("keep-alive") || value.equalsIgnoreCase("close")) {
                continue;
            }
            for (String option : value.split(",")) {
                options = options.isEmpty() ? new HashSet<>() : options;
                options.add(option.strip().toLowerCase(Locale.ROOT));
                options.remove("host");
            }
        }
        return options;
    }
}
