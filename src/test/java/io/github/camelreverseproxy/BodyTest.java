package io.github.camelreverseproxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;

import io.github.camelreverseproxy.wire.Message;
import io.github.camelreverseproxy.wire.Proxy;
import io.github.camelreverseproxy.wire.Upstream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of a body, by its Content-Type and what it is: each row of the table in the README. */
class BodyTest {
    @RegisterExtension
    static final Proxy PROXY = new Proxy();

    private static final String MEMBER = "\"forwarded\":\"by=localhost:65535;host=a;proto=http\"";

    @BeforeEach
    void ok() {
        PROXY.answering(Upstream.OK);
    }

    private static Message post(String contentType, String body) throws IOException {
        String type = contentType == null ? "" : "Content-Type: " + contentType + "\r\n";
        return PROXY.exchange("POST / HTTP/1.1\r\nHost: a\r\n" + type + "Content-Length: " + body.length() + "\r\n\r\n" + body);
    }

    private static void arrives(String expected, String contentType, String body) throws Exception {
        Message response = post(contentType, body);
        assertEquals(200, response.status(), response.body());
        Message seen = PROXY.seen();
        assertEquals(expected, seen.body());
        assertEquals(Integer.toString(expected.length()), seen.value("Content-Length"));
        assertEquals(contentType, seen.value("Content-Type"));
    }

    private static void refused(int status, String text, String contentType, String body) throws Exception {
        Message response = post(contentType, body);
        assertEquals(status, response.status(), response.body());
        assertTrue(response.body().startsWith("{\"error\":\"" + text), response.body());
        assertEquals(0, PROXY.unseen());
    }

    static final String[] JSON = {"application/json", "application/json; charset=utf-8", "APPLICATION/JSON", "text/json", "application/problem+json", "application/vnd.api+json;v=1",
            "x/y+json"};
    static final String[] UNKNOWN = {null, "appliaction/json", "application/x-www-form-urlencoded", "x/y", "nonsense", "application/x-unheard-of", "*/*"};
    static final String[] OTHER = {"text/plain", "text/html; charset=utf-8", "multipart/form-data; boundary=x", "image/png", "audio/ogg", "video/mp4", "font/woff",
            "application/octet-stream", "application/xml", "application/soap+xml", "application/pdf", "application/grpc", "application/x-ndjson"};

    private static Stream<DynamicTest> each(String[] types, org.junit.jupiter.api.function.ThrowingConsumer<String> test) {
        return Stream.of(types).map(type -> DynamicTest.dynamicTest(String.valueOf(type), () -> test.accept(type)));
    }

    @TestFactory
    Stream<DynamicTest> objectIsPatched() {
        return Stream.concat(each(JSON, type -> arrives("{\"snot\": \"badger\"," + MEMBER + "}", type, "{\"snot\": \"badger\"}")),
                each(UNKNOWN, type -> arrives("{\"snot\": \"badger\"," + MEMBER + "}", type, "{\"snot\": \"badger\"}")));
    }

    @TestFactory
    Stream<DynamicTest> objectKnownToBeSomethingElsePasses() {
        return each(OTHER, type -> arrives("{\"snot\": \"badger\"}", type, "{\"snot\": \"badger\"}"));
    }

    @TestFactory
    Stream<DynamicTest> memberThatIsThereIsNotOverwritten() {
        return Stream.concat(each(JSON, type -> refused(422, "PatchFailed: ", type, "{\"a\":1,\"forw\\u0061rded\":2}")),
                each(UNKNOWN, type -> refused(422, "PatchFailed: ", type, "{\"forwarded\":null}")));
    }

    @TestFactory
    Stream<DynamicTest> otherTypesOfJsonConflict() {
        return each(JSON, type -> {
            refused(422, "PatchFailed: Conflicting types, got array but expected record", type, " [1,{}]");
            refused(422, "PatchFailed: Conflicting types, got string but expected record", type, "\"x\"");
            refused(422, "PatchFailed: Conflicting types, got number but expected record", type, "-1.5e3 ");
            refused(422, "PatchFailed: Conflicting types, got boolean but expected record", type, "true");
            refused(422, "PatchFailed: Conflicting types, got boolean but expected record", type, "false");
            refused(422, "PatchFailed: Conflicting types, got null but expected record", type, "null");
        });
    }

    @TestFactory
    Stream<DynamicTest> invalidJsonIsRefusedWithThePosition() {
        return each(JSON, type -> {
            refused(400, "InvalidJson: unexpected input at line 2, column 6 (byte 7)", type, "{\n\"a\": }");
            refused(400, "InvalidJson: not UTF-8 at byte 6", type, "{\"a\":\"\u00ff\"}");
            refused(400, "InvalidJson: something after the value at line 1, column 4 (byte 3)", type, "{} {}");
        });
    }

    @TestFactory
    Stream<DynamicTest> whatIsNoObjectPassesIfItMayBeAnything() {
        return each(UNKNOWN, type -> {
            for (String body : new String[] {"[1]", "a=1&b=2", "{", "{\"a\":}", "\u0000\u00ff", " ", "{} x", "null"}) {
                arrives(body, type, body);
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> encodedBodiesPass() {
        return each(JSON, type -> {
            PROXY.exchange("POST / HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\nContent-Type: " + type + "\r\nContent-Length: 2\r\n\r\n{}");
            assertEquals("{}", PROXY.seen().body());
        });
    }

    @Test
    void emptyBodiesPassForAnyType() throws Exception {
        for (String[] types : new String[][] {JSON, UNKNOWN, OTHER}) {
            for (String type : types) {
                arrives("", type, "");
            }
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '#', value = {"{}#{M}", " { } # { M} ", "{\"a\":1}#{\"a\":1,M}", "{\"a\" : 1 }#{\"a\" : 1 ,M}", "{\"a\":1.0E+2,\"a\":01e}#",
            "{\"a\":1.00E+02,\"a\":-0}#{\"a\":1.00E+02,\"a\":-0,M}", "{\"\\u00e9\\/\":\"\\ud83d\\ude00\"}#{\"\\u00e9\\/\":\"\\ud83d\\ude00\",M}",
            "{\"x\":{\"forwarded\":1},\"y\":[{\"forwarded\":2}]}#{\"x\":{\"forwarded\":1},\"y\":[{\"forwarded\":2}],M}",
            "{\"Forwarded\":1}#{\"Forwarded\":1,M}", "{\"a\":\"}\"}#{\"a\":\"}\",M}", "{\"a\":123456789012345678901234567890.123456789e-999}#{\"a\":123456789012345678901234567890.123456789e-999,M}"})
    void everyOtherByteStays(String body, String expected) throws Exception {
        if (expected == null) {
            refused(400, "InvalidJson: ", "application/json", body);
        } else {
            arrives(expected.strip().replace("M", MEMBER), "application/json", body.strip());
        }
    }

    @Test
    void whiteSpaceAroundTheDocumentStays() throws Exception {
        arrives("\r\n\t {\n" + MEMBER + "}\n ", "application/json", "\r\n\t {\n}\n ");
        String utf8 = new String("{\"é\":\"€😀\"}".getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
        arrives(utf8.substring(0, utf8.length() - 1) + "," + MEMBER + "}", "application/json", utf8);
    }

    @Test
    void hostIsEscapedInTheMember() throws Exception {
        PROXY.exchange("POST / HTTP/1.1\r\nHost: [::1]:80\r\nContent-Length: 2\r\n\r\n{}");
        assertEquals("{\"forwarded\":\"by=localhost:65535;host=[::1]:80;proto=http\"}", PROXY.seen().body());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 100, 8000, 65536, 1_000_000})
    void anySize(int size) throws Exception {
        String body = "{\"a\":\"" + "x".repeat(size) + "\"}";
        arrives(body.substring(0, body.length() - 1) + "," + MEMBER + "}", "application/json", body);
        String digits = "{\"a\":1" + "0".repeat(Math.min(size, 100_000)) + "}";
        arrives(digits.substring(0, digits.length() - 1) + "," + MEMBER + "}", "application/json", digits);
    }

    @Test
    void nestingUpTo1000() throws Exception {
        String deep = "{\"a\":" + "[".repeat(999) + "]".repeat(999) + "}";
        arrives(deep.substring(0, deep.length() - 1) + "," + MEMBER + "}", "application/json", deep);
        refused(400, "InvalidJson: nested deeper than 1000", "application/json", "{\"a\":" + "[".repeat(1000) + "]".repeat(1000) + "}");
    }

    /** A refused body does not move the round robin. */
    @Test
    void refusalDoesNotMoveTheRoundRobin() throws Exception {
        int first = portOf(PROXY);
        int second = portOf(PROXY);
        post("application/json", "[]");
        post("application/json", "{");
        int third = portOf(PROXY);
        assertEquals(3, Stream.of(first, second, third).distinct().count());
    }

    private static int portOf(Proxy proxy) throws Exception {
        proxy.exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        return Integer.parseInt(proxy.seen().value("Host").split(":")[1]);
    }

    private static final String PATCHED = "{\"a\":1,\"forwarded\":\"by=localhost:65535;host=a;proto=http\"}";

    private static Message sent(String fields, String body) throws Exception {
        PROXY.exchange("POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n" + fields + "Content-Length: " + body.length() + "\r\n\r\n" + body);
        return PROXY.seen();
    }

    @Test
    void digestsOfWhatTheBodyWasStayBehind() throws Exception {
        String digests = "Content-MD5: x\r\nDigest: sha-256=x\r\nContent-Digest: sha-256=:x:\r\nRepr-Digest: sha-256=:x:\r\n";
        Message patched = sent(digests, "{\"a\":1}");
        assertEquals(PATCHED, patched.body());
        assertEquals(patched.without("Content-MD5", "Digest", "Content-Digest", "Repr-Digest"), patched);
        Message kept = sent(digests + "Content-Encoding: gzip\r\n", "{\"a\":1}");
        assertEquals("sha-256=:x:", kept.value("Content-Digest"));
        assertEquals("x", kept.value("Content-MD5"));
    }

    @Test
    void noTransformIsHeeded() throws Exception {
        for (String control : List.of("no-transform", "no-cache, No-Transform", "max-age=0,no-transform ,x", "no-cache\r\nCache-Control: no-transform")) {
            assertEquals("{\"a\":1}", sent("Cache-Control: " + control + "\r\n", "{\"a\":1}").body());
            assertEquals("{broken", sent("Cache-Control: " + control + "\r\n", "{broken").body());
        }
        for (String control : List.of("no-cache", "x-no-transform", "", ";", ",", "=no-transform")) {
            assertEquals(PATCHED, sent("Cache-Control: " + control + "\r\n", "{\"a\":1}").body());
        }
    }

    @Test
    void identityIsNoEncoding() throws Exception {
        assertEquals(PATCHED, sent("Content-Encoding: identity\r\n", "{\"a\":1}").body());
        assertEquals("{\"a\":1}", sent("Content-Encoding: identity, gzip\r\n", "{\"a\":1}").body());
    }

    /** More than is read on the event loop: many names, each of another length, which take the longest. */
    @Test
    void largeDocuments() throws Exception {
        StringBuilder names = new StringBuilder("{");
        for (int i = 0; names.length() < 3_000_000; i++) {
            names.append(i == 0 ? "\"" : ",\"").append("name").append(i * 7919L).append("\":").append(i);
        }
        String document = names.append('}').toString();
        Message seen = sent("", document);
        assertEquals(document.substring(0, document.length() - 1) + ",\"forwarded\":\"by=localhost:65535;host=a;proto=http\"}", seen.body());
        for (String refused : List.of(document + "x", document.replace("\"name0\"", "\"forwarded\""))) {
            int status = PROXY.exchange("POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: " + refused.length() + "\r\n\r\n" + refused).status();
            assertEquals(refused.endsWith("x") ? 400 : 422, status);
        }
        assertEquals(0, PROXY.unseen());
    }
}
