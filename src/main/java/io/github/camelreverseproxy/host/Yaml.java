package io.github.camelreverseproxy.host;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
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
     * @throws org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException if it is no YAML
     */
    static Node parse(Path file) throws IOException {
        return new Compose(LoadSettings.builder().setLabel(file.toString()).build()).composeString(Files.readString(file)).orElse(null);
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
