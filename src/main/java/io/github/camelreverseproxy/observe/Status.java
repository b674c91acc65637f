package io.github.camelreverseproxy.observe;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.camelreverseproxy.client.PoolState;
import io.github.camelreverseproxy.forwarding.RequestRecord;
import io.github.camelreverseproxy.listener.Listeners;
import io.github.camelreverseproxy.upstream.UpstreamState;
import io.micrometer.core.instrument.Timer;
import org.apache.camel.CamelContext;
import org.apache.camel.Route;
import org.apache.camel.component.netty.NettyConfiguration;
import org.apache.camel.component.netty.http.NettyHttpEndpoint;
import org.apache.camel.util.URISupport;

/** What the status page shows, as JSON; takes a sample each second of what it shows as a rate. Confined to a thread. */
final class Status {
    private static final int LATELY = 10;

    private final Observatory all;
    private final Listeners listeners;
    private final Window requests = new Window(LATELY);
    private final Map<String, Window> attempts = new HashMap<>();
    private final Rates rates = new Rates();
    private final History history = new History();
    private long lastErrors;

    Status(Observatory all, Listeners listeners) {
        this.all = all;
        this.listeners = listeners;
    }

    /** To be called each second. */
    void sample() {
        Metrics metrics = all.metrics();
        CamelContext context = all.context();
        if (metrics == null || context == null) {
            return;
        }
        all.read();
        long now = System.nanoTime();
        requests.sample(metrics.requests(), now);
        long errors = all.lately().errors();
        rates.sample("errors", errors, now);
        history.add(requests.perSecond(1), errors - lastErrors, requests.percentile(0.5, 1), requests.percentile(0.99, 1));
        lastErrors = errors;
        Set<String> seen = new HashSet<>(Set.of("errors"));
        Set<String> upstreams = all.upstreams();
        for (String upstream : upstreams) {
            Timer timer = metrics.attempts(upstream);
            attempts.computeIfAbsent(upstream, name -> new Window(LATELY)).sample(timer == null ? List.of() : List.of(timer), now);
        }
        attempts.keySet().retainAll(upstreams);
        for (Route route : context.getRoutes()) {
            if (address(route) != null) {
                sample("route " + route.getId(), total(route), seen, now);
            }
            for (Arrows.Arrow arrow : Arrows.of(context).from(route.getId())) {
                sample(key(arrow), total(arrow), seen, now);
            }
        }
        rates.keep(seen);
    }

    private void sample(String key, long total, Set<String> seen, long now) {
        seen.add(key);
        rates.sample(key, total, now);
    }

    private static NettyConfiguration address(Route route) {
        return route.getEndpoint() instanceof NettyHttpEndpoint listener ? listener.getConfiguration() : null;
    }

    private long total(Route route) {
        NettyConfiguration address = address(route);
        return listeners.requests(address.getHost(), address.getPort());
    }

    private long total(Arrows.Arrow arrow) {
        return arrow.sent() != null ? arrow.sent().sum() : all.metrics().count(upstream(arrow.to()));
    }

    private static String key(Arrows.Arrow arrow) {
        return arrow.route() + '\n' + arrow.step() + '\n' + arrow.to();
    }

    /** Of {@code upstream://name?...}. */
    private static String upstream(String uri) {
        return uri.replaceFirst("^upstream:(//)?", "").replaceFirst("\\?.*", "");
    }

    /** Everything. */
    byte[] page() {
        all.read();
        ObjectNode page = JsonNodeFactory.instance.objectNode();
        page.put("name", "camel-reverse-proxy");
        page.put("version", Status.class.getPackage().getImplementationVersion());
        page.put("time", time(System.currentTimeMillis()));
        page.put("started", time(all.started()));
        page.putObject("generation").put("number", all.generation()).put("since", time(all.since())).put("draining", all.draining());
        List<String> unready = all.unready();
        page.put("ready", unready.isEmpty());
        ArrayNode reasons = page.putArray("reasons");
        unready.forEach(reasons::add);
        totals(page);
        routes(page.putArray("routes"));
        upstreams(page.putArray("upstreams"));
        refusals(page.putArray("refusals"));
        reloads(page.putArray("reloads"));
        history.write(page.putObject("history"));
        return bytes(page);
    }

    /** The upstreams alone. */
    byte[] upstreams() {
        all.read();
        ObjectNode page = JsonNodeFactory.instance.objectNode();
        page.put("time", time(System.currentTimeMillis()));
        upstreams(page.putArray("upstreams"));
        return bytes(page);
    }

    static byte[] bytes(ObjectNode page) {
        // What it is by itself is JSON; a mapper of our own would take a tenth of the start.
        return page.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static String time(long millis) {
        return millis == 0 ? null : Instant.ofEpochMilli(millis).toString();
    }

    static Double rounded(Double number) {
        return number == null ? null : Math.round(number * 1000) / 1000.0;
    }

    private void totals(ObjectNode page) {
        long ended = all.journal().ended();
        long begun = all.journal().begun();
        page.putObject("requests").put("begun", begun).put("ended", ended).put("in_flight", begun - ended).put("limit", all.inFlight().limit())
                .put("per_second", rounded(requests.perSecond(5))).put("errors_per_second", rounded(rates.perSecond("errors")))
                .put("p50_ms", rounded(requests.percentile(0.5, LATELY))).put("p99_ms", rounded(requests.percentile(0.99, LATELY)));
        page.putObject("connections").put("open", all.connections().count()).put("limit", all.connections().limit());
        page.putObject("body_bytes").put("held", all.budget().held()).put("limit", all.budget().limit());
    }

    private void routes(ArrayNode to) {
        CamelContext context = all.context();
        if (context == null) {
            return;
        }
        Map<String, String> byEndpoint = new HashMap<>();
        for (Route route : context.getRoutes()) {
            byEndpoint.put(route.getEndpoint().getEndpointUri(), route.getId());
        }
        for (Route route : context.getRoutes()) {
            NettyConfiguration address = address(route);
            ObjectNode one = to.addObject().put("id", route.getId()).put("description", route.getDescription())
                    .put("from", plain(route.getEndpoint().getEndpointUri()))
                    .put("listens", address == null ? null : address.getHost() + ':' + address.getPort());
            if (address != null) {
                one.put("total", total(route)).put("per_second", rounded(rates.perSecond("route " + route.getId())));
            }
            ArrayNode arrows = one.putArray("arrows");
            for (Arrows.Arrow arrow : Arrows.of(context).from(route.getId())) {
                arrows.addObject().put("step", arrow.step()).put("description", arrow.description())
                        .put("to", arrow.sent() == null ? "upstream:" + upstream(arrow.to()) : byEndpoint.getOrDefault(arrow.to(), plain(arrow.to())))
                        .put("total", total(arrow)).put("per_second", rounded(rates.perSecond(key(arrow))));
            }
        }
    }

    /** Without what may be a secret. */
    private static String plain(String uri) {
        return URISupport.sanitizeUri(uri).replaceFirst("\\?.*", "").replaceFirst("://", ":");
    }

    private void upstreams(ArrayNode to) {
        Map<String, UpstreamState> states = all.states();
        double sum = attempts.values().stream().mapToDouble(window -> window.perSecond(5)).sum();
        for (String name : all.upstreams()) {
            UpstreamState state = states.get(name);
            Window window = attempts.getOrDefault(name, new Window(1));
            PoolState pool = all.pool(name);
            ObjectNode one = to.addObject().put("name", name).put("url", state == null ? null : state.url())
                    .put("state", state == null ? "unknown" : state.state().word().replace('_', '-'))
                    .put("since", state == null ? null : time(state.since())).put("seconds_to_probe", state == null ? 0 : state.millisToProbe() / 1000.0)
                    .put("share", sum == 0 ? 0 : rounded(window.perSecond(5) / sum)).put("per_second", rounded(window.perSecond(5)))
                    .put("p50_ms", rounded(window.percentile(0.5, LATELY))).put("p99_ms", rounded(window.percentile(0.99, LATELY)))
                    .put("in_flight", state == null ? 0 : state.inFlight()).put("openings", state == null ? 0 : state.openings())
                    .put("limit", state == null || state.limit() == 0 ? null : state.limit());
            one.put("attempts", all.metrics().count(name)).put("failures", state == null ? null : state.failures().count());
            one.putObject("connections").put("open", pool.open()).put("idle", pool.idle());
            if (state == null || state.failures().count() == 0) {
                one.putNull("last_error");
            } else {
                one.putObject("last_error").put("time", time(state.failures().time())).put("what", state.failures().cause());
            }
        }
    }

    private void refusals(ArrayNode to) {
        for (RequestRecord refusal : all.lately().refusals()) {
            String target = refusal.target();
            to.addObject().put("time", time(refusal.time())).put("event_id", refusal.eventId()).put("status", refusal.status())
                    .put("kind", refusal.failure().kind()).put("method", refusal.method())
                    .put("path", target == null ? null : target.replaceFirst("(?s)\\?.*", ""));
        }
    }

    private void reloads(ArrayNode to) {
        for (Reload reload : all.lately().reloads()) {
            ObjectNode one = to.addObject().put("time", time(reload.time())).put("ok", reload.isOk())
                    .put("generation", reload.isOk() ? reload.generation() : null).put("millis", reload.millis());
            ArrayNode files = one.putArray("files");
            reload.files().forEach(files::add);
            ArrayNode errors = one.putArray("errors");
            reload.errors().forEach(errors::add);
        }
    }
}
