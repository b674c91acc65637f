package io.github.camelreverseproxy.host;

import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import java.util.function.Supplier;

import io.github.camelreverseproxy.message.OptionException;
import io.github.camelreverseproxy.message.SourceLine;
import io.github.camelreverseproxy.observe.Console;
import org.apache.camel.CamelContext;
import org.apache.camel.FailedToCreateRouteException;
import org.apache.camel.FailedToStartRouteException;
import org.apache.camel.main.Main;
import org.apache.camel.model.ModelCamelContext;
import org.apache.camel.model.RouteDefinition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs the process: starts it, so that whatever stops the start is told in one line, reads everything anew when it is to, and ends it. */
public final class Startup {
    private static final Logger LOG = LoggerFactory.getLogger(Startup.class);
    private static final int NOT_STARTED = 2;

    private Startup() {
    }

    /**
     * Runs until the process is told to stop, and never returns then; or returns at once with an exit code if it cannot start.
     *
     * @param mains   makes a Main, not started, of what ./routes/ and ./application.properties say at that moment
     * @param started is told when it has started
     */
    public static int run(Supplier<Main> mains, Consumer<CamelContext> started) throws InterruptedException {
        Generations generations = new Generations(mains);
        Watch watch = new Watch(generations, Path.of("routes"), Path.of("application.properties"));
        onHangUp(() -> Watch.reload(generations));
        try {
            generations.start();
        } catch (StartException e) {
            e.getMessage().lines().forEach(line -> System.err.println("camel-reverse-proxy: " + line));
            return NOT_STARTED;
        }
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            generations.stop();
            Console.end();
        }, "stop"));
        watch.start();
        started.accept(generations.context());
        new CountDownLatch(1).await();
        return 0;
    }

    /**
     * Checks the files without running anything, and prints what is wrong, a line each.
     *
     * @return the exit code
     */
    public static int check(Supplier<Main> mains) {
        Set<String> complaints = Trial.complaints(mains);
        complaints.forEach(System.out::println);
        return complaints.isEmpty() ? 0 : 1;
    }

    /** The JDK has no supported way to be told of a signal, and Windows has no such signal. */
    private static void onHangUp(Runnable reload) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            Object handling = Proxy.newProxyInstance(Startup.class.getClassLoader(), new Class<?>[] {handler}, (self, method, given) -> {
                if (method.getName().equals("handle")) {
                    new Thread(reload, "hang-up").start();
                }
                return null;
            });
            signal.getMethod("handle", signal, handler).invoke(null, signal.getConstructor(String.class).newInstance("HUP"), handling);
        } catch (ReflectiveOperationException | IllegalArgumentException e) {
            LOG.info("SIGHUP does not reload here: {}", e.toString());
        }
    }

    /** Why it has not started, in a line: the innermost cause that says something. */
    public static String reason(Main main, Throwable e) {
        return innermost(main, e).replaceAll("\\s+", " ").strip();
    }

    private static String innermost(Main main, Throwable e) {
        String reason = e.toString();
        String route = null;
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof SettingsException) {
                return cause.getMessage();
            }
            if (cause instanceof FailedToCreateRouteException failed) {
                route = failed.getRouteId();
            } else if (cause instanceof FailedToStartRouteException failed) {
                route = failed.getRouteId();
            } else if (cause instanceof OptionException wrong) {
                return where(main, route, wrong.option()) + wrong.getMessage();
            }
            reason = cause.getMessage() == null ? reason : cause.getMessage();
        }
        return (reason.matches("(?s)[^ ]+\\.yaml:[0-9]+: .*") ? "" : where(main, route, null)) + reason;
    }

    private static String where(Main main, String route, String option) {
        RouteDefinition definition = route == null ? null : ((ModelCamelContext) main.getCamelContext()).getRouteDefinition(route);
        return definition == null ? "" : SourceLine.of(definition.getInput(), option);
    }
}
