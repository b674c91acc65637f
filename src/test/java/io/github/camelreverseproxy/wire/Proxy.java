package io.github.camelreverseproxy.wire;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

import io.github.camelreverseproxy.ReverseProxy;
import io.github.camelreverseproxy.host.Generations;
import io.github.camelreverseproxy.host.Startup;
import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakDetectorFactory;
import org.apache.camel.CamelContext;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.main.Main;
import org.apache.camel.model.ProcessorDefinition;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * The real Main with the real routes, on a free loopback port, before three recording upstreams; started once for a
 * test class.
 */
public final class Proxy implements BeforeAllCallback, AfterAllCallback, AutoCloseable {
    private static final int FIRST_PORT = 12000;
    private static final int PORTS = 20000;
    private static final AtomicInteger PORT = new AtomicInteger(ThreadLocalRandom.current().nextInt(PORTS));
    private static final Queue<String> LEAKS = new ConcurrentLinkedQueue<>();

    static {
        // Before Netty makes its first buffer: what is never released fails the test that closes the proxy next.
        ResourceLeakDetectorFactory.setResourceLeakDetectorFactory(new ResourceLeakDetectorFactory() {
            @Override
            @SuppressWarnings("deprecation")
            public <T> ResourceLeakDetector<T> newResourceLeakDetector(Class<T> resource, int interval, long maxActive) {
                return newResourceLeakDetector(resource, interval);
            }

            @Override
            public <T> ResourceLeakDetector<T> newResourceLeakDetector(Class<T> resource, int interval) {
                ResourceLeakDetector<T> detector = new ResourceLeakDetector<>(resource, interval);
                detector.setLeakListener((type, records) -> LEAKS.add(type + ": " + records));
                return detector;
            }
        });
    }

    private final Map<String, String> properties = new HashMap<>();
    private final List<Upstream> upstreams = new ArrayList<>();
    private final List<String> urls = new ArrayList<>();
    private final Map<String, Object> beans = new HashMap<>();
    private final RouteFiles routes = new RouteFiles();
    private Main main;
    private Generations generations;
    private int port;
    private Observed observed;

    /** @param property key, value, key, value, … on top of application.properties */
    public Proxy(String... property) {
        for (int i = 0; i < property.length; i += 2) {
            properties.put(property[i], property[i + 1]);
        }
    }

    /** With a management port and an access log. */
    public Proxy observed(Path directory) throws IOException {
        observed = new Observed(directory, properties);
        return this;
    }

    public Observed observed() {
        return observed;
    }

    /** Lets the upstreams be somebody else's. */
    public Proxy before(String... upstreamUrls) {
        urls.addAll(List.of(upstreamUrls));
        return this;
    }

    /** Lets somebody's server be all three upstreams. */
    public Proxy before(ServerSocket server) {
        String url = "http://127.0.0.1:" + server.getLocalPort();
        return before(url, url, url);
    }

    /** The routes as somebody has edited them: a file of this name has this text, the others stay. */
    public Proxy withFile(String name, String text) throws IOException {
        routes.put(name, text);
        return this;
    }

    /** Those of the routes that it starts with. */
    public RouteFiles routes() {
        return routes;
    }

    /** Gives the context a bean. */
    public Proxy binding(String name, Object bean) {
        beans.put(name, bean);
        return this;
    }

    public Proxy start() throws Exception {
        prepare();
        main = make();
        main.start();
        return this;
    }

    /** As the process runs: the routes can be edited and read anew. */
    public Proxy startGenerations() throws Exception {
        prepare();
        routes.file("proxy.camel.yaml");
        generations = new Generations(this::make);
        generations.start();
        return this;
    }

    public Generations generations() {
        return generations;
    }

    /** Sets a property as in the file; for the next generation. */
    public Proxy setting(String key, String value) {
        properties.put(key, value);
        return this;
    }

    private void prepare() throws IOException {
        port = freePort();
        for (int i = 0; urls.isEmpty() && i < 3; i++) {
            upstreams.add(new Upstream());
        }
    }

    private Main make() {
        Main made = ReverseProxy.create();
        beans.forEach(made::bind);
        made.addOverrideProperty("proxy.host", "127.0.0.1");
        made.addOverrideProperty("proxy.port", Integer.toString(port));
        made.addOverrideProperty("proxy.observe.port", "0");
        made.addOverrideProperty("proxy.access-log", "off");
        for (int i = 0; i < 3; i++) {
            String url = urls.isEmpty() ? upstreams.get(i).url() : urls.get(i);
            made.addOverrideProperty("upstream0" + (i + 1) + ".url", url);
        }
        properties.forEach(made::addOverrideProperty);
        if (routes.areEdited()) {
            made.configure().setRoutesIncludePattern(routes.pattern());
        }
        return made;
    }

    /** Why it does not start, as it tells it. */
    public String failure() throws IOException {
        try {
            start();
        } catch (Exception e) {
            return Startup.reason(main, e);
        }
        throw new AssertionError("it has started");
    }

    /** Puts a step in the place of everything behind the hand-over; it answers by itself, or sends on to direct:next-upstream. */
    public Proxy answeredBy(Consumer<ProcessorDefinition<?>> steps) throws Exception {
        return upstreamsBy(new RouteBuilder() {
            @Override
            public void configure() {
                steps.accept(from("direct:upstreams").errorHandler(noErrorHandler()));
                from("direct:next-upstream").errorHandler(noErrorHandler())
                        .loadBalance().roundRobin().to("direct:upstream01").to("direct:upstream02").to("direct:upstream03");
            }
        });
    }

    /** Puts routes in the place of the one behind the hand-over. */
    public Proxy upstreamsBy(RouteBuilder routes) throws Exception {
        context().getRouteController().stopRoute("upstreams");
        context().removeRoute("upstreams");
        context().addRoutes(routes);
        return this;
    }

    public int port() {
        return port;
    }

    public CamelContext context() {
        return generations != null ? generations.context() : main.getCamelContext();
    }

    public Main main() {
        return main;
    }

    /** @param number 1, 2 or 3 */
    public Upstream upstream(int number) {
        return upstreams.get(number - 1);
    }

    public List<Upstream> upstreams() {
        return upstreams;
    }

    /** All upstreams answer with these bytes from now on, and have seen nothing. */
    public Proxy answering(String response) {
        upstreams.forEach(upstream -> upstream.answering(response).forget());
        return this;
    }

    public Proxy behaving(Upstream.Behaviour behaviour) {
        upstreams.forEach(upstream -> upstream.behaving(behaviour).forget());
        return this;
    }

    /** The request that one of the upstreams has seen, the others nothing. */
    public Message seen() throws InterruptedException {
        long end = System.nanoTime() + 10_000_000_000L;
        while (System.nanoTime() < end) {
            for (Upstream upstream : upstreams) {
                if (upstream.pending() > 0) {
                    Message request = upstream.request();
                    if (upstreams.stream().anyMatch(u -> u.pending() > 0)) {
                        throw new AssertionError("more than one request reached the upstreams");
                    }
                    return request;
                }
            }
            Thread.onSpinWait();
        }
        throw new AssertionError("no request reached an upstream");
    }

    /** How many requests the upstreams have seen that no test has taken. */
    public int unseen() {
        return upstreams.stream().mapToInt(Upstream::pending).sum();
    }

    /** One exchange on a connection of its own. */
    public Message exchange(String request) throws IOException {
        return Connection.exchange(port, request);
    }

    public Connection connect() throws IOException {
        return new Connection(port);
    }

    /** Below those that the system gives to outgoing connections, one of which would take it before the proxy does. */
    public static int freePort() throws IOException {
        while (true) {
            int port = FIRST_PORT + PORT.getAndIncrement() % PORTS;
            try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                return socket.getLocalPort();
            } catch (BindException e) {
                // the next one, then
            }
        }
    }

    @Override
    public void beforeAll(ExtensionContext context) throws Exception {
        start();
    }

    @Override
    public void afterAll(ExtensionContext context) throws Exception {
        close();
    }

    @Override
    public void close() throws IOException {
        if (main != null) {
            main.stop();
        }
        if (generations != null) {
            generations.stop();
        }
        for (Upstream upstream : upstreams) {
            upstream.close();
        }
        if (!LEAKS.isEmpty()) {
            throw new AssertionError("buffers were never released: " + LEAKS);
        }
    }
}
