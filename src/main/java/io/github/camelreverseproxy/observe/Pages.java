package io.github.camelreverseproxy.observe;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.camelreverseproxy.listener.Listeners;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.DefaultThreadFactory;
import org.apache.camel.CamelContext;
import org.apache.camel.health.HealthCheck;
import org.apache.camel.health.HealthCheckHelper;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the management port answers: health, numbers, upstreams, the status page. It reads and changes nothing. Runs on that
 * port's own event loop; health checks of routes' components, which may wait, on a thread of their own.
 */
@Sharable
public final class Pages extends ChannelInboundHandlerAdapter {
    private static final Logger LOG = LoggerFactory.getLogger(Pages.class);
    private static final String BASE = "/observe/";
    private static final String JSON = "application/json";
    private static final String ONLY_ITSELF = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src data:; "
            + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    private static final int CHECK_SECONDS = 5;
    /** For an event loop to do what it was given; past it, it does nothing any more. */
    private static final long STUCK_MILLIS = 30_000;

    private final Observatory all;
    private final Status status;
    private final byte[] page = resource("index.html");
    private final ExecutorService checks = Executors.newSingleThreadExecutor(new DefaultThreadFactory("health", true));
    /** All who ask while it goes on get the same answer. */
    private CompletableFuture<List<String>> check = CompletableFuture.completedFuture(List.of());

    /** @param loop that it runs on */
    public Pages(Observatory all, Listeners listeners, EventLoop loop) {
        this.all = all;
        this.status = new Status(all, listeners);
        loop.schedule(all.metrics()::watchJvm, 1, TimeUnit.SECONDS);
        loop.scheduleAtFixedRate(this::sample, 1, 1, TimeUnit.SECONDS);
    }

    private void sample() {
        try {
            status.sample();
        } catch (RuntimeException e) {
            LOG.error("A second is missing on the status page", e);
        }
    }

    private static byte[] resource(String name) {
        try (InputStream file = Pages.class.getResourceAsStream(name)) {
            return file.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        try {
            answer(ctx, (FullHttpRequest) message);
        } finally {
            ReferenceCountUtil.release(message);
        }
    }

    private void answer(ChannelHandlerContext ctx, FullHttpRequest request) {
        HttpMethod method = request.method();
        String path = request.uri().replaceFirst("\\?.*", "");
        if (!isMeant(ctx, request)) {
            ctx.writeAndFlush(answer(HttpResponseStatus.MISDIRECTED_REQUEST, JSON, error("ask for localhost, or for an address")));
            return;
        }
        if (!method.equals(HttpMethod.GET) && !method.equals(HttpMethod.HEAD)) {
            FullHttpResponse refusal = answer(HttpResponseStatus.METHOD_NOT_ALLOWED, JSON, error("only GET and HEAD"));
            refusal.headers().set(HttpHeaderNames.ALLOW, "GET, HEAD");
            ctx.writeAndFlush(refusal);
            return;
        }
        switch (path.startsWith(BASE) ? path.substring(BASE.length()) : path) {
            case "" -> ctx.writeAndFlush(html());
            case "status" -> ctx.writeAndFlush(answer(HttpResponseStatus.OK, JSON, status.page()));
            case "upstreams" -> ctx.writeAndFlush(answer(HttpResponseStatus.OK, JSON, status.upstreams()));
            case "metrics" -> ctx.writeAndFlush(metrics());
            case "health/live" -> ctx.writeAndFlush(live());
            case "health/ready" -> ready(ctx);
            case "/", "/observe" -> ctx.writeAndFlush(moved());
            default -> ctx.writeAndFlush(answer(HttpResponseStatus.NOT_FOUND, JSON, error("there is /observe/, /observe/upstreams, /observe/metrics, /observe/health/live and /observe/health/ready")));
        }
    }

    /**
     * On this machine alone it is asked for by that name, or by an address: a page of somebody else's whose name leads here has a browser ask
     * by that name, to read what is meant for nobody else.
     */
    private static boolean isMeant(ChannelHandlerContext ctx, FullHttpRequest request) {
        String host = request.headers().get(HttpHeaderNames.HOST, "").replaceFirst(":[0-9]*$", "");
        return !((InetSocketAddress) ctx.channel().localAddress()).getAddress().isLoopbackAddress()
                || host.isEmpty() || host.equalsIgnoreCase("localhost") || host.matches("[0-9.]+|\\[[0-9A-Fa-f:.]+]");
    }

    private static FullHttpResponse answer(HttpResponseStatus status, String type, byte[] body) {
        FullHttpResponse response = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, status, Unpooled.wrappedBuffer(body));
        HttpHeaders fields = response.headers();
        fields.set(HttpHeaderNames.CONTENT_TYPE, type);
        fields.setInt(HttpHeaderNames.CONTENT_LENGTH, body.length);
        fields.set(HttpHeaderNames.CACHE_CONTROL, "no-store");
        fields.set("X-Content-Type-Options", "nosniff");
        return response;
    }

    private static byte[] error(String text) {
        return Status.bytes(JsonNodeFactory.instance.objectNode().put("error", text));
    }

    private FullHttpResponse html() {
        FullHttpResponse response = answer(HttpResponseStatus.OK, "text/html; charset=utf-8", page);
        response.headers().set("Content-Security-Policy", ONLY_ITSELF);
        response.headers().set("Referrer-Policy", "no-referrer");
        return response;
    }

    private static FullHttpResponse moved() {
        FullHttpResponse response = answer(HttpResponseStatus.FOUND, JSON, error("see /observe/"));
        response.headers().set(HttpHeaderNames.LOCATION, BASE);
        return response;
    }

    private FullHttpResponse metrics() {
        return answer(HttpResponseStatus.OK, "text/plain; version=0.0.4; charset=utf-8", all.scrape().getBytes(StandardCharsets.UTF_8));
    }

    /** It is, as long as its event loops do something. */
    private FullHttpResponse live() {
        return health(all.isStuck(STUCK_MILLIS) ? List.of("an event loop has done nothing for " + STUCK_MILLIS / 1000 + " s") : List.of());
    }

    private FullHttpResponse health(Collection<String> reasons) {
        ObjectNode document = JsonNodeFactory.instance.objectNode().put("status", reasons.isEmpty() ? "UP" : "DOWN");
        ArrayNode why = document.putArray("reasons");
        reasons.forEach(why::add);
        // What was refused changes nothing, and is to be seen all the same.
        ArrayNode errors = document.putArray("reload_errors");
        all.lately().reloadErrors().forEach(errors::add);
        return answer(reasons.isEmpty() ? HttpResponseStatus.OK : HttpResponseStatus.SERVICE_UNAVAILABLE, JSON, Status.bytes(document));
    }

    private void ready(ChannelHandlerContext ctx) {
        List<String> unready = all.unready();
        CamelContext context = all.context();
        if (!unready.isEmpty()) {
            ctx.writeAndFlush(health(unready));
            return;
        }
        if (check.isDone()) {
            check = CompletableFuture.supplyAsync(() -> failed(context), checks);
        }
        check.copy().orTimeout(CHECK_SECONDS, TimeUnit.SECONDS).whenComplete((failed, error) -> ctx.pipeline().writeAndFlush(
                health(error == null ? failed : List.of(error instanceof TimeoutException ? "health checks hang" : "a health check has failed"))));
    }

    /** By the health checks that Camel has in the context: the upstreams', the routes', those of components. */
    private static List<String> failed(CamelContext context) {
        List<String> failed = new ArrayList<>();
        for (HealthCheck.Result result : HealthCheckHelper.invokeReadiness(context)) {
            if (result.getState() == HealthCheck.State.DOWN) {
                failed.add(result.getMessage().orElse(result.getCheck().getId()));
            }
        }
        return failed;
    }

    /** The threads for health checks end. */
    public void close() {
        checks.shutdown();
    }
}
