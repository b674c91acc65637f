package io.github.camelreverseproxy.host;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.filter.LevelFilter;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ConfiguratorRank;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.spi.ContextAwareBase;
import ch.qos.logback.core.spi.FilterReply;

/**
 * How the process logs: to standard output, a line each, unless {@code -Dlogback.configurationFile} names a file that says otherwise.
 * In Java, since to read an XML file that says the same takes a tenth of a start. Logback finds this by META-INF/services.
 */
@ConfiguratorRank(ConfiguratorRank.CUSTOM_HIGH_PRIORITY)
public final class Logging extends ContextAwareBase implements Configurator {
    /** Neither a message nor an exception's can fake a line of the log, or tell a terminal something. */
    private static final String LINE = "%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX} %-5level %logger{0} - %replace(%msg){'[\\x00-\\x1f\\x7f-\\x9f]+', ' '}%n";
    /** What begins a line of a stack trace stays, with the line break before it. */
    private static final String TRACE = "%replace(%replace(%ex){'[\\r\\n]++(?!\\t*(at |\\.\\.\\. |Caused by: |Suppressed: |$))', ' '}){'[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f]+', ' '}";

    @Override
    public ExecutionStatus configure(LoggerContext logs) {
        if (System.getProperty("logback.configurationFile") != null) {
            return ExecutionStatus.INVOKE_NEXT_IF_ANY;
        }
        String level = System.getProperty("log.level");
        Level chatty = Level.toLevel(level, Level.WARN);
        logs.getLogger("ROOT").setLevel(Level.toLevel(level, Level.INFO));
        logs.getLogger("ROOT").addAppender(console(logs, LINE + TRACE));
        logs.getLogger("io.netty").setLevel(chatty);
        logs.getLogger("org.apache.hc").setLevel(chatty);
        logs.getLogger("org.eclipse.jetty").setLevel(Level.WARN);
        // Speaks up, with the client's address, whenever a client has gone before its response.
        logs.getLogger("org.apache.camel.component.netty.NettyConsumerExceptionHandler").setLevel(Level.OFF);
        // What it says of a collector that cannot be reached says all there is to say in a line.
        logs.getLogger("io.opentelemetry").setLevel(chatty);
        only(logs.getLogger("io.opentelemetry"), console(logs, LINE + "%nopex"));
        // The one error that the context itself logs is that it cannot start, with a stack trace; Startup says why in a line.
        ConsoleAppender<ILoggingEvent> harmless = console(logs, LINE + TRACE);
        LevelFilter errors = new LevelFilter();
        errors.setLevel(Level.ERROR);
        errors.setOnMatch(FilterReply.DENY);
        errors.start();
        harmless.addFilter(errors);
        only(logs.getLogger("org.apache.camel.impl.engine.AbstractCamelContext"), harmless);
        return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
    }

    private static void only(Logger logger, ConsoleAppender<ILoggingEvent> by) {
        logger.setAdditive(false);
        logger.addAppender(by);
    }

    private static ConsoleAppender<ILoggingEvent> console(LoggerContext logs, String pattern) {
        PatternLayoutEncoder encoder = new PatternLayoutEncoder();
        encoder.setContext(logs);
        encoder.setPattern(pattern);
        encoder.start();
        ConsoleAppender<ILoggingEvent> console = new ConsoleAppender<>();
        console.setContext(logs);
        console.setEncoder(encoder);
        console.start();
        return console;
    }
}
