package io.github.camelreverseproxy.listener;

import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.apache.camel.Endpoint;
import org.apache.camel.component.netty.ServerInitializerFactory;
import org.apache.camel.component.netty.http.HttpServerBootstrapFactory;
import org.apache.camel.component.netty.http.NettyHttpComponent;
import org.apache.camel.component.netty.http.NettyHttpConsumer;

/**
 * netty-http with its option {@code serverInitializerFactory} in force: Camel 4.18.0 has the option, but its HTTP
 * server always builds the default pipeline.
 */
public final class ListenerComponent extends NettyHttpComponent {
    private static final Pattern ADDRESS = Pattern.compile("(http|proxy):(?://)?(.*):([0-9]+)");

    /** Camel takes neither an IPv6 address without brackets nor a name with an underscore out of the endpoint's URI. */
    @Override
    protected Endpoint createEndpoint(String uri, String remaining, Map<String, Object> parameters) throws Exception {
        Matcher address = ADDRESS.matcher(remaining);
        if (!address.matches()) {
            return super.createEndpoint(uri, remaining, parameters);
        }
        String host = address.group(2);
        boolean bare = host.contains(":") && !host.startsWith("[");
        parameters.put("host", bare ? '[' + host + ']' : host);
        return super.createEndpoint(uri, address.group(1) + "://listener:" + address.group(3), parameters);
    }

    @Override
    protected HttpServerBootstrapFactory getOrCreateHttpNettyServerBootstrapFactory(NettyHttpConsumer consumer) {
        ServerInitializerFactory factory = consumer.getConfiguration().getServerInitializerFactory();
        if (factory == null) {
            return super.getOrCreateHttpNettyServerBootstrapFactory(consumer);
        }
        int port = consumer.getConfiguration().getPort();
        HttpServerBootstrapFactory server = new HttpServerBootstrapFactory(getMultiplexChannelHandler(port));
        server.init(getCamelContext(), consumer.getConfiguration(), factory.createPipelineFactory(consumer));
        return server;
    }
}
