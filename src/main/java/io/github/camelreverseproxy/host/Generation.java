package io.github.camelreverseproxy.host;

import java.util.ArrayList;
import java.util.List;

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

    private static final Logger LOG = LoggerFactory.getLogger(Generation.class);

    private final Host host;
    private final Kept kept;
    private final Listeners.Attached listeners;
    private final boolean first;
    private final List<Runnable> limits = new ArrayList<>();
    private final List<RouteDefinition> later = new ArrayList<>();

    private Generation(Host host, Kept before, Listeners.Attached listeners, boolean first) {
        this.host = host;
        this.kept = new Kept(before);
        this.listeners = listeners;
        this.first = first;
    }

    /** @param before null for the first one */
    static Generation after(Generation before, Host host) {
        return new Generation(host, before == null ? null : before.kept, host.listeners.attached(), before == null);
    }

    /** One that is only to be tried: it has no address, and consumes from nowhere. */
    static Generation tried(Host host) {
        return new Generation(host, null, host.listeners.none(), false);
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
    void added(RouteDefinition route) {
        String uri = route.getInput() == null ? "" : String.valueOf(route.getInput().getEndpointUri());
        boolean ours = uri.startsWith("direct:") || uri.startsWith("seda:") || uri.startsWith("netty-http:");
        if (!first && !ours && !"false".equals(route.getAutoStartup())) {
            route.setAutoStartup("false");
            later.add(route);
        }
    }

    void activate() {
        limits.forEach(Runnable::run);
        listeners.activate();
        kept.settle();
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

    static void stopOthers(CamelContext context) {
        for (Route route : context.getRoutes()) {
            if (!(route.getEndpoint() instanceof DirectEndpoint) && !(route.getEndpoint() instanceof NettyHttpEndpoint)
                    && !route.getEndpoint().getEndpointUri().startsWith("seda:")) {
                try {
                    context.getRouteController().stopRoute(route.getRouteId());
                } catch (Exception e) {
                    LOG.error("The route {} does not stop: {}", route.getRouteId(), e.toString());
                }
            }
        }
    }
}
