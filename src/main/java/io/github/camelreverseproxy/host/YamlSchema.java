package io.github.camelreverseproxy.host;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.ref.SoftReference;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiConsumer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/**
 * The schema of Camel's YAML DSL, which comes with it, held against what was written. Unlike a validator of JSON it knows
 * lines, and says what is wrong by the user's words. Immutable.
 */
final class YamlSchema {
    private static final String RESOURCE = "/schema/camelYamlDsl.json";
    private static final int FEW = 12;

    /** For the next edit, as long as there is memory. */
    private static SoftReference<JsonNode> read = new SoftReference<>(null);

    private final JsonNode root;

    YamlSchema() {
        root = root();
    }

    private static synchronized JsonNode root() {
        JsonNode known = read.get();
        if (known == null) {
            try (InputStream file = YamlSchema.class.getResourceAsStream(RESOURCE)) {
                known = new ObjectMapper().readTree(file);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            read = new SoftReference<>(known);
        }
        return known;
    }

    /** @param mistakes are given the node where one is, and what it is */
    void check(Node file, BiConsumer<Node, String> mistakes) {
        check(file, root, "the file", mistakes);
    }

    private void check(Node node, JsonNode unresolved, String name, BiConsumer<Node, String> mistakes) {
        JsonNode schema = resolved(unresolved);
        Set<String> types = new HashSet<>();
        types(schema, types);
        if (node instanceof MappingNode map) {
            if (!types.isEmpty() && !types.contains("object")) {
                mistakes.accept(node, name + " is " + what(types) + ", not a map");
                return;
            }
            checkMap(map, schema, name, mistakes);
        } else if (node instanceof SequenceNode list) {
            if (!types.isEmpty() && !types.contains("array")) {
                mistakes.accept(node, name + " is " + what(types) + ", not a list");
                return;
            }
            JsonNode items = items(schema);
            if (items != null) {
                list.getValue().forEach(item -> check(item, items, name, mistakes));
            }
        } else if (node instanceof ScalarNode scalar) {
            checkScalar(scalar, schema, types, name, mistakes);
        }
    }

    private void checkMap(MappingNode map, JsonNode schema, String name, BiConsumer<Node, String> mistakes) {
        Map<String, JsonNode> known = new LinkedHashMap<>();
        properties(schema, known);
        Set<String> seen = new HashSet<>();
        boolean strange = false;
        for (NodeTuple entry : map.getValue()) {
            String key = entry.getKeyNode() instanceof ScalarNode scalar ? scalar.getValue() : String.valueOf(entry.getKeyNode());
            if (!seen.add(key)) {
                mistakes.accept(entry.getKeyNode(), key + " stands twice");
            } else if (known.isEmpty()) {
                continue;
            } else if (!known.containsKey(key)) {
                mistakes.accept(entry.getKeyNode(), name + " has no " + key + nearest(key, known.keySet()));
                strange = true;
            } else if (seen.size() > 1 && schema.path("maxProperties").asInt(Integer.MAX_VALUE) == 1) {
                mistakes.accept(entry.getKeyNode(), key + " is another item: it begins with a dash");
            } else {
                check(entry.getValueNode(), known.get(key), key, mistakes);
            }
        }
        for (String required : required(schema)) {
            // What is missing is, most likely, what has another name.
            if (!seen.contains(required) && !strange) {
                mistakes.accept(map, name + " needs " + required);
            }
        }
    }

    private static String nearest(String key, Set<String> known) {
        String near = Mistake.nearest(key, known);
        return near.isEmpty() && known.size() <= FEW ? "; there are " + String.join(", ", new TreeSet<>(known)) : near;
    }

    /** Of which a single one may stand for the list. */
    private boolean isListOfTexts(JsonNode schema) {
        JsonNode items = items(schema);
        return items != null && "string".equals(resolved(items).path("type").asText());
    }

    private void checkScalar(ScalarNode scalar, JsonNode schema, Set<String> types, String name, BiConsumer<Node, String> mistakes) {
        String value = scalar.getValue();
        boolean nothing = value.isEmpty() && scalar.isPlain();
        if (types.isEmpty() || types.contains("string") && schema.path("enum").isMissingNode() || value.contains("{{") || nothing && !types.contains("array")) {
            return;
        }
        if (types.contains("string")) {
            Set<String> choices = new TreeSet<>();
            schema.path("enum").forEach(choice -> choices.add(choice.asText()));
            if (choices.stream().noneMatch(value::equalsIgnoreCase)) {
                mistakes.accept(scalar, name + " is " + value + ", which is none of " + String.join(", ", choices) + Mistake.nearest(value, choices));
            }
        } else if (types.contains("boolean") && !value.matches("(?i)true|false") || types.equals(Set.of("number")) && !value.matches("-?[0-9.]+")
                || !types.contains("boolean") && !types.contains("number") && !types.contains("integer") && !isListOfTexts(schema)) {
            mistakes.accept(scalar, name + " is " + what(types) + ", not " + (nothing ? "nothing" : value));
        }
    }

    private static String what(Set<String> types) {
        return types.contains("object") ? "a map" : types.contains("array") ? "a list" : types.contains("boolean") ? "true or false" : types.contains("number") ? "a number" : "a text";
    }

    private JsonNode resolved(JsonNode schema) {
        JsonNode at = schema;
        while (at.has("$ref")) {
            at = root.at(at.get("$ref").asText().substring(1));
        }
        return at;
    }

    private void types(JsonNode schema, Set<String> types) {
        if (schema.has("type")) {
            types.add(schema.get("type").asText());
        } else {
            for (String either : new String[] {"oneOf", "anyOf"}) {
                schema.path(either).forEach(one -> types(resolved(one), types));
            }
        }
    }

    private void properties(JsonNode schema, Map<String, JsonNode> known) {
        schema.path("properties").properties().forEach(property -> known.merge(property.getKey(), property.getValue(), (first, next) -> first.isEmpty() ? next : first));
        for (String either : new String[] {"oneOf", "anyOf"}) {
            schema.path(either).forEach(one -> properties(resolved(one), known));
        }
    }

    private JsonNode items(JsonNode schema) {
        if (schema.has("items")) {
            return schema.get("items");
        }
        for (JsonNode one : schema.path("oneOf")) {
            if (resolved(one).has("items")) {
                return resolved(one).get("items");
            }
        }
        return null;
    }

    /** Of the map itself: what is needed instead of something else is left to Camel. */
    private Set<String> required(JsonNode schema) {
        Set<String> all = new TreeSet<>();
        schema.path("required").forEach(name -> all.add(name.asText()));
        for (JsonNode one : schema.path("oneOf")) {
            if ("object".equals(one.path("type").asText())) {
                one.path("required").forEach(name -> all.add(name.asText()));
            }
        }
        return all;
    }
}
