package io.github.camelreverseproxy.listener;

import java.net.BindException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.github.camelreverseproxy.message.Methods;
import io.github.camelreverseproxy.message.OptionException;
import io.netty.channel.ChannelInboundHandler;
import org.apache.camel.Endpoint;
import org.apache.camel.component.netty.NettyConfiguration;
import org.apache.camel.component.netty.http.HttpServerBootstrapFactory;
import org.apache.camel.component.netty.http.HttpServerConsumerChannelFactory;
import org.apache.camel.component.netty.http.NettyHttpComponent;
import org.apache.camel.component.netty.http.NettyHttpConsumer;
import org.apache.camel.component.netty.http.NettyHttpEndpoint;

/**
 * netty-http whose listeners are those of the process, with its pipeline, binding and threads. (Camel 4.18.0 has the option
 * {@code serverInitializerFactory}, but its HTTP server always builds the default pipeline.) Options of a listener that would
 * then count for nothing stop the start.
 */
public final class ListenerComponent extends NettyHttpComponent {
    private static final Pattern ADDRESS = Pattern.compile("(http|proxy):(?://)?(.*):([0-9]+)");
    private static final Set<String> OPTIONS = Set.of("protocol", "host", "port", "path", "matchOnUriPrefix", "httpMethodRestrict", "backlog", "reuseAddress",
            "tcpNoDelay", "keepAlive");
    private static final Map<String, String> INSTEAD = Map.of("ssl", "TLS to clients is for nginx, HAProxy or Caddy before it",
            "sslContextParameters", "TLS to clients is for nginx, HAProxy or Caddy before it", "requestTimeout", "see proxy.timeout.*",
            "chunkedMaxContentLength", "see proxy.max-request-body", "maxHeaderSize", "see proxy.max-head",
            "maxInitialLineLength", "see proxy.max-target");
    private static final int BACKLOG = 4096;

    private final HttpPipeline pipeline;
    private final ProxyBinding binding;
    private final Listeners.Attached listeners;
    /** The options that the endpoints were given. */
    private final Map<Endpoint, Set<String>> given = new ConcurrentHashMap<>();

    public ListenerComponent(HttpPipeline pipeline, ProxyBinding binding, Listeners.Attached listeners) {
        this.pipeline = pipeline;
        this.binding = binding;
        this.listeners = listeners;
    }

    /** Camel takes neither an IPv6 address without brackets nor a name with an underscore out of the endpoint's URI. */
    @Override
    protected Endpoint createEndpoint(String uri, String remaining, Map<String, Object> parameters) throws Exception {
        Matcher address = ADDRESS.matcher(remaining);
        if (!address.matches()) {
            return super.createEndpoint(uri, remaining, parameters);
        }
        String host = address.group(2);
        boolean bare = host.contains(":") && !host.startsWith("[");
        Set<String> options = Set.copyOf(parameters.keySet());
        parameters.putIfAbsent("usingExecutorService", false);
        parameters.put("host", bare ? '[' + host + ']' : host);
        Endpoint endpoint = super.createEndpoint(uri, address.group(1) + "://listener:" + address.group(3), parameters);
        given.put(endpoint, options);
        return endpoint;
    }

    @Override
    protected HttpServerBootstrapFactory getOrCreateHttpNettyServerBootstrapFactory(NettyHttpConsumer consumer) {
        NettyHttpEndpoint endpoint = consumer.getEndpoint();
        refuseIgnored(endpoint);
        endpoint.setNettyHttpBinding(binding);
        if (endpoint.getHttpMethodRestrict() == null) {
            endpoint.setHttpMethodRestrict(Methods.ALLOW.replace(" ", ""));
        }
        NettyConfiguration configuration = consumer.getConfiguration();
        configuration.setBacklog(configuration.getBacklog() > 0 ? configuration.getBacklog() : BACKLOG);
        return new Socket(configuration, getMultiplexChannelHandler(configuration.getPort()));
    }

    /** A listener of the process in the place of a server of Camel's. */
    private final class Socket extends HttpServerBootstrapFactory {
        private final NettyConfiguration configuration;
        private final HttpServerConsumerChannelFactory routes;

        Socket(NettyConfiguration configuration, HttpServerConsumerChannelFactory routes) {
            super(routes, false);
            this.configuration = configuration;
            this.routes = routes;
        }

        @Override
        protected void doStart() throws Exception {
            try {
                listeners.add(configuration, new Listener.Target(pipeline, (ChannelInboundHandler) routes.getChannelHandler()));
            } catch (BindException e) {
                throw new BindException("proxy.host = " + configuration.getHost() + ", proxy.port = " + configuration.getPort() + ": " + e.getMessage());
            }
        }

        @Override
        protected void doStop() {
            listeners.remove(configuration);
        }
    }

    private void refuseIgnored(NettyHttpEndpoint endpoint) {
        List<String> options = new ArrayList<>(given.getOrDefault(endpoint, Set.of()));
        // Camel has taken these before.
        if (endpoint.isBridgeErrorHandler()) {
            options.add("bridgeErrorHandler");
        }
        if (endpoint.getExceptionHandler() != null) {
            options.add("exceptionHandler");
        }
        for (String option : options) {
            if (!OPTIONS.contains(option)) {
                throw new OptionException(option, "the listener has no option " + option + (INSTEAD.containsKey(option) ? "; " + INSTEAD.get(option) : ""));
            }
        }
    }
}
