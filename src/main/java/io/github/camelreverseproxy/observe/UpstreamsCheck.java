package io.github.camelreverseproxy.observe;

import java.util.List;
import java.util.Map;

import io.github.camelreverseproxy.upstream.UpstreamState;
import org.apache.camel.health.HealthCheckResultBuilder;
import org.apache.camel.impl.health.AbstractHealthCheck;

/** Whether at least one upstream may be called, as a health check of Camel's. Thread-safe. */
public final class UpstreamsCheck extends AbstractHealthCheck {
    public UpstreamsCheck() {
        super("camel-reverse-proxy", "upstreams");
    }

    @Override
    public boolean isLiveness() {
        return false;
    }

    @Override
    protected void doCall(HealthCheckResultBuilder builder, Map<String, Object> options) {
        List<UpstreamState> all = UpstreamState.of(getCamelContext());
        if (all.isEmpty() || all.stream().anyMatch(UpstreamState::callable)) {
            builder.up();
        } else {
            builder.down().message("no upstream can be reached: " + String.join(", ", all.stream().map(UpstreamState::name).toList()));
        }
    }
}
