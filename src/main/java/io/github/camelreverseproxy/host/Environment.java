package io.github.camelreverseproxy.host;

import org.apache.camel.Ordered;
import org.apache.camel.spi.PropertiesSource;
import org.apache.camel.util.IOHelper;

/**
 * Environment variables as a source of properties between {@code -D} and the file: {@code proxy.max-in-flight} is
 * {@code PROXY_MAX_IN_FLIGHT}. Camel's own order has the environment before {@code -D}.
 */
public final class Environment implements PropertiesSource, Ordered {
    @Override
    public String getName() {
        return "environment";
    }

    @Override
    public String getProperty(String name) {
        return IOHelper.lookupEnvironmentVariable(name);
    }

    @Override
    public int getOrder() {
        return Ordered.HIGHEST;
    }
}
