package io.github.camelreverseproxy.response;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import io.github.camelreverseproxy.message.Failure;
import io.github.camelreverseproxy.message.Methods;
import org.apache.camel.Exchange;

/**
 * What the client gets when there is no answer of an upstream: the document and the fields that go with it.
 *
 * @param text    what follows the kind in the error text
 * @param eventId the exchange's id, which the log names too
 * @param problem whether the client accepts {@code application/problem+json} (RFC 9457)
 * @param retryAfter in seconds, for status 503
 */
record ErrorDocument(Failure failure, String text, String eventId, boolean problem, int retryAfter) {
    private static final String PROXY = "camel-reverse-proxy";

    static ErrorDocument of(Failure failure, String text, String eventId, String accept, int retryAfter) {
        return new ErrorDocument(failure, text, eventId, accept != null && acceptsProblem(accept), retryAfter);
    }

    /** Everything but {@code Via} and the framing. */
    Map<String, String> fields() {
        Map<String, String> fields = new LinkedHashMap<>();
        fields.put(Exchange.CONTENT_TYPE, problem ? "application/problem+json" : "application/json");
        fields.put("Proxy-Status", PROXY + "; error=" + failure.proxyStatus());
        if (failure == Failure.METHOD_NOT_ALLOWED) {
            fields.put("Allow", Methods.ALLOW);
        }
        if (failure.status() == 503) {
            fields.put("Retry-After", Integer.toString(retryAfter));
        }
        return fields;
    }

    byte[] body() {
        String error = string(failure.kind() + ": " + text);
        String id = string(eventId);
        String json = problem
                ? "{\"type\":\"about:blank\",\"title\":" + string(ErrorAnswer.status(failure).reasonPhrase()) + ",\"status\":" + failure.status()
                        + ",\"detail\":" + error + ",\"event_id\":" + id + "}"
                : "{\"error\":" + error + ",\"event_id\":" + id + "}";
        return json.getBytes(StandardCharsets.UTF_8);
    }

    private static String string(String text) {
        return '"' + new String(JsonStringEncoder.getInstance().quoteAsString(text)) + '"';
    }

    /** Whether the media type is listed (RFC 9110, section 12.5.1), with a weight other than 0. */
    private static boolean acceptsProblem(String accept) {
        for (String range : accept.toLowerCase(Locale.ROOT).split("[\\[\\],]")) {
            int end = range.indexOf(';');
            if ((end < 0 ? range : range.substring(0, end)).strip().equals("application/problem+json")) {
                return end < 0 || !range.substring(end).matches("(?s).*;\\s*q=0(\\.0{0,3})?\\s*(;.*)?");
            }
        }
        return false;
    }
}
