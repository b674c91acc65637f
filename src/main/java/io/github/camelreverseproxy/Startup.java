package io.github.camelreverseproxy;

import org.apache.camel.main.Main;

/** Starts a Main so that a mistake in the configuration is told in one line instead of a stack trace. */
public final class Startup {
    private static final int MISCONFIGURED = 2;

    private Startup() {
    }

    /**
     * Runs until the process is told to stop.
     *
     * @return the exit code
     */
    public static int run(Main main, String[] args) throws Exception {
        try {
            return main.run(args);
        } catch (Exception e) {
            for (Throwable cause = e; cause != null; cause = cause.getCause()) {
                if (cause instanceof SettingsException) {
                    System.err.println("camel-reverse-proxy: " + cause.getMessage());
                    return MISCONFIGURED;
                }
            }
            throw e;
        }
    }
}
