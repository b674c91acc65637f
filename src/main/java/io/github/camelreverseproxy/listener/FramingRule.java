package io.github.camelreverseproxy.listener;

import java.util.List;
import java.util.Locale;

import io.github.camelreverseproxy.message.Failure;
import io.github.camelreverseproxy.message.ProxyException;
import io.github.camelreverseproxy.message.Tokens;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;

/**
 * Where a request ends (RFC 9112, section 6): at most one length, of digits alone, or exactly {@code chunked}. Whatever
 * two recipients could frame differently is refused, because the difference is how requests are smuggled (section 11.2).
 */
final class FramingRule implements RequestRule {
    @Override
    public void check(HttpRequest request) throws ProxyException {
        HttpHeaders headers = request.headers();
        List<String> lengths = headers.getAll(HttpHeaderNames.CONTENT_LENGTH);
        List<String> codings = headers.getAll(HttpHeaderNames.TRANSFER_ENCODING);
        if (!codings.isEmpty()) {
            if (!lengths.isEmpty()) {
                throw bad("both Transfer-Encoding and Content-Length");
            }
            coding(codings, request.protocolVersion());
        }
        if (lengths.size() > 1 || !lengths.isEmpty() && !Tokens.isLength(lengths.get(0))) {
            throw bad("repeated or malformed Content-Length");
        }
    }

    private static void coding(List<String> codings, HttpVersion version) throws ProxyException {
        if (version.equals(HttpVersion.HTTP_1_0)) {
            throw bad("Transfer-Encoding in HTTP/1.0");
        }
        if (codings.size() == 1 && codings.get(0).equalsIgnoreCase("chunked")) {
            return;
        }
        for (String coding : String.join(",", codings).split(",", -1)) {
            if (!known(coding.strip())) {
                throw new ProxyException(Failure.NOT_IMPLEMENTED, "unknown transfer coding");
            }
        }
        throw bad("a Transfer-Encoding other than chunked alone");
    }

    /** The codings of RFC 9112, section 7, and what is no coding at all: malformed rather than unknown. */
    private static boolean known(String coding) {
        if (!Tokens.isToken(coding)) {
            return true;
        }
        return switch (coding.toLowerCase(Locale.ROOT)) {
            case "chunked", "identity", "gzip", "x-gzip", "deflate", "compress", "x-compress" -> true;
            default -> false;
        };
    }

    private static ProxyException bad(String text) {
        return new ProxyException(Failure.BAD_REQUEST, text);
    }
}
