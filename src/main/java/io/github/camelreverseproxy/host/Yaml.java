package io.github.camelreverseproxy.host;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/** YAML as it was written, with the places of its nodes. */
final class Yaml {
    private Yaml() {
    }

    /**
     * @return null if there is nothing in it
     * @throws YamlEngineException if it is no YAML
     */
    static Node parse(Path file) throws IOException {
        Node node = new Compose(LoadSettings.builder().setLabel(file.toString()).build()).composeString(Files.readString(file)).orElse(null);
        refuseCircles(node, Collections.newSetFromMap(new IdentityHashMap<>()));
        return node;
    }

    static int line(MarkedYamlEngineException e) {
        return e.getProblemMark().or(e::getContextMark).map(mark -> mark.getLine() + 1).orElse(0);
    }

    private static void refuseCircles(Node node, Set<Node> around) {
        if (node != null && !around.add(node)) {
            throw new YamlEngineException("an alias stands in what it stands for");
        }
        if (node instanceof SequenceNode list) {
            list.getValue().forEach(item -> refuseCircles(item, around));
        } else if (node instanceof MappingNode map) {
            map.getValue().forEach(entry -> refuseCircles(entry.getValueNode(), around));
        }
        around.remove(node);
    }

    static List<MappingNode> items(Node file) {
        List<MappingNode> all = new ArrayList<>();
        if (file instanceof SequenceNode list) {
            list.getValue().forEach(item -> {
                if (item instanceof MappingNode map) {
                    all.add(map);
                }
            });
        }
        return all;
    }

    static void each(Node list, Consumer<MappingNode> one) {
        items(list).forEach(one);
    }

    static Node value(MappingNode map, String key) {
        if (map != null) {
            for (NodeTuple entry : map.getValue()) {
                if (entry.getKeyNode() instanceof ScalarNode scalar && scalar.getValue().equals(key)) {
                    return entry.getValueNode();
                }
            }
        }
        return null;
    }

    static MappingNode map(MappingNode map, String key) {
        return value(map, key) instanceof MappingNode found ? found : null;
    }

    static String text(MappingNode map, String key) {
        return value(map, key) instanceof ScalarNode scalar ? scalar.getValue() : "";
    }
}
