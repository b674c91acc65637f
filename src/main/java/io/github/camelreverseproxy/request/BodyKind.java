package io.github.camelreverseproxy.request;

import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Set;

import io.github.camelreverseproxy.message.Tokens;

/** What the fields say of a body: that it is JSON, that it is not or must not be touched, or nothing that could be relied on. */
public enum BodyKind {
    JSON, OTHER, UNKNOWN;

    private static final Set<String> OTHER_TYPES = Set.of("text", "multipart", "image", "audio", "video", "font", "model", "message");
    private static final Set<String> OTHER_SUBTYPES = Set.of("octet-stream", "xml", "xml-dtd", "pdf", "zip", "gzip", "zstd",
            "zlib", "x-tar", "x-bzip2", "x-7z-compressed", "x-gzip", "wasm", "javascript", "ecmascript", "grpc", "cbor",
            "msgpack", "x-msgpack", "protobuf", "x-protobuf", "yaml", "x-yaml", "x-ndjson", "json-seq", "sql", "postscript",
            "rtf", "java-archive", "x-java-serialized-object", "graphql", "toml", "csv");

    /**
     * All values of each field, or null.
     *
     * @param encoding {@code Content-Encoding}
     * @param control  {@code Cache-Control}
     */
    public static BodyKind of(Object contentType, Object encoding, Object control) {
        if (encoding != null && !"identity".equalsIgnoreCase(single(encoding))) {
            return OTHER;
        }
        if (control != null && (control instanceof Collection<?> several ? several : List.of(control)).stream()
                .anyMatch(value -> Tokens.isListed(value.toString(), "no-transform"))) {
            return OTHER;
        }
        return of(contentType == null ? null : single(contentType));
    }

    /** Null if there are several. */
    private static String single(Object values) {
        if (values instanceof Collection<?> several) {
            return several.size() == 1 ? several.iterator().next().toString().strip() : null;
        }
        return values.toString().strip();
    }

    /** @param contentType the field's value (RFC 9110, section 8.3), or null */
    static BodyKind of(String contentType) {
        if (contentType == null) {
            return UNKNOWN;
        }
        int end = contentType.indexOf(';');
        String media = (end < 0 ? contentType : contentType.substring(0, end)).strip().toLowerCase(Locale.ROOT);
        int slash = media.indexOf('/');
        if (slash <= 0) {
            return UNKNOWN;
        }
        String subtype = media.substring(slash + 1);
        if (media.equals("application/json") || media.equals("text/json") || subtype.endsWith("+json")) {
            return JSON;
        }
        String type = media.substring(0, slash);
        boolean suffixed = subtype.endsWith("+xml") || subtype.endsWith("+zip") || subtype.endsWith("+gzip")
                || subtype.endsWith("+cbor") || subtype.endsWith("+yaml") || subtype.endsWith("+protobuf");
        boolean other = OTHER_TYPES.contains(type) || type.equals("application") && OTHER_SUBTYPES.contains(subtype) || suffixed;
        return other ? OTHER : UNKNOWN;
    }
}
