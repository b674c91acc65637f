package io.github.camelreverseproxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

import io.github.camelreverseproxy.wire.Connection;
import io.github.camelreverseproxy.wire.Message;
import io.github.camelreverseproxy.wire.Proxy;
import io.github.camelreverseproxy.wire.Upstream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The corpus of strictness.txt, whole and in pieces, and each control character in each part of a head. */
class StrictnessTest {
    @RegisterExtension
    static final Proxy PROXY = new Proxy();

    private static final String OK = "GET /ok HTTP/1.1\r\nHost: ok\r\n\r\n";

    private record Case(List<Integer> statuses, boolean closed, String name, String bytes) {
        static Case of(String line) {
            String[] parts = line.split(" \\| ", 3);
            boolean closed = parts[0].endsWith("!");
            List<Integer> statuses = Stream.of(parts[0].replace("!", "").split(" ")).map(Integer::parseInt).toList();
            return new Case(statuses, closed, parts[1], unescape(parts[2]).replaceFirst("OK$", OK).replace("LONG", "x".repeat(40_000)));
        }
    }

    private static String unescape(String text) {
        StringBuilder bytes = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c != '\\') {
                bytes.append(c);
                continue;
            }
            char escaped = text.charAt(++i);
            switch (escaped) {
                case 'r' -> bytes.append('\r');
                case 'n' -> bytes.append('\n');
                case 't' -> bytes.append('\t');
                case '0' -> bytes.append('\0');
                case 'x' -> {
                    bytes.append((char) Integer.parseInt(text.substring(i + 1, i + 3), 16));
                    i += 2;
                }
                default -> bytes.append(escaped);
            }
        }
        return bytes.toString();
    }

    private static List<Case> corpus() throws IOException {
        return Files.readAllLines(Path.of("src/test/resources/strictness.txt")).stream()
                .filter(line -> !line.isBlank() && !line.startsWith("#")).map(Case::of).toList();
    }

    @TestFactory
    Stream<DynamicTest> corpusAsAWhole() throws IOException {
        return corpus().stream().map(each -> DynamicTest.dynamicTest(each.name, () -> check(each, each.bytes.length())));
    }

    /** A byte at a time, as far as it goes: what is refused does not depend on how it was cut. */
    @TestFactory
    Stream<DynamicTest> corpusInPieces() throws IOException {
        return corpus().stream().filter(each -> each.bytes.length() < 10_000)
                .map(each -> DynamicTest.dynamicTest(each.name, () -> check(each, 1)));
    }

    @TestFactory
    Stream<DynamicTest> controlCharacters() {
        List<Case> cases = new ArrayList<>();
        for (int c = 0; c < 0x20; c = c == 0x1f ? 0x7f : c + 1) {
            for (String place : List.of("G%ET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET /a%b HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a%b\r\n\r\n",
                    "GET / HTTP/1.1\r\nHost: a\r\nX%Y: z\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nX: y%z\r\n\r\n", "GET / HTTP/1.1%\r\nHost: a\r\n\r\n")) {
                boolean tabInValue = c == '\t' && place.contains("y%z");
                if (!tabInValue) {
                    cases.add(new Case(List.of(400), true, "0x" + Integer.toHexString(c) + " in " + place.replace("\r\n", " "), place.replace('%', (char) c) + OK));
                }
            }
        }
        assertTrue(cases.size() > 190, cases.size() + " cases");
        return cases.stream().map(each -> DynamicTest.dynamicTest(each.name, () -> check(each, each.bytes.length())));
    }

    private static void check(Case expected, int piece) throws Exception {
        PROXY.answering(Upstream.OK);
        try (Connection client = PROXY.connect()) {
            for (int at = 0; at < expected.bytes.length(); at += piece) {
                try {
                    client.send(expected.bytes.substring(at, Math.min(expected.bytes.length(), at + piece)));
                } catch (IOException e) {
                    // Closed in the middle of what is refused.
                    break;
                }
            }
            List<Integer> statuses = new ArrayList<>();
            for (int i = 0; i < expected.statuses.size(); i++) {
                Message response = client.receive();
                statuses.add(response.status());
                if (expected.closed && i == expected.statuses.size() - 1) {
                    assertEquals("close", response.value("Connection"));
                    assertTrue(client.ends(), "the connection goes on");
                }
            }
            assertEquals(expected.statuses, statuses);
        }
        assertEquals(expected.statuses.stream().filter(status -> status == 200).count(), PROXY.unseen(), "requests at the upstreams");
    }
}
