package io.github.camelreverseproxy.request;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

import io.github.camelreverseproxy.message.Failure;
import io.github.camelreverseproxy.message.ProxyException;
import org.junit.jupiter.api.Test;

/**
 * JSON as RFC 8259 has it, over a corpus made of valid and invalid values, each at several places of a document: alone
 * in an object, as a later member, in an array, nested, and after white space.
 */
class JsonObjectEndTest {
    private static final String[] VALID = {"0", "-0", "1", "-1", "10", "0.1", "-0.10", "1e1", "1E+1", "1e-1", "1.5e300", "1e999999", "123456789012345678901234567890",
            "true", "false", "null", "\"\"", "\"a\"", "\"\\\"\"", "\"\\\\\"", "\"\\/\"", "\"\\b\\f\\n\\r\\t\"", "\"\\u0000\"", "\"\\u00e9\"", "\"\\uD83D\\uDE00\"",
            "\"\\uD800\"", "\"\\uDE00\\uD83D\"", "\"\\uFFFF\"", "\"\u007f\"", "\"é\"", "\"€\"", "\"😀\"", "\"\u2028\u2029\"", "\"\uFEFF\"", "\"/*x*/\"", "\"{}[],:\"", "[]", "[ ]", "[1]", "[1,2]",
            "[[],{}]", "[null,true,\"x\"]", "{}", "{ }", "{\"a\":1}", "{\"a\":1,\"a\":2}", "{\"\":0}", "{\"\\u0000\":0}", "{\"a\":{\"a\":{}}}", "[[[[[[]]]]]]",
            "1.7976931348623157e309", "-9223372036854775809", "0e0", "0E+00", "\t1", "1\n", " [ 1 , 2 ] ", "\r\n{\r\n}\r\n"};

    private static final String[] INVALID = {"", "-", "+1", "01", "-01", "00", "1.", ".1", "-.1", "1.e1", "1e", "1e+", "1E-", "1eE1", "0x1", "1_000", "1,", "NaN", "-NaN", "Infinity", "-Infinity",
            "Inf", "1 2", "1a", "--1", "1.2.3", "1e1.5", "True", "TRUE", "tru", "truee", "nul", "nulll", "False", "undefined", "a", "'a'", "\"", "\"a", "a\"", "\"\\\"", "\"\\x\"", "\"\\a\"",
            "\"\\'\"", "\"\\0\"", "\"\\u\"", "\"\\u1\"", "\"\\u12\"", "\"\\u123\"", "\"\\u123g\"", "\"\\U0041\"", "\"\\ \"", "\"\n\"", "\"\t\"", "\"\r\"", "\"\u0000\"", "\"\u001f\"", "\"a\" \"b\"",
            "[", "]", "[1", "[1,", "[,1]", "[1,]", "[1,,2]", "[,]", "[1 2]", "[1:2]", "[}", "[1}", "[\"a\":1]", "{", "}", "{]", "{1:2}", "{a:1}", "{'a':1}", "{\"a\"}", "{\"a\":}", "{\"a\" 1}",
            "{\"a\"::1}", "{\"a\":1,}", "{,\"a\":1}", "{\"a\":1,,\"b\":2}", "{\"a\":1 \"b\":2}", "{\"a\":1;}", "{\"a\",1}", "{null:1}", "{[]:1}", "{\"a\":1]", "/*x*/1", "1//x", "#x", "1 #", "\u00a01", "\u20281",
            "\uFEFF1", "\u0000", "\u000b1", "\f1", "*", "$", "?", "(1)", "<1>", "@", "`a`", "\\u0031", "=1", "&1"};

    private static final String[] BROKEN_UTF8 = {"ff", "fe", "80", "bf", "c0", "c080", "c1bf", "c3", "c328", "e0", "e08080", "e0809f", "e282", "e228a1", "eda080", "edbfbf", "edafbfedbfbf",
            "f0", "f0808080", "f08fbfbf", "f09f98", "f0288cbc", "f4908080", "f5808080", "f8888080 80".replace(" ", ""), "fc8080808080", "c3c3", "e9", "a0"};

    /** What may stand around a value, in an object; % is where it goes. */
    private static final String[] PLACES = {"{\"v\":%}", "{\"a\":0,\"v\":%,\"z\":0}", "{\"v\":[%]}", "{\"v\":[0,%,0]}", " {\"x\":{\"y\":[{\"v\":%}]}}\n"};

    @Test
    void validDocuments() throws Exception {
        int count = 0;
        for (String place : PLACES) {
            for (String value : VALID) {
                String document = place.replace("%", value);
                byte[] bytes = document.getBytes(StandardCharsets.UTF_8);
                JsonObjectEnd end = JsonObjectEnd.of(bytes, "forwarded");
                assertEquals('}', bytes[end.brace()], document);
                assertTrue(new String(bytes, end.brace() + 1, bytes.length - end.brace() - 1, StandardCharsets.UTF_8).isBlank(), document);
                count++;
            }
        }
        assertTrue(count > 250, count + " documents");
    }

    @Test
    void invalidDocuments() {
        List<String> accepted = new ArrayList<>();
        int count = 0;
        for (String place : PLACES) {
            for (String value : INVALID) {
                if (value.isEmpty() && place.contains("[%]")) {
                    continue;
                }
                count++;
                String document = place.replace("%", value);
                collect(accepted, document, document.getBytes(StandardCharsets.UTF_8));
            }
        }
        assertEquals(List.of(), accepted);
        assertTrue(count > 500, count + " documents");
    }

    @Test
    void invalidUtf8() {
        List<String> accepted = new ArrayList<>();
        for (String hex : BROKEN_UTF8) {
            for (String place : new String[] {"{\"v\":\"%\"}", "{\"%\":0}", "{\"v\":\"aé%b\"}", "{\"v\":1}%", "%{\"v\":1}"}) {
                ByteArrayOutputStream document = new ByteArrayOutputStream();
                String[] around = place.split("%", -1);
                document.writeBytes(around[0].getBytes(StandardCharsets.UTF_8));
                for (int i = 0; i < hex.length(); i += 2) {
                    document.write(Integer.parseInt(hex.substring(i, i + 2), 16));
                }
                document.writeBytes(around[1].getBytes(StandardCharsets.UTF_8));
                collect(accepted, place.replace("%", hex), document.toByteArray());
            }
        }
        assertEquals(List.of(), accepted);
    }

    @Test
    void otherEncodingsAndMarks() {
        List<String> accepted = new ArrayList<>();
        for (String encoding : new String[] {"UTF-16", "UTF-16LE", "UTF-16BE", "UTF-32LE", "UTF-32BE"}) {
            collect(accepted, encoding, "{\"a\":1}".getBytes(java.nio.charset.Charset.forName(encoding)));
        }
        collect(accepted, "BOM", "\uFEFF{}".getBytes(StandardCharsets.UTF_8));
        assertEquals(List.of(), accepted);
    }

    /** Every prefix of a document is incomplete, every extension by something other than white space too much. */
    @Test
    void prefixesAndExtensions() {
        String document = "{\"a\":[1.5e3,\"x\\u00e9\\n\",true,null,{\"b\":{}}],\"c\":-0}";
        List<String> accepted = new ArrayList<>();
        for (int i = 0; i < document.length(); i++) {
            collect(accepted, document.substring(0, i), document.substring(0, i).getBytes(StandardCharsets.UTF_8));
        }
        for (char c = 0; c < 256; c++) {
            if (" \t\r\n".indexOf(c) < 0) {
                collect(accepted, document + (int) c, (document + c).getBytes(StandardCharsets.ISO_8859_1));
            }
        }
        assertEquals(List.of(), accepted);
    }

    private static void collect(List<String> accepted, String name, byte[] document) {
        try {
            JsonObjectEnd.of(document, "forwarded");
            accepted.add(name);
        } catch (ProxyException e) {
            assertEquals(Failure.INVALID_JSON, e.failure(), name);
        }
    }

    @Test
    void theMemberAtTopLevelAlone() throws Exception {
        for (String there : new String[] {"{\"forwarded\":1}", "{\"a\":1,\"forwarded\":[]}", "{\"\\u0066orwarded\":1}", "{\"forwarded\":1,\"b\":2}"}) {
            ProxyException e = assertThrows(ProxyException.class, () -> JsonObjectEnd.of(there.getBytes(StandardCharsets.UTF_8), "forwarded"));
            assertEquals(Failure.PATCH_FAILED, e.failure());
        }
        for (String absent : new String[] {"{\"a\":{\"forwarded\":1}}", "{\"a\":[{\"forwarded\":1}]}", "{\"forwarded \":1}", "{\"FORWARDED\":1}", "{\"a\":\"forwarded\"}"}) {
            JsonObjectEnd.of(absent.getBytes(StandardCharsets.UTF_8), "forwarded");
        }
        ProxyException array = assertThrows(ProxyException.class, () -> JsonObjectEnd.of("[{\"forwarded\":1}]".getBytes(StandardCharsets.UTF_8), "forwarded"));
        assertTrue(array.getMessage().startsWith("Conflicting types, got array"));
    }
}
