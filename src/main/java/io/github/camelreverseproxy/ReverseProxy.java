package io.github.camelreverseproxy;

import java.security.Security;

import io.github.camelreverseproxy.host.TenuredSpace;
import io.github.camelreverseproxy.host.Startup;
import org.apache.camel.main.Main;

/** Runs the proxy with ./application.properties and ./routes/, until it is told to stop. */
public final class ReverseProxy {
    private static final String DEFAULTS = "classpath:io/github/camelreverseproxy/application.properties";

    private ReverseProxy() {
    }

    public static void main(String[] args) throws Exception {
        TenuredSpace.watch();
        // How long a name stands for the same addresses is proxy.dns.refresh; the JVM's own cache would come on top of it.
        Security.setProperty("networkaddress.cache.ttl", "0");
        Security.setProperty("networkaddress.cache.negative.ttl", "1");
        System.exit(Startup.run(ReverseProxy::create, started -> { }));
    }

    /** The proxy, not yet started. */
    public static Main create() {
        Main main = new Main();
        main.setPropertyPlaceholderLocations("file:application.properties;optional=true," + DEFAULTS);
        main.configure().withRoutesIncludePattern("file:routes/*.camel.yaml");
        return main;
    }
}
