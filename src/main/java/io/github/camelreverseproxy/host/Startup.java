package io.github.camelreverseproxy.host;

import java.net.SocketException;

import io.github.camelreverseproxy.message.OptionException;
import io.github.camelreverseproxy.message.SourceLine;
import org.apache.camel.FailedToCreateRouteException;
import org.apache.camel.FailedToStartRouteException;
import org.apache.camel.main.Main;
import org.apache.camel.model.ModelCamelContext;
import org.apache.camel.model.RouteDefinition;

/** Starts a Main so that whatever stops the start is told in one line instead of a stack trace. */
public final class Startup {
    private static final int NOT_STARTED = 2;

    private Startup() {
    }

    /**
     * Runs until the process is told to stop.
     *
     * @return the exit code
     */
    public static int run(Main main, String[] args) {
        try {
            return main.run(args);
        } catch (Exception e) {
            System.err.println("camel-reverse-proxy: " + reason(main, e));
            return NOT_STARTED;
        }
    }

    /** Why it has not started, in a line: the innermost cause that says something. */
    public static String reason(Main main, Exception e) {
        return innermost(main, e).replaceAll("\\s+", " ").strip();
    }

    private static String innermost(Main main, Exception e) {
        String reason = e.toString();
        String route = null;
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof SettingsException) {
                return cause.getMessage();
            }
            // Netty's is no BindException where the address is not this host's.
            if (cause instanceof SocketException) {
                return address(main) + ": " + cause.getMessage();
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
        return reason;
    }

    private static String where(Main main, String route, String option) {
        RouteDefinition definition = route == null ? null : ((ModelCamelContext) main.getCamelContext()).getRouteDefinition(route);
        return definition == null ? "" : SourceLine.of(definition.getInput(), option);
    }

    private static String address(Main main) {
        return main.getCamelContext().resolvePropertyPlaceholders("proxy.host = {{proxy.host}}, proxy.port = {{proxy.port}}");
    }
}
