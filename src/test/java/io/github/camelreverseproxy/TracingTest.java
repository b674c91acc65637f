package io.github.camelreverseproxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import java.util.stream.Collectors;

import com.google.protobuf.ByteString;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.github.camelreverseproxy.wire.Await;
import io.github.camelreverseproxy.wire.Connection;
import io.github.camelreverseproxy.wire.Message;
import io.github.camelreverseproxy.wire.Proxy;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.trace.v1.Span;
import io.opentelemetry.proto.trace.v1.Status;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Spans as a collector gets them (contract 11.4). */
class TracingTest {
    private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
    /** Sampled, with an id that is random (W3C Trace Context, level 2). */
    private static final String RANDOM = "-03";
    private static final String POST = "POST /a?secret HTTP/1.1\r\nHost: proxy\r\nContent-Type: application/json\r\nContent-Length: 7\r\n%s\r\n{\"a\":1}";

    private final List<Span> spans = new CopyOnWriteArrayList<>();
    private HttpServer collector;
    private Proxy proxy;

    @BeforeEach
    void collector() throws IOException {
        collector = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 16);
        collector.createContext("/v1/traces", this::collect);
        collector.start();
    }

    private void collect(HttpExchange exchange) throws IOException {
        try (InputStream body = exchange.getRequestBody()) {
            ExportTraceServiceRequest.parseFrom(body).getResourceSpansList().forEach(resource -> resource.getScopeSpansList()
                    .forEach(scope -> spans.addAll(scope.getSpansList())));
        }
        exchange.sendResponseHeaders(200, -1);
        exchange.close();
    }

    @AfterEach
    void stop() throws IOException {
        proxy.close();
        collector.stop(0);
    }

    private void start(String... property) throws Exception {
        proxy = new Proxy(property).setting("proxy.tracing.endpoint", "http://127.0.0.1:" + collector.getAddress().getPort() + "/v1/traces").startGenerations();
    }

    private Message post(String field) throws Exception {
        return proxy.exchange(POST.formatted(field));
    }

    /** What was exported, by name, when all of it has been. */
    private Map<String, Span> spans(int count) throws Exception {
        Await.until(count + " spans are exported", () -> spans.size() >= count);
        assertEquals(count, spans.size(), spans::toString);
        return spans.stream().collect(Collectors.toMap(Span::getName, Function.identity()));
    }

    private static String hex(ByteString id) {
        return HexFormat.of().formatHex(id.toByteArray());
    }

    private static String attribute(Span span, String key) {
        return span.getAttributesList().stream().filter(one -> one.getKey().equals(key)).findFirst()
                .map(one -> one.getValue().hasIntValue() ? Long.toString(one.getValue().getIntValue()) : one.getValue().getStringValue()).orElse(null);
    }

    @Test
    void aTraceGoesOn() throws Exception {
        start("proxy.tracing", "otlp", "proxy.tracing.ratio", "0");
        post("traceparent: 00-" + TRACE + "-00f067aa0ba902b7-01\r\ntracestate: vendor=1\r\n");
        Message seen = proxy.seen();
        Map<String, Span> spans = spans(3);
        Span request = spans.get("POST");
        Span patch = spans.get("patch-body");
        Span attempt = spans.get("upstream01");
        assertEquals(TRACE, hex(request.getTraceId()));
        assertEquals("00f067aa0ba902b7", hex(request.getParentSpanId()));
        assertEquals(Span.SpanKind.SPAN_KIND_SERVER, request.getKind());
        assertEquals(request.getSpanId(), patch.getParentSpanId());
        assertEquals(request.getSpanId(), attempt.getParentSpanId());
        assertEquals(Span.SpanKind.SPAN_KIND_CLIENT, attempt.getKind());
        assertEquals("00-" + TRACE + '-' + hex(attempt.getSpanId()) + "-01", seen.value("traceparent"));
        assertEquals("vendor=1", seen.value("tracestate"));
        assertEquals("POST", attribute(request, "http.request.method"));
        assertEquals("/a", attribute(request, "url.path"));
        assertEquals("200", attribute(request, "http.response.status_code"));
        assertEquals("127.0.0.1", attribute(request, "client.address"));
        assertFalse(spans.toString().contains("secret"));
        assertTrue(attempt.getEndTimeUnixNano() <= request.getEndTimeUnixNano() && attempt.getStartTimeUnixNano() >= patch.getEndTimeUnixNano());
    }

    @Test
    void aTraceThatIsNotSampled() throws Exception {
        start("proxy.tracing", "otlp", "proxy.tracing.ratio", "1");
        post("traceparent: 00-" + TRACE + "-00f067aa0ba902b7-00\r\n");
        assertTrue(proxy.seen().value("traceparent").matches("00-" + TRACE + "-[0-9a-f]{16}-00"));
        proxy.close();
        assertTrue(spans.isEmpty());
    }

    @Test
    void aTraceBegins() throws Exception {
        start("proxy.tracing", "otlp", "proxy.tracing.ratio", "1");
        Message answer = post("");
        Message seen = proxy.seen();
        Map<String, Span> spans = spans(3);
        assertEquals("00-" + hex(spans.get("POST").getTraceId()) + '-' + hex(spans.get("upstream01").getSpanId()) + RANDOM, seen.value("traceparent"));
        assertTrue(spans.get("POST").getParentSpanId().isEmpty());
        assertNull(answer.value("traceparent"));
    }

    @Test
    void aTraceThatCannotBeRead() throws Exception {
        start("proxy.tracing", "otlp", "proxy.tracing.ratio", "1");
        post("traceparent: 00-zz-00f067aa0ba902b7-01\r\ntracestate: vendor=1\r\n");
        Message seen = proxy.seen();
        assertNull(seen.value("tracestate"));
        assertNotEquals("00-zz-00f067aa0ba902b7-01", seen.value("traceparent"));
    }

    @Test
    void attemptsThatFail() throws Exception {
        start("proxy.tracing", "otlp", "proxy.tracing.ratio", "1");
        proxy.upstream(1).close();
        post("");
        Map<String, Span> spans = spans(4);
        assertEquals("ConnectFailed", attribute(spans.get("upstream01"), "error.type"));
        assertEquals(Status.StatusCode.STATUS_CODE_ERROR, spans.get("upstream01").getStatus().getCode());
        assertEquals("200", attribute(spans.get("upstream02"), "http.response.status_code"));
        assertEquals("00-" + hex(spans.get("POST").getTraceId()) + '-' + hex(spans.get("upstream02").getSpanId()) + RANDOM, proxy.seen().value("traceparent"));
        assertEquals(Status.StatusCode.STATUS_CODE_UNSET, spans.get("POST").getStatus().getCode());
    }

    @Test
    void refusals() throws Exception {
        start("proxy.tracing", "otlp", "proxy.tracing.ratio", "1");
        Message refusal = proxy.exchange("GET /a HTTP/1.1\r\n\r\n");
        Span span = spans(1).get("GET");
        assertEquals("400", attribute(span, "http.response.status_code"));
        assertEquals("BadRequest", attribute(span, "error.type"));
        assertTrue(refusal.body().contains(attribute(span, "proxy.event_id")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"00-" + TRACE + "-00f067aa0ba902b7-01", "anything"})
    void offChangesNothing(String traceparent) throws Exception {
        start();
        post("traceparent: " + traceparent + "\r\ntracestate: vendor=1\r\n");
        Message seen = proxy.seen();
        assertEquals(traceparent, seen.value("traceparent"));
        assertEquals("vendor=1", seen.value("tracestate"));
    }

    @Test
    void aReloadTurnsItOnAndOff() throws Exception {
        start();
        post("");
        proxy.setting("proxy.tracing", "otlp").setting("proxy.tracing.ratio", "1").generations().reload();
        post("");
        proxy.setting("proxy.tracing", "off").generations().reload();
        post("");
        spans(3);
    }

    @Test
    void aCollectorThatHangsHoldsNobodyUp() throws Exception {
        collector.removeContext("/v1/traces");
        collector.createContext("/v1/traces", exchange -> { });
        start("proxy.tracing", "otlp", "proxy.tracing.ratio", "1");
        try (Connection client = proxy.connect()) {
            for (int i = 0; i < 5000; i++) {
                assertEquals(200, client.send(POST.formatted("")).receive().status());
            }
        }
    }
}
