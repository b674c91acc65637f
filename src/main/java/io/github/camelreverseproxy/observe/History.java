package io.github.camelreverseproxy.observe;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** The last five minutes, second by second. Confined to a thread. */
final class History {
    private static final int SECONDS = 300;

    private final Double[][] columns = new Double[4][SECONDS];
    private int taken;

    void add(double requests, double errors, Double p50, Double p99) {
        int at = taken++ % SECONDS;
        columns[0][at] = requests;
        columns[1][at] = errors;
        columns[2][at] = p50;
        columns[3][at] = p99;
    }

    void write(ObjectNode to) {
        to.put("step_seconds", 1);
        String[] names = {"requests", "errors", "p50_ms", "p99_ms"};
        for (int column = 0; column < names.length; column++) {
            ArrayNode values = to.putArray(names[column]);
            for (int i = Math.max(0, taken - SECONDS); i < taken; i++) {
                values.add(Status.rounded(columns[column][i % SECONDS]));
            }
        }
    }
}
