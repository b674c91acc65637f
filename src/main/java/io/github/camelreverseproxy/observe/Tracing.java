package io.github.camelreverseproxy.observe;

import java.util.Map;
import java.util.concurrent.TimeUnit;

import io.github.camelreverseproxy.forwarding.RequestRecord;
import io.github.camelreverseproxy.forwarding.Trace;
import io.github.camelreverseproxy.message.Failure;
import io.github.camelreverseproxy.message.Methods;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import io.opentelemetry.sdk.trace.samplers.Sampler;

/**
 * Spans of requests, of their attempts and of the patch of their bodies, by OpenTelemetry to a collector (OTLP over HTTP). A
 * trace that a client has begun goes on, and is sampled if the client has it sampled (W3C Trace Context); of others a part is.
 * Attributes have the names of OpenTelemetry's conventions for HTTP; a query, which may be a secret, is none. Thread-safe.
 */
final class Tracing implements Trace.Tracer, AutoCloseable {
    private static final AttributeKey<String> METHOD = AttributeKey.stringKey("http.request.method");
    private static final AttributeKey<String> PATH = AttributeKey.stringKey("url.path");
    private static final AttributeKey<Long> STATUS = AttributeKey.longKey("http.response.status_code");
    private static final AttributeKey<String> ERROR = AttributeKey.stringKey("error.type");
    private static final AttributeKey<String> CLIENT = AttributeKey.stringKey("client.address");
    private static final AttributeKey<String> EVENT = AttributeKey.stringKey("proxy.event_id");
    private static final AttributeKey<String> SERVICE = AttributeKey.stringKey("service.name");
    private static final int SERVER_ERROR = 500;
    private static final int CLIENT_ERROR = 400;
    private static final long CLOSE_MILLIS = 2000;

    private static final TextMapGetter<Map<String, String>> FIELDS = new TextMapGetter<>() {
        @Override
        public String get(Map<String, String> fields, String name) {
            return fields == null ? null : fields.get(name);
        }
    };

    private final SdkTracerProvider provider;
    private final Tracer tracer;

    /**
     * @param endpoint of the collector, for instance {@code http://localhost:4318/v1/traces}
     * @param ratio    of the traces that begin here, from 0 to 1
     */
    Tracing(String endpoint, double ratio) {
        OtlpHttpSpanExporter exporter = OtlpHttpSpanExporter.builder().setEndpoint(endpoint).build();
        provider = SdkTracerProvider.builder().setSampler(Sampler.parentBased(Sampler.traceIdRatioBased(ratio)))
                .setResource(Resource.getDefault().merge(Resource.create(Attributes.of(SERVICE, "camel-reverse-proxy"))))
                .addSpanProcessor(BatchSpanProcessor.builder(exporter).setScheduleDelay(1, TimeUnit.SECONDS).build()).build();
        tracer = provider.get("camel-reverse-proxy");
    }

    @Override
    public Trace begin(String method, String target, String traceparent, String tracestate) {
        Context parent = Context.root();
        if (traceparent != null) {
            Map<String, String> fields = tracestate == null ? Map.of("traceparent", traceparent) : Map.of("traceparent", traceparent, "tracestate", tracestate);
            parent = W3CTraceContextPropagator.getInstance().extract(parent, fields, FIELDS);
        }
        Span span = tracer.spanBuilder(method == null || !Methods.isForwarded(method) ? "HTTP" : method).setSpanKind(SpanKind.SERVER).setParent(parent).startSpan();
        if (span.isRecording() && method != null) {
            span.setAttribute(METHOD, method).setAttribute(PATH, target.replaceFirst("(?s)\\?.*", ""));
        }
        return new OfRequest(span, Span.fromContext(parent).getSpanContext().isValid());
    }

    private static void end(Span span, int status, Failure why, int wrong) {
        if (status > 0) {
            span.setAttribute(STATUS, (long) status);
        }
        if (why != null || status >= wrong) {
            span.setAttribute(ERROR, why != null ? why.kind() : Integer.toString(status));
        }
        if (why != null && (status == 0 || status >= wrong) || status >= wrong) {
            span.setStatus(StatusCode.ERROR);
        }
        span.end();
    }

    private final class OfRequest implements Trace {
        private final io.opentelemetry.api.trace.Span span;
        private final boolean continued;

        OfRequest(io.opentelemetry.api.trace.Span span, boolean continued) {
            this.span = span;
            this.continued = continued;
        }

        @Override
        public Trace.Span begin(String name, boolean ofUpstream) {
            return new Part(tracer.spanBuilder(name).setSpanKind(ofUpstream ? SpanKind.CLIENT : SpanKind.INTERNAL)
                    .setParent(Context.root().with(span)).startSpan(), continued);
        }

        @Override
        public void end(RequestRecord record) {
            if (span.isRecording()) {
                span.setAttribute(CLIENT, record.client());
                if (record.eventId() != null) {
                    span.setAttribute(EVENT, record.eventId());
                }
            }
            Tracing.end(span, record.status(), record.failure(), SERVER_ERROR);
        }
    }

    private record Part(Span span, boolean continued) implements Trace.Span {
        @Override
        public String traceparent() {
            SpanContext context = span.getSpanContext();
            return "00-" + context.getTraceId() + '-' + context.getSpanId() + '-' + context.getTraceFlags().asHex();
        }

        @Override
        public void end(int status, Failure why) {
            Tracing.end(span, status, why, CLIENT_ERROR);
        }
    }

    /** What has ended is exported, if that does not take long. */
    @Override
    public void close() {
        provider.shutdown().join(CLOSE_MILLIS, TimeUnit.MILLISECONDS);
    }
}
