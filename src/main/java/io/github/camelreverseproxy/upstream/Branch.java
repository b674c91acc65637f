package io.github.camelreverseproxy.upstream;

import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Set;

import io.github.camelreverseproxy.client.UpstreamEndpoint;
import org.apache.camel.AsyncProcessor;
import org.apache.camel.CamelContext;
import org.apache.camel.Endpoint;
import org.apache.camel.EndpointAware;
import org.apache.camel.Navigate;
import org.apache.camel.Route;
import org.apache.camel.processor.RecipientList;
import org.apache.camel.processor.RoutingSlip;
import org.apache.camel.processor.SendDynamicProcessor;
import org.apache.camel.processor.WireTapProcessor;

/**
 * A branch of a load balancer, and the breaker that stands on its way: through routes of the user's, which may do what they
 * like before it. Immutable.
 *
 * @param name    of the upstream; or else of where the branch leads to
 * @param route   its steps
 * @param breaker null if there is none, or several; it is not known before it has been tried then whether the branch can take an exchange
 * @param fallsBack whether it has an answer of its own when it cannot
 * @param unknown what stands in the way of knowing its breaker, or null
 */
record Branch(String name, AsyncProcessor route, UpstreamBreaker breaker, boolean fallsBack, String unknown) {

    static Branch of(AsyncProcessor route, int number, CamelContext context) {
        Search search = new Search(context);
        search.look(route);
        BreakerProcessor only = search.breakers.size() == 1 ? search.breakers.iterator().next() : null;
        String unknown = search.breakers.size() > 1 ? "leads to several upstreams" : only != null ? null
                : search.unguarded ? "leads to an upstream without a breaker" : search.dynamic ? "leads to where a message says" : null;
        String name = only != null ? only.breaker().name() : search.first == null ? "#" + number : search.first;
        return new Branch(name, route, only == null ? null : only.breaker(), only != null && only.fallsBack(), unknown);
    }

    /** Goes the ways that an exchange may go, but for copies of it and for what another load balancer chooses among. */
    private static final class Search {
        private final CamelContext context;
        private final Set<Object> seen = new HashSet<>();
        private final Set<BreakerProcessor> breakers = new LinkedHashSet<>();
        private String first;
        private boolean unguarded;
        private boolean dynamic;

        Search(CamelContext context) {
            this.context = context;
        }

        void look(Object node) {
            if (node == null || node instanceof WireTapProcessor || node instanceof Balancer || !seen.add(node)) {
                return;
            }
            dynamic |= node instanceof SendDynamicProcessor || node instanceof RecipientList || node instanceof RoutingSlip;
            if (node instanceof BreakerProcessor breaker) {
                breakers.add(breaker);
            } else if (node instanceof EndpointAware aware) {
                follow(aware.getEndpoint());
            } else if (node instanceof Navigate<?> steps && steps.hasNext()) {
                steps.next().forEach(this::look);
            }
        }

        private void follow(Endpoint endpoint) {
            unguarded |= endpoint instanceof UpstreamEndpoint;
            if (first == null) {
                String uri = endpoint.getEndpointBaseUri();
                first = uri.substring(uri.indexOf(":") + 1).replaceFirst("^//", "");
            }
            for (Route route : context.getRoutes()) {
                if (route.getEndpoint() == endpoint) {
                    look(route.getProcessor());
                }
            }
        }
    }
}
