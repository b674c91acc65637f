package io.github.camelreverseproxy.host;

import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.github.camelreverseproxy.client.UpstreamEndpoint;
import io.github.camelreverseproxy.client.UpstreamUrl;
import io.github.camelreverseproxy.message.HeaderStyle;
import io.github.camelreverseproxy.observe.AccessLog;
import io.github.camelreverseproxy.request.TrustedProxies;
import io.github.camelreverseproxy.upstream.StatusRanges;
import org.apache.camel.spi.PropertiesComponent;

/**
 * The properties {@code proxy.*} and {@code upstream*.*}: what each may be, and what it is. A mistake stops the start rather
 * than being ignored. Thread-safe.
 */
public final class Settings {
    private static final Consumer<String> TEXT = value -> {
        if (value.isBlank()) {
            throw new IllegalArgumentException("it is empty");
        }
    };
    private static final Consumer<String> SIZE = number(1, Integer.MAX_VALUE);
    private static final Consumer<String> TIME = number(1, Integer.MAX_VALUE);

    private static final Map<String, Consumer<String>> PROXY = Map.ofEntries(
            Map.entry("proxy.host", Settings::host),
            Map.entry("proxy.port", number(1, 65535)),
            Map.entry("proxy.header.style", oneOf(HeaderStyle.values())),
            Map.entry("proxy.forwarded.by", TEXT),
            Map.entry("proxy.trusted-proxies", TrustedProxies::new),
            Map.entry("proxy.backoff.steps", value -> List.of(value.split(",", -1)).forEach(TIME)),
            Map.entry("proxy.backoff.failures", number(1, 1000)),
            Map.entry("proxy.backoff.status", StatusRanges::of),
            Map.entry("proxy.backoff.timeout", TIME),
            Map.entry("proxy.client", oneOf(UpstreamEndpoint.Client.values())),
            Map.entry("proxy.backoff.silence", TIME),
            Map.entry("proxy.deadline", TIME),
            Map.entry("proxy.via.name", Settings::name),
            Map.entry("proxy.reload", oneOf("watch", "off")),
            Map.entry("proxy.access-log", oneOf(AccessLog.Format.values())),
            Map.entry("proxy.access-log.file", Settings::file),
            Map.entry("proxy.tracing", oneOf("off", "otlp")),
            Map.entry("proxy.tracing.endpoint", Settings::endpoint),
            Map.entry("proxy.tracing.ratio", Settings::ratio),
            Map.entry("proxy.observe.host", Settings::host),
            Map.entry("proxy.observe.port", number(0, 65535)),
            Map.entry("proxy.location", oneOf("rewrite", "keep")),
            Map.entry("proxy.dns.refresh", TIME),
            Map.entry("proxy.connection.max-age", TIME),
            Map.entry("proxy.timeout.total", TIME),
            Map.entry("proxy.timeout.half-closed", TIME),
            Map.entry("proxy.timeout.stream", number(0, Integer.MAX_VALUE)),
            Map.entry("proxy.timeout.tunnel", TIME),
            Map.entry("proxy.max-streamed-body", Settings::bytes),
            Map.entry("proxy.min-body-rate", number(1, Integer.MAX_VALUE)),
            Map.entry("proxy.timeout.connect", TIME),
            Map.entry("proxy.timeout.response", TIME),
            Map.entry("proxy.timeout.head", TIME),
            Map.entry("proxy.timeout.body", TIME),
            Map.entry("proxy.timeout.idle", TIME),
            Map.entry("proxy.timeout.drain", TIME),
            Map.entry("proxy.max-in-flight", SIZE),
            Map.entry("proxy.max-connections", SIZE),
            Map.entry("proxy.max-body-memory", Settings::bytes),
            Map.entry("proxy.max-threads", SIZE),
            Map.entry("proxy.max-target", number(1, 1 << 20)),
            Map.entry("proxy.max-head", number(1, 1 << 20)),
            Map.entry("proxy.max-request-body", number(1, 1 << 30)),
            Map.entry("proxy.max-response-body", number(1, 1 << 30)));

    private static final Pattern UPSTREAM_KEY = Pattern.compile("upstream[A-Za-z0-9_-]*\\.(.*)");
    private static final Map<String, Consumer<String>> UPSTREAM = Map.of(
            "url", Settings::url,
            "concurrency", number(0, 1_000_000),
            "check.path", Settings::path,
            "check.interval", TIME);

    private final PropertiesComponent properties;

    /** @throws SettingsException naming the first key that is unknown or has a wrong value */
    public Settings(PropertiesComponent properties) {
        this.properties = properties;
        mistakes().values().stream().findFirst().ifPresent(first -> {
            throw new SettingsException(first);
        });
    }

    private Settings(PropertiesComponent properties, boolean unchecked) {
        this.properties = properties;
    }

    /** What is wrong, by the key that it is about. */
    static Map<String, String> mistakes(PropertiesComponent properties) {
        return new Settings(properties, true).mistakes();
    }

    private Map<String, String> mistakes() {
        Map<String, String> mistakes = new TreeMap<>();
        TreeSet<String> keys = new TreeSet<>(PROXY.keySet());
        properties.loadProperties(Settings::ours).stringPropertyNames().forEach(keys::add);
        System.getProperties().stringPropertyNames().stream().filter(Settings::ours).forEach(keys::add);
        for (String key : keys) {
            Consumer<String> kind = kind(key);
            String value = text(key);
            try {
                if (kind == null) {
                    mistakes.put(key, key + ": there is no such property" + Mistake.nearest(key, PROXY.keySet()));
                } else {
                    kind.accept(value);
                }
            } catch (IllegalArgumentException e) {
                // What may be a password is not said again.
                mistakes.put(key, key + (value.indexOf('@') >= 0 ? ": " : " = " + value + ": ") + e.getMessage());
            }
        }
        return mistakes;
    }

    String text(String key) {
        return properties.resolveProperty(key).orElse("").strip();
    }

    int number(String key) {
        return Integer.parseInt(text(key));
    }

    long[] steps(String key) {
        return Arrays.stream(text(key).split(",")).map(String::strip).mapToLong(Long::parseLong).toArray();
    }

    /** As the constants of Java have it. */
    String choice(String key) {
        return text(key).toUpperCase(Locale.ROOT).replace('-', '_');
    }

    private static boolean ours(String key) {
        return key.startsWith("proxy.") || UPSTREAM_KEY.matcher(key).matches();
    }

    private static Consumer<String> kind(String key) {
        Matcher upstream = UPSTREAM_KEY.matcher(key);
        return upstream.matches() ? UPSTREAM.get(upstream.group(1)) : PROXY.get(key);
    }

    private static Consumer<String> number(int min, int max) {
        return value -> {
            String text = value.strip();
            if (!text.matches("[0-9]{1,10}") || Long.parseLong(text) < min || Long.parseLong(text) > max) {
                throw new IllegalArgumentException("not a number from " + min + " to " + max);
            }
        };
    }

    private static void bytes(String value) {
        if (!value.matches("[0-9]{0,18}")) {
            throw new IllegalArgumentException("not a number of bytes");
        }
    }

    private static Consumer<String> oneOf(Enum<?>[] choices) {
        return oneOf(Arrays.stream(choices).map(choice -> choice.name().toLowerCase(Locale.ROOT).replace('_', '-')).toArray(String[]::new));
    }

    private static Consumer<String> oneOf(String... names) {
        return value -> {
            if (!List.of(names).contains(value)) {
                throw new IllegalArgumentException("not one of " + List.of(names));
            }
        };
    }

    /** What may stand for a proxy in Via (RFC 9110, section 7.6.3). */
    private static void name(String value) {
        if (!value.matches("[A-Za-z0-9!#$%&'*+.^_`|~:\\[\\]-]*")) {
            throw new IllegalArgumentException("not a name of letters, digits, dots, dashes and their like");
        }
    }

    private static void host(String value) {
        TEXT.accept(value);
        try {
            InetAddress.getByName(value);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException("no such host", e);
        }
    }

    private static void endpoint(String value) {
        URI url = value.matches("https?://[^?#\\s]+") ? URI.create(value) : null;
        if (url == null || url.getHost() == null || url.getUserInfo() != null) {
            throw new IllegalArgumentException("not a URL of a host, without user and query");
        }
    }

    private static void ratio(String value) {
        if (!value.matches("0(\\.[0-9]{1,9})?|1(\\.0{1,9})?")) {
            throw new IllegalArgumentException("not a number from 0 to 1");
        }
    }

    /** One that may be made. */
    private static void file(String value) {
        if (!value.isEmpty()) {
            Path file = Path.of(value).toAbsolutePath();
            if (Files.exists(file) && !Files.isRegularFile(file) || !Files.isWritable(Files.exists(file) ? file : file.getParent())) {
                throw new IllegalArgumentException("not a file that can be written");
            }
        }
    }

    private static void path(String value) {
        if (!value.isEmpty() && (!value.startsWith("/") || URI.create(value).getRawPath() == null)) {
            throw new IllegalArgumentException("not a path");
        }
    }

    private static void url(String value) {
        UpstreamUrl.of(value);
    }
}
