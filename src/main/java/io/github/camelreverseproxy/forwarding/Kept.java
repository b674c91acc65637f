package io.github.camelreverseproxy.forwarding;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

import org.apache.camel.CamelContext;

/**
 * What of a Camel context outlives it, if the next one has the same under the same name: breakers' states, connections to
 * upstreams, whose turn it is. Thread-safe.
 */
public final class Kept {
    private final Map<String, Object> things = new ConcurrentHashMap<>();
    private volatile Kept before;

    /** @param before those of the context that is there already, or null */
    public Kept(Kept before) {
        this.before = before;
    }

    public static Kept of(CamelContext context) {
        Kept kept = context.getCamelContextExtension().getContextPlugin(Kept.class);
        if (kept == null) {
            throw new IllegalStateException("the context has not been set up");
        }
        return kept;
    }

    /** The one that this context has, or the one before it, or else a new one. */
    public <T> T get(String name, Class<T> type, Supplier<T> made) {
        return type.cast(things.computeIfAbsent(name, key -> {
            Object known = before == null ? null : before.things.get(key);
            return type.isInstance(known) ? known : made.get();
        }));
    }

    /** All of a kind that it has. */
    public <T> List<T> all(Class<T> type) {
        return things.values().stream().filter(type::isInstance).map(type::cast).toList();
    }

    /** It takes the place of the one before. */
    public void settle() {
        before = null;
    }

    /** Nobody uses these any more, but for what another context has too. */
    public void end(Kept other) {
        things.values().forEach(thing -> {
            if (thing instanceof Runnable ends && (other == null || !other.things.containsValue(thing))) {
                ends.run();
            }
        });
    }
}
