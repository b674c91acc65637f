package io.github.camelreverseproxy.client;

import java.util.List;

import io.github.camelreverseproxy.forwarding.Kept;
import org.apache.camel.CamelContext;

/**
 * The connections to an upstream, at a moment; of the client event-loop, since camel-http has its own. Immutable.
 *
 * @param upstream what it is called
 * @param open     connections
 * @param idle     those of them that wait for a request
 */
public record PoolState(String upstream, int open, int idle) {
    /** Those of a context. May be called on any thread. */
    public static List<PoolState> of(CamelContext context) {
        return Kept.of(context).all(UpstreamPools.class).stream().map(UpstreamPools::now).toList();
    }
}
