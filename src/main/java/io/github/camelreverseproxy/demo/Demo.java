package io.github.camelreverseproxy.demo;

import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;

import io.github.camelreverseproxy.ReverseProxy;
import io.github.camelreverseproxy.host.Startup;
import org.apache.camel.main.Main;
import org.apache.hc.client5.http.DnsResolver;
import org.apache.hc.client5.http.SystemDefaultDnsResolver;
import org.gaul.httpbin.HttpBin;

/**
 * The proxy before three httpbin upstreams in this JVM. They listen on free loopback ports and go by the names of the
 * original example, webserver01 to webserver03. Not part of the packaged jar's start.
 */
public final class Demo {
    private static final String NAME = "webserver0";

    private Demo() {
    }

    public static void main(String[] args) throws Exception {
        List<HttpBin> upstreams = new ArrayList<>();
        for (int i = 1; i <= 3; i++) {
            HttpBin upstream = new HttpBin(URI.create("http://127.0.0.1:0"));
            upstream.start();
            upstreams.add(upstream);
        }
        int code = Startup.run(() -> before(upstreams), started -> System.out.println("\nTry:\n  curl -v -XGET http://localhost:"
                + started.resolvePropertyPlaceholders("{{proxy.port}}") + "/anything -H'Content-Type: appliaction/json' -d '{\"snot\": \"badger\"}'\n"));
        for (HttpBin upstream : upstreams) {
            upstream.stop();
        }
        if (code != 0) {
            throw new IllegalStateException("the proxy ended with " + code);
        }
    }

    /** The proxy before these upstreams, not yet started. */
    static Main before(List<HttpBin> upstreams) {
        Main main = ReverseProxy.create();
        for (int i = 1; i <= upstreams.size(); i++) {
            main.addOverrideProperty("upstream0" + i + ".url", "http://" + NAME + i + ":" + upstreams.get(i - 1).getPort());
        }
        main.bind("demoHosts", (DnsResolver) new LoopbackNames());
        main.bind("demoLog", new UpstreamPrinter());
        return main;
    }

    private static final class LoopbackNames implements DnsResolver {
        @Override
        public InetAddress[] resolve(String host) throws UnknownHostException {
            return host.startsWith(NAME) ? new InetAddress[] {InetAddress.getByAddress(host, new byte[] {127, 0, 0, 1})}
                    : SystemDefaultDnsResolver.INSTANCE.resolve(host);
        }

        @Override
        public String resolveCanonicalHostname(String host) throws UnknownHostException {
            return host.startsWith(NAME) ? host : SystemDefaultDnsResolver.INSTANCE.resolveCanonicalHostname(host);
        }
    }
}
