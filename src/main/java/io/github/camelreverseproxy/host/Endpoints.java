package io.github.camelreverseproxy.host;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.TreeSet;

import io.github.camelreverseproxy.client.UpstreamEndpoint;
import org.apache.camel.CamelContext;
import org.apache.camel.Component;
import org.apache.camel.spi.EndpointUriFactory;

/** Which components there are, and which options their endpoints have. */
final class Endpoints {
    /** Those that are certainly there, for a guess at what was meant. */
    static final Set<String> SCHEMES = Set.of("direct", "netty-http", "upstream", "timer", "http", "https", "bean", "class");

    private Endpoints() {
    }

    /** Null if there is none. */
    static Component component(CamelContext context, String scheme) {
        try {
            return context.getComponent(scheme, true, false);
        } catch (RuntimeException e) {
            return null;
        }
    }

    /** By Camel's own description of them; of an upstream, those that it can be told; none if others are passed on, as a query. */
    static Set<String> options(CamelContext context, String scheme, boolean sends) {
        if (scheme.startsWith("http") || scheme.equals("netty-http") && sends) {
            return Set.of();
        }
        if (scheme.equals("upstream")) {
            Set<String> names = new TreeSet<>(Set.of("lazyStartProducer"));
            Arrays.stream(UpstreamEndpoint.class.getDeclaredMethods()).map(java.lang.reflect.Method::getName).filter(name -> name.startsWith("set"))
                    .forEach(name -> names.add(Character.toLowerCase(name.charAt(3)) + name.substring(4)));
            return names;
        }
        EndpointUriFactory described = context.getCamelContextExtension().getEndpointUriFactory(scheme);
        return described == null ? Set.of() : new HashSet<>(described.propertyNames());
    }
}
