package io.github.camelreverseproxy.host;

import static io.github.camelreverseproxy.host.Yaml.map;
import static io.github.camelreverseproxy.host.Yaml.text;
import static io.github.camelreverseproxy.host.Yaml.value;

import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiConsumer;

import io.github.camelreverseproxy.upstream.EipFactory;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/** What the two EIPs of this proxy ask for beyond the schema. */
final class Eips {
    private static final Set<String> BALANCERS = Set.of("roundRobinLoadBalancer", "weightedLoadBalancer", "stickyLoadBalancer", "randomLoadBalancer", "failoverLoadBalancer", "topicLoadBalancer",
            "customLoadBalancer");

    private Eips() {
    }

    static void check(String eip, MappingNode map, BiConsumer<Node, String> mistakes) {
        if (eip.equals("loadBalance")) {
            balancer(map, mistakes);
        } else if (eip.equals("circuitBreaker")) {
            breaker(map, mistakes);
        }
    }

    private static void balancer(MappingNode map, BiConsumer<Node, String> mistakes) {
        int branches = value(map, "steps") instanceof SequenceNode steps ? steps.getValue().size() : 0;
        if (branches == 0) {
            mistakes.accept(map, "a load balancer without a branch");
        }
        if (map.getValue().stream().noneMatch(entry -> entry.getKeyNode() instanceof ScalarNode key && BALANCERS.contains(key.getValue()))) {
            mistakes.accept(map, "loadBalance needs one of " + String.join(", ", new TreeSet<>(BALANCERS)));
        }
        MappingNode weighted = map(map, "weightedLoadBalancer");
        if (weighted != null && !text(weighted, "distributionRatio").contains("{{") && value(weighted, "distributionRatioDelimiter") == null
                && text(weighted, "distributionRatio").split(",").length != branches) {
            mistakes.accept(value(weighted, "distributionRatio") == null ? weighted : value(weighted, "distributionRatio"), "distributionRatio has not a number for each of the " + branches + " branches");
        }
    }

    private static void breaker(MappingNode map, BiConsumer<Node, String> mistakes) {
        boolean fallback = false;
        for (NodeTuple entry : map.getValue()) {
            String key = ((ScalarNode) entry.getKeyNode()).getValue();
            fallback |= key.equals("onFallback");
            if (key.equals("steps") && fallback) {
                mistakes.accept(entry.getKeyNode(), "onFallback stands after steps");
            }
        }
        MappingNode options = map(map, "resilience4jConfiguration");
        if (options != null && value(options, "circuitBreaker") != null) {
            for (NodeTuple entry : options.getValue()) {
                String key = ((ScalarNode) entry.getKeyNode()).getValue();
                boolean applies = key.equals("circuitBreaker") || key.equals("id") || key.equals("throwExceptionWhenHalfOpenOrOpenState") && text(options, key).equals("true");
                if (!applies) {
                    mistakes.accept(entry.getKeyNode(), EipFactory.ignored(key));
                }
            }
        }
    }
}
