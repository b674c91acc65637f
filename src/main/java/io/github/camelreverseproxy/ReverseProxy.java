package io.github.camelreverseproxy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Security;

import io.github.camelreverseproxy.host.Startup;
import io.github.camelreverseproxy.host.TenuredSpace;
import io.github.camelreverseproxy.observe.Console;
import org.apache.camel.CamelContext;
import org.apache.camel.main.Main;
import org.slf4j.bridge.SLF4JBridgeHandler;

/** Runs the proxy with ./application.properties and ./routes/, until it is told to stop. */
public final class ReverseProxy {
    private static final String DEFAULTS = "classpath:io/github/camelreverseproxy/application.properties";
    private static final String USAGE = """
            camel-reverse-proxy              runs with ./application.properties and ./routes/
            camel-reverse-proxy check [DIR]  says what is wrong with them, a line each: file:line: message
            camel-reverse-proxy --help
            camel-reverse-proxy --version
            Exit code 0, 1 if check has found something, 2 if it cannot start.""";

    private ReverseProxy() {
    }

    public static void main(String[] args) throws Exception {
        int code = run(args);
        Console.end();
        System.exit(code);
    }

    private static int run(String[] args) throws Exception {
        String command = args.length == 0 ? "" : args[0];
        if (command.isEmpty()) {
            Console.install();
            SLF4JBridgeHandler.removeHandlersForRootLogger();
            SLF4JBridgeHandler.install();
            TenuredSpace.watch();
            // How long a name stands for the same addresses is proxy.dns.refresh; the JVM's own cache would come on top of it.
            Security.setProperty("networkaddress.cache.ttl", "0");
            Security.setProperty("networkaddress.cache.negative.ttl", "1");
            return Startup.run(ReverseProxy::create, started -> { });
        }
        Path directory = Path.of(args.length > 1 ? args[1] : ".").normalize();
        if (command.equals("check") && args.length <= 2 && Files.isDirectory(directory.toAbsolutePath())) {
            // Nothing but what is wrong.
            System.setProperty("log.level", "OFF");
            return Startup.check(() -> create(directory));
        }
        if (command.equals("--version") && args.length == 1) {
            System.out.println("camel-reverse-proxy " + ReverseProxy.class.getPackage().getImplementationVersion());
            return 0;
        }
        if (command.equals("--help") && args.length == 1) {
            System.out.println(USAGE);
            return 0;
        }
        System.err.println(command.equals("check") && args.length == 2 ? "camel-reverse-proxy: no such directory: " + directory : USAGE);
        return 2;
    }

    /** The proxy, not yet started. */
    public static Main create() {
        return create(Path.of(""));
    }

    private static Main create(Path directory) {
        Main main = new Main() {
            /** Camel looks for what sets a context up by this loader, or else by the JVM's, which is another one under camel:run. */
            @Override
            protected CamelContext createCamelContext() {
                CamelContext context = super.createCamelContext();
                context.setApplicationContextClassLoader(ReverseProxy.class.getClassLoader());
                return context;
            }
        };
        main.setPropertyPlaceholderLocations("file:" + directory.resolve("application.properties") + ";optional=true," + DEFAULTS);
        main.configure().withRoutesIncludePattern("file:" + directory.resolve("routes") + "/*.camel.yaml");
        return main;
    }
}
