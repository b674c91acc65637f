package io.github.camelreverseproxy.http;

import org.apache.camel.component.netty.ServerInitializerFactory;
import org.apache.camel.component.netty.http.HttpServerBootstrapFactory;
import org.apache.camel.component.netty.http.NettyHttpComponent;
import org.apache.camel.component.netty.http.NettyHttpConsumer;

/**
 * netty-http with its option {@code serverInitializerFactory} in force: Camel 4.18.0 has the option, but its HTTP
 * server always builds the default pipeline.
 */
public final class ListenerComponent extends NettyHttpComponent {
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
