package io.github.camelreverseproxy.wire;

import static org.junit.jupiter.api.Assertions.assertTrue;

/** Waits for something that comes in its own time. */
public final class Await {
    /** What is waited for; a connection that fails means that it is not there yet. */
    @FunctionalInterface
    public interface Condition {
        boolean isMet() throws Exception;
    }

    private Await() {
    }

    /** Looks every 10 ms, for five seconds. */
    public static void until(String what, Condition condition) throws Exception {
        boolean met = met(condition);
        for (int i = 0; i < 500 && !met; i++) {
            Thread.sleep(10);
            met = met(condition);
        }
        assertTrue(met, what);
    }

    private static boolean met(Condition condition) throws Exception {
        try {
            return condition.isMet();
        } catch (java.io.IOException e) {
            return false;
        }
    }
}
