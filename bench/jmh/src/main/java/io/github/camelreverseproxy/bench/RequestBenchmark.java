package io.github.camelreverseproxy.bench;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import io.github.camelreverseproxy.message.EndToEndFields;
import io.github.camelreverseproxy.message.FieldMaps;
import io.github.camelreverseproxy.request.BodyPatch;
import io.github.camelreverseproxy.message.HeaderStyle;
import io.github.camelreverseproxy.request.Forwarded;
import io.github.camelreverseproxy.request.TrustedProxies;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.DefaultExchange;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/** What is done to each request: the member in the body, the field Forwarded, the fields off the wire and onto it. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class RequestBenchmark {
    private static final List<Map.Entry<String, String>> FIELDS = List.of(
            Map.entry("Host", "localhost:65535"), Map.entry("User-Agent", "curl/7.88.1"), Map.entry("Accept", "*/*"),
            Map.entry("Content-Type", "application/json"), Map.entry("Content-Length", "18"), Map.entry("Cookie", "a=1"),
            Map.entry("Accept-Language", "en"), Map.entry("Connection", "keep-alive"));

    /** Size of the body in bytes, about. */
    @Param({"18", "65536"})
    private int size;

    private final BodyPatch patch = new BodyPatch();
    private final Forwarded forwarded = new Forwarded("localhost:65535", HeaderStyle.SEED, new TrustedProxies(""));
    private final FieldMaps maps = new FieldMaps();
    private Map<String, Object> headers;
    private Exchange exchange;
    private byte[] body;

    @Setup
    public void prepare() {
        CamelContext context = new DefaultCamelContext();
        context.getCamelContextExtension().setHeadersMapFactory(maps);
        StringBuilder document = new StringBuilder("{\"snot\": \"badger\"");
        for (int i = 0; document.length() < size - 1; i++) {
            document.append(",\"row ").append(i).append("\":{\"id\":").append(i).append(",\"price\":").append(i * 0.25)
                    .append(",\"tags\":[\"a\",\"b\\n\"],\"open\":true}");
        }
        body = document.append('}').toString().getBytes(StandardCharsets.UTF_8);
        exchange = new DefaultExchange(context);
        exchange.getMessage().setHeader("Host", "localhost:65535");
        exchange.getMessage().setHeader("Content-Type", "application/json");
        forwarded.process(exchange);
        headers = maps.newMap();
        EndToEndFields.read(FIELDS, List.of("keep-alive"), headers);
    }

    @Benchmark
    public Object bodyPatch() throws Exception {
        exchange.getMessage().setBody(body);
        patch.process(exchange);
        return exchange.getMessage().getBody();
    }

    @Benchmark
    public void forwardedField() {
        forwarded.process(exchange);
    }

    @Benchmark
    public Map<String, Object> fieldsOffTheWire() {
        Map<String, Object> read = maps.newMap();
        EndToEndFields.read(FIELDS, List.of("keep-alive"), read);
        return read;
    }

    @Benchmark
    public void fieldsOntoTheWire(Blackhole wire) {
        EndToEndFields.write(headers, (name, value) -> {
            wire.consume(name);
            wire.consume(value);
        });
    }
}
