package io.github.camelreverseproxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.spi.FilterReply;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.LoggerFactory;

/** The log of the process, as it is when nobody has said otherwise. */
class LoggingTest {
    private static final Throwable CAUSE = new IllegalStateException("why");

    /** What is printed of a message. */
    private static List<String> lines(String name, Level level, String message, Throwable cause) {
        Logger logger = (Logger) LoggerFactory.getLogger(name);
        List<String> lines = new ArrayList<>();
        if (!logger.isEnabledFor(level)) {
            return lines;
        }
        LoggingEvent event = new LoggingEvent(LoggingTest.class.getName(), logger, level, message, cause, null);
        Logger at = null;
        for (String up = name; at == null || at.isAdditive() && !at.getName().equals("ROOT"); up = up.contains(".") ? up.substring(0, up.lastIndexOf('.')) : "ROOT") {
            at = (Logger) LoggerFactory.getLogger(up);
            at.iteratorForAppenders().forEachRemaining(appender -> {
                ConsoleAppender<ILoggingEvent> console = (ConsoleAppender<ILoggingEvent>) appender;
                if (console.getFilterChainDecision(event) != FilterReply.DENY) {
                    new String(console.getEncoder().encode(event), StandardCharsets.UTF_8).lines().forEach(lines::add);
                }
            });
        }
        return lines;
    }

    @Test
    void lineBreaksOfAMessageCannotFakeALine() {
        List<String> lines = lines("a.b.Name", Level.WARN, "one\r\n2026-01-01T00:00:00.000Z ERROR Other - two\nthree", null);
        assertEquals(1, lines.size(), lines::toString);
        assertTrue(lines.get(0).matches("[0-9-]{10}T[0-9:.]{12}(Z|[+-][0-9:]{5}) WARN  Name - one 2026-01-01T00:00:00.000Z ERROR Other - two three"), lines::toString);
    }

    @Test
    void exceptionCannotFakeALine() {
        Throwable cause = new IllegalStateException("why\r\n2026-01-01T00:00:00.000Z ERROR Other - fake\u001b[31m", new IllegalArgumentException("because\nof"));
        List<String> lines = lines("a.b.Name", Level.WARN, "one\u001b\u009b[31m", cause);
        assertTrue(lines.get(0).endsWith("one [31m"), lines::toString);
        assertEquals("java.lang.IllegalStateException: why 2026-01-01T00:00:00.000Z ERROR Other - fake [31m", lines.get(1));
        assertTrue(lines.contains("Caused by: java.lang.IllegalArgumentException: because of"), lines::toString);
        assertTrue(lines.stream().skip(2).allMatch(line -> line.startsWith("\t") || line.startsWith("Caused by: ")), lines::toString);
        assertTrue(lines.stream().anyMatch(line -> line.startsWith("\tat ")), lines::toString);
    }

    @ParameterizedTest
    @CsvSource({"io.github.camelreverseproxy.host.Startup, INFO, 1", "io.github.camelreverseproxy.host.Startup, DEBUG, 0",
            "io.netty.channel.Channel, INFO, 0", "io.netty.channel.Channel, WARN, 1", "org.apache.hc.client5.Client, INFO, 0", "org.eclipse.jetty.Server, INFO, 0",
            "org.apache.camel.component.netty.NettyConsumerExceptionHandler, ERROR, 0",
            "org.apache.camel.impl.engine.AbstractCamelContext, WARN, 1", "org.apache.camel.impl.engine.AbstractCamelContext, ERROR, 0",
            "io.opentelemetry.exporter.Sender, INFO, 0", "io.opentelemetry.exporter.Sender, WARN, 1"})
    void levels(String name, String level, int lines) {
        assertEquals(lines, lines(name, Level.toLevel(level), "something", null).size());
    }

    @Test
    void collectorThatCannotBeReachedIsOneLine() {
        assertEquals(1, lines("io.opentelemetry.exporter.Sender", Level.WARN, "Failed to export", CAUSE).size());
        assertTrue(lines("io.github.camelreverseproxy.host.Startup", Level.WARN, "Failed", CAUSE).size() > 5);
    }
}
