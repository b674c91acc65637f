package io.github.camelreverseproxy.client;

import java.util.Map;
import java.util.concurrent.ExecutorService;

import io.github.camelreverseproxy.forwarding.Journal;
import io.netty.channel.EventLoopGroup;
import org.apache.camel.Endpoint;
import org.apache.camel.support.DefaultComponent;
import org.apache.camel.util.PropertiesHelper;
import org.apache.hc.client5.http.DnsResolver;
import org.apache.hc.client5.http.SystemDefaultDnsResolver;

/** Endpoints {@code upstream:name}: the HTTP client of an upstream. Thread-safe. */
public final class UpstreamComponent extends DefaultComponent {
    private final EventLoopGroup eventLoops;
    private final ExecutorService workers;
    private final UpstreamRules rules;
    private final Journal journal;

    /**
     * @param eventLoops those of the listener
     * @param workers    the threads that wait for camel-http
     * @param journal    has the records of attempts
     */
    public UpstreamComponent(EventLoopGroup eventLoops, ExecutorService workers, UpstreamRules rules, Journal journal) {
        this.eventLoops = eventLoops;
        this.workers = workers;
        this.rules = rules;
        this.journal = journal;
    }

    EventLoopGroup eventLoops() {
        return eventLoops;
    }

    ExecutorService workers() {
        return workers;
    }

    Journal journal() {
        return journal;
    }

    UpstreamRules rules() {
        return rules;
    }

    /** The registry's, or else the system's. */
    DnsResolver names() {
        DnsResolver own = getCamelContext().getRegistry().findSingleByType(DnsResolver.class);
        return own == null ? SystemDefaultDnsResolver.INSTANCE : own;
    }

    @Override
    protected Endpoint createEndpoint(String uri, String name, Map<String, Object> parameters) throws Exception {
        UpstreamEndpoint endpoint = new UpstreamEndpoint(uri, name, this, PropertiesHelper.extractProperties(parameters, "http."));
        setProperties(endpoint, parameters);
        return endpoint;
    }
}
