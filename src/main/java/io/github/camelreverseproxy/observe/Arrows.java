package io.github.camelreverseproxy.observe;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;

import io.github.camelreverseproxy.forwarding.Kept;
import org.apache.camel.CamelContext;

/** The steps of a context's routes that send somewhere, and how often each did. Thread-safe. */
public final class Arrows {
    /**
     * @param route       that the step is of
     * @param step        its id
     * @param description may be null
     * @param to          the endpoint
     * @param sent        counts; null for those that lead to an upstream, whose attempts are counted elsewhere
     */
    public record Arrow(String route, String step, String description, String to, LongAdder sent) {
    }

    private final List<Arrow> all = new ArrayList<>();

    private Arrows() {
    }

    /** Those of a context. */
    public static Arrows of(CamelContext context) {
        synchronized (context) {
            Arrows arrows = context.getCamelContextExtension().getContextPlugin(Arrows.class);
            if (arrows == null) {
                arrows = new Arrows();
                context.getCamelContextExtension().addContextPlugin(Arrows.class, arrows);
            }
            return arrows;
        }
    }

    /** @return what is to count; that of the generation before, if it had the same step */
    public LongAdder add(CamelContext context, String route, String step, String description, String to) {
        LongAdder sent = Kept.of(context).get("arrow " + route + ' ' + step + ' ' + to, LongAdder.class, LongAdder::new);
        add(new Arrow(route, step, description, to, sent));
        return sent;
    }

    /** One that leads to an upstream. */
    public void add(String route, String step, String description, String to) {
        add(new Arrow(route, step, description, to, null));
    }

    private synchronized void add(Arrow arrow) {
        all.removeIf(known -> known.route.equals(arrow.route) && known.step.equals(arrow.step) && known.to.equals(arrow.to));
        all.add(arrow);
    }

    synchronized List<Arrow> from(String route) {
        return all.stream().filter(arrow -> arrow.route.equals(route)).toList();
    }
}
