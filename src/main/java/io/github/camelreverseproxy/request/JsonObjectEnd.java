package io.github.camelreverseproxy.request;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import io.github.camelreverseproxy.message.Failure;
import io.github.camelreverseproxy.message.ProxyException;

/**
 * Where a JSON object ends and whether it has members, found by one pass of a streaming parser (RFC 8259) that builds
 * nothing. The document has to be valid to its last byte, in UTF-8 and without a byte order mark; only its nesting is
 * limited, to {@value #MAX_DEPTH}.
 *
 * @param brace offset of the closing brace
 * @param empty whether the object has no member
 */
record JsonObjectEnd(int brace, boolean empty) {
    private static final int MAX_DEPTH = 1000;
    private static final JsonFactory JSON = new JsonFactoryBuilder()
            .disable(JsonFactory.Feature.CHARSET_DETECTION)
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(MAX_DEPTH)
                    .maxNumberLength(Integer.MAX_VALUE).maxStringLength(Integer.MAX_VALUE)
                    .maxNameLength(Integer.MAX_VALUE).build())
            .build();

    /**
     * @param absent the top-level member that the object must not have
     * @throws ProxyException {@link Failure#INVALID_JSON} with the position, or {@link Failure#PATCH_FAILED} for
     *                        another type than an object and for a member that is there
     */
    static JsonObjectEnd of(byte[] document, String absent) throws ProxyException {
        requireUtf8(document);
        try (JsonParser parser = JSON.createParser(document)) {
            JsonToken first = parser.nextToken();
            if (first == null) {
                throw invalid(parser.currentLocation(), "no value");
            }
            boolean present = false;
            boolean empty = true;
            int depth = 0;
            int brace = 0;
            JsonToken token = first;
            do {
                if (token.isStructStart()) {
                    depth++;
                } else if (token.isStructEnd()) {
                    depth--;
                } else if (depth == 1 && token == JsonToken.FIELD_NAME) {
                    empty = false;
                    present |= first == JsonToken.START_OBJECT && absent.equals(parser.currentName());
                }
                if (depth == 0) {
                    break;
                }
                token = parser.nextToken();
            } while (token != null);
            if (first == JsonToken.START_OBJECT) {
                brace = (int) parser.currentLocation().getByteOffset() - 1;
            }
            if (parser.nextToken() != null) {
                throw invalid(parser.currentTokenLocation(), "something after the value");
            }
            if (first != JsonToken.START_OBJECT) {
                throw new ProxyException(Failure.PATCH_FAILED, "Conflicting types, got " + type(first) + " but expected record");
            }
            if (present) {
                throw new ProxyException(Failure.PATCH_FAILED, "The member \"" + absent + "\" is already there");
            }
            return new JsonObjectEnd(brace, empty);
        } catch (StreamConstraintsException e) {
            throw invalid(position(e), "nested deeper than " + MAX_DEPTH);
        } catch (JsonProcessingException e) {
            throw invalid(e.getLocation(), "unexpected input");
        } catch (ProxyException e) {
            throw e;
        } catch (IOException e) {
            throw new ProxyException(Failure.INVALID_JSON, Failure.INVALID_JSON.text(), e);
        }
    }

    private static JsonLocation position(StreamConstraintsException e) {
        return e.getLocation() != null || !(e.getProcessor() instanceof JsonParser parser) ? e.getLocation() : parser.currentLocation();
    }

    private static String type(JsonToken token) {
        return switch (token) {
            case START_ARRAY -> "array";
            case VALUE_STRING -> "string";
            case VALUE_TRUE, VALUE_FALSE -> "boolean";
            case VALUE_NULL -> "null";
            default -> "number";
        };
    }

    private static ProxyException invalid(JsonLocation at, String what) {
        return new ProxyException(Failure.INVALID_JSON, at == null ? what
                : what + " at line " + at.getLineNr() + ", column " + at.getColumnNr() + " (byte " + at.getByteOffset() + ")");
    }

    /** The parser is lenient with overlong forms and surrogates, so the bytes are judged by the JDK's decoder. */
    private static void requireUtf8(byte[] document) throws ProxyException {
        int ascii = 0;
        while (ascii < document.length && document[ascii] >= 0) {
            ascii++;
        }
        if (ascii == document.length) {
            return;
        }
        CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT).onUnmappableCharacter(CodingErrorAction.REPORT);
        ByteBuffer in = ByteBuffer.wrap(document, ascii, document.length - ascii);
        CharBuffer out = CharBuffer.allocate(Math.min(4096, document.length - ascii + 2));
        CoderResult result;
        do {
            result = decoder.decode(in, out, true);
            out.clear();
        } while (result.isOverflow());
        if (result.isError()) {
            throw new ProxyException(Failure.INVALID_JSON, "not UTF-8 at byte " + in.position());
        }
    }
}
