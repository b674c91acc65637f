package io.github.camelreverseproxy.host;

import java.net.BindException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

import io.github.camelreverseproxy.forwarding.Kept;
import io.github.camelreverseproxy.listener.Listeners;
import org.apache.camel.CamelContext;
import org.apache.camel.Route;
import org.apache.camel.component.direct.DirectEndpoint;
import org.apache.camel.component.netty.http.NettyHttpEndpoint;
import org.apache.camel.model.RouteDefinition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One reading of the routes and properties: a Camel context in a host. It is built beside the one before and takes its place
 * as a whole, or never. Confined to the thread that builds it, and then to the one that ends it.
 */
final class Generation {
    /** The name by which a context finds its own. */
    static final String BEAN = "generation";

    private static final Set<String> OURS = Set.of("direct", "seda", "netty-http");
    private static final Logger LOG = LoggerFactory.getLogger(Generation.class);

    private final Host host;
    private final Kept kept;
    private final Listeners.Attached listeners;
    private final boolean first;
    private final boolean tried;
    private final List<Runnable> limits = new ArrayList<>();
    private final List<RouteDefinition> later = new ArrayList<>();

    private Listeners.Attached management;

    private Generation(Host host, Kept before, Listeners.Attached listeners, boolean first, boolean tried) {
        this.host = host;
        this.kept = new Kept(before);
        this.listeners = listeners;
        this.first = first;
        this.tried = tried;
    }

    /** @param before null for the first one */
    static Generation after(Generation before, Host host) {
        return new Generation(host, before == null ? null : before.kept, host.listeners.attached(), before == null, false);
    }

    /** One that is only to be tried: it has no address, and consumes from nowhere. */
    static Generation tried(Host host) {
        return new Generation(host, null, host.listeners.none(), false, true);
    }

    Host host() {
        return host;
    }

    Kept kept() {
        return kept;
    }

    Listeners.Attached listeners() {
        return listeners;
    }

    /** @param limit is set when the generation takes its place */
    void whenActive(Runnable limit) {
        limits.add(limit);
    }

    /** What consumes from elsewhere, a timer or a directory, begins when the generation before has stopped doing so. */
    void added(CamelContext context, RouteDefinition route) {
        String uri = route.getInput() == null ? "" : resolved(context, route.getInput().getEndpointUri());
        String scheme = uri.replaceFirst("[:?].*", "");
        boolean off = route.getAutoStartup() != null && !Boolean.parseBoolean(resolved(context, route.getAutoStartup()));
        if (!first && !off && !OURS.contains(scheme)) {
            route.setAutoStartup("false");
            later.add(route);
        }
    }

    /** Parameters of templates are not known here; none begins with one. */
    private static String resolved(CamelContext context, String text) {
        return text.startsWith("{{") ? context.resolvePropertyPlaceholders(text) : text;
    }

    /**
     * Where the process can be seen; the first generation shows from the beginning that it is about to start.
     *
     * @param port 0 for nowhere
     */
    void observedAt(String address, int port) throws Exception {
        if (tried || port == 0 && !host.isObserved()) {
            return;
        }
        if (port == 0) {
            management = host.management().attached();
            return;
        }
        management = host.management().attached();
        try {
            host.management().listen(management, address, port);
        } catch (BindException e) {
            throw new BindException("proxy.observe.host = " + address + ", proxy.observe.port = " + port + ": " + e.getMessage());
        }
        if (first) {
            management.activate();
        }
    }

    void activate(int number, CamelContext context) {
        for (Runnable limit : limits) {
            try {
                limit.run();
            } catch (RuntimeException e) {
                LOG.error("Something of the properties does not take effect: {}", e.toString());
            }
        }
        listeners.activate();
        if (management != null && management.activate()) {
            host.management().disconnect();
        }
        kept.settle();
        host.observatory.serves(number, context);
    }

    /** It has come to nothing. */
    void discard(Kept other) {
        if (management != null) {
            management.discard();
        }
        kept.end(other);
    }

    /** The generation before consumes from nowhere any more. */
    void startOthers(CamelContext context) {
        for (RouteDefinition route : later) {
            try {
                context.getRouteController().startRoute(route.getRouteId());
            } catch (Exception e) {
                LOG.error("The route {} does not start: {}", route.getRouteId(), e.toString());
            }
        }
    }

    /** @param millis for what is under way there to end */
    static void stopOthers(CamelContext context, long millis) {
        for (Route route : context.getRoutes()) {
            if (!(route.getEndpoint() instanceof DirectEndpoint) && !(route.getEndpoint() instanceof NettyHttpEndpoint)
                    && !route.getEndpoint().getEndpointUri().startsWith("seda:")) {
                try {
                    context.getRouteController().stopRoute(route.getRouteId(), millis, TimeUnit.MILLISECONDS);
                } catch (Exception e) {
                    LOG.error("The route {} does not stop: {}", route.getRouteId(), e.toString());
                }
            }
        }
    }
}
