package io.github.camelreverseproxy.wire;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * A message as it stood on the wire: start line, field lines in their order, body after chunked framing has been taken
 * off. Latin-1 stands for bytes.
 */
public record Message(String start, List<String> lines, String body, List<String> trailers) {
    public Message(String start, List<String> lines, String body) {
        this(start, lines, body, List.of());
    }

    public static Message read(InputStream in, boolean noBody) throws IOException {
        String start = Connection.line(in);
        Message head = new Message(start, fields(in), "");
        boolean bodiless = noBody || start.matches("HTTP/1.1 (1..|204|304).*");
        if (bodiless) {
            return head;
        }
        List<String> trailers = new ArrayList<>();
        return new Message(start, head.lines, head.readBody(in, start.startsWith("HTTP/"), trailers), trailers);
    }

    private static List<String> fields(InputStream in) throws IOException {
        List<String> lines = new ArrayList<>();
        for (String line = Connection.line(in); !line.isEmpty(); line = Connection.line(in)) {
            lines.add(line);
        }
        return lines;
    }

    private String readBody(InputStream in, boolean response, List<String> trailers) throws IOException {
        if (values("Transfer-Encoding").equals(List.of("chunked"))) {
            StringBuilder body = new StringBuilder();
            for (int size = chunkSize(in); size > 0; size = chunkSize(in)) {
                body.append(exactly(in, size));
                Connection.line(in);
            }
            trailers.addAll(fields(in));
            return body.toString();
        }
        String length = value("Content-Length");
        if (length == null) {
            return response ? new String(in.readAllBytes(), StandardCharsets.ISO_8859_1) : "";
        }
        return exactly(in, Integer.parseInt(length));
    }

    private static int chunkSize(InputStream in) throws IOException {
        return Integer.parseInt(Connection.line(in).split(";")[0].strip(), 16);
    }

    private static String exactly(InputStream in, int size) throws IOException {
        byte[] bytes = in.readNBytes(size);
        if (bytes.length < size) {
            throw new EOFException("body ends after " + bytes.length + " of " + size + " bytes");
        }
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    public int status() {
        return Integer.parseInt(start.split(" ", 3)[1]);
    }

    public String method() {
        return start.split(" ", 3)[0];
    }

    public String target() {
        return start.split(" ", 3)[1];
    }

    /** The values of all fields of a name, in their order. */
    public List<String> values(String name) {
        return lines.stream().filter(line -> line.regionMatches(true, 0, name + ":", 0, name.length() + 1))
                .map(line -> line.substring(name.length() + 1).strip()).toList();
    }

    /** The value of the only field of a name, or null. */
    public String value(String name) {
        List<String> values = values(name);
        if (values.size() > 1) {
            throw new AssertionError("more than one " + name + ": " + values);
        }
        return values.isEmpty() ? null : values.get(0);
    }

    /** This message without the fields of some names. */
    public Message without(String... names) {
        List<String> kept = lines.stream().filter(line -> {
            for (String name : names) {
                if (line.regionMatches(true, 0, name + ":", 0, name.length() + 1)) {
                    return false;
                }
            }
            return true;
        }).toList();
        return new Message(start, kept, body);
    }

    public Message with(String... more) {
        List<String> all = new ArrayList<>(lines);
        all.addAll(List.of(more));
        return new Message(start, all, body);
    }

    /**
     * All of it, with the names in lower case and the field lines ordered by them: neither has a meaning, while the order
     * of lines of equal names has.
     */
    public String canonical() {
        return start + "\r\n" + lines.stream().map(line -> line.split(":", 2))
                .map(field -> field[0].toLowerCase(Locale.ROOT) + ": " + field[1].strip())
                .sorted(Comparator.comparing(line -> line.substring(0, line.indexOf(':'))))
                .collect(Collectors.joining("\r\n")) + "\r\n\r\n" + body;
    }
}
