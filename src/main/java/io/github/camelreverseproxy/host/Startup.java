package io.github.camelreverseproxy.host;

import java.net.SocketException;

import org.apache.camel.main.Main;

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
            System.err.println("camel-reverse-proxy: " + reason(main, e).replaceAll("\\s+", " ").strip());
            return NOT_STARTED;
        }
    }

    /** The innermost cause that says something. */
    private static String reason(Main main, Exception e) {
        String reason = e.toString();
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof SettingsException) {
                return cause.getMessage();
            }
            // Netty's is no BindException where the address is not this host's.
            if (cause instanceof SocketException) {
                return address(main) + ": " + cause.getMessage();
            }
            reason = cause.getMessage() == null ? reason : cause.getMessage();
        }
        return reason;
    }

    private static String address(Main main) {
        return main.getCamelContext().resolvePropertyPlaceholders("proxy.host = {{proxy.host}}, proxy.port = {{proxy.port}}");
    }
}
