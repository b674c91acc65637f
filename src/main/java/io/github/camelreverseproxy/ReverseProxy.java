package io.github.camelreverseproxy;

import java.security.Security;

import io.github.camelreverseproxy.host.OldGeneration;
import io.github.camelreverseproxy.host.Startup;
import org.apache.camel.main.BaseMainSupport;
import org.apache.camel.main.Main;
import org.apache.camel.main.MainListenerSupport;

/** Runs the proxy with ./application.properties and ./routes/, until it is told to stop. */
public final class ReverseProxy {
    private static final String DEFAULTS = "classpath:io/github/camelreverseproxy/application.properties";

    private static final int AFTER_DRAIN_SECONDS = 5;

    private ReverseProxy() {
    }

    public static void main(String[] args) throws Exception {
        OldGeneration.watch();
        // How long a name stands for the same addresses is proxy.dns.refresh; the JVM's own cache would come on top of it.
        Security.setProperty("networkaddress.cache.ttl", "0");
        Security.setProperty("networkaddress.cache.negative.ttl", "1");
        System.exit(Startup.run(create(), args));
    }

    /** The proxy, not yet started. */
    public static Main create() {
        Main main = new Main();
        main.setPropertyPlaceholderLocations("file:application.properties;optional=true," + DEFAULTS);
        main.configure().withRoutesIncludePattern("file:routes/*.camel.yaml");
        main.addMainListener(new MainListenerSupport() {
            /** Camel gives up stopping after a while; that has to be later than the drain does. */
            @Override
            public void beforeStart(BaseMainSupport starting) {
                String drain = starting.getCamelContext().resolvePropertyPlaceholders("{{proxy.timeout.drain}}");
                main.getShutdownStrategy().setExtraShutdownTimeout(Integer.parseInt(drain.strip()) / 1000 + AFTER_DRAIN_SECONDS);
            }
        });
        return main;
    }
}
