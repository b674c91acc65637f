package io.github.camelreverseproxy.listener;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** The time of day as fields have it (RFC 9110, section 5.6.7), written once a second. Thread-safe. */
final class Clock {
    private static final DateTimeFormatter FORMAT = DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.US)
            .withZone(ZoneOffset.UTC);

    private static volatile Now now = new Now(0, "");

    private record Now(long second, String date) {
    }

    private Clock() {
    }

    static String date() {
        long second = System.currentTimeMillis() / 1000;
        Now known = now;
        if (known.second != second) {
            known = new Now(second, FORMAT.format(Instant.ofEpochSecond(second)));
            now = known;
        }
        return known.date;
    }
}
