package io.github.camelreverseproxy.client;

import java.util.Map;
import java.util.concurrent.ExecutorService;

import io.netty.channel.EventLoopGroup;
import org.apache.camel.Endpoint;
import org.apache.camel.support.DefaultComponent;
import org.apache.camel.util.PropertiesHelper;
import org.apache.hc.client5.http.DnsResolver;
import org.apache.hc.client5.http.SystemDefaultDnsResolver;

/** Endpoints {@code upstream:name}: the HTTP client of an upstream. Thread-safe once configured. */
public final class UpstreamComponent extends DefaultComponent {
    private EventLoopGroup eventLoops;
    private ExecutorService workers;

    /** @param eventLoops those of the listener */
    public void setEventLoops(EventLoopGroup eventLoops) {
        this.eventLoops = eventLoops;
    }

    /** @param workers the threads that wait for camel-http */
    public void setWorkers(ExecutorService workers) {
        this.workers = workers;
    }

    EventLoopGroup eventLoops() {
        return eventLoops;
    }

    ExecutorService workers() {
        return workers;
    }

    /** The registry's, or else the system's. */
    DnsResolver names() {
        DnsResolver own = getCamelContext().getRegistry().findSingleByType(DnsResolver.class);
        return own == null ? SystemDefaultDnsResolver.INSTANCE : own;
    }

    @Override
    protected Endpoint createEndpoint(String uri, String name, Map<String, Object> parameters) throws Exception {
        UpstreamEndpoint endpoint = new UpstreamEndpoint(uri, name, this);
        endpoint.setHttpOptions(PropertiesHelper.extractProperties(parameters, "http."));
        setProperties(endpoint, parameters);
        return endpoint;
    }
}
