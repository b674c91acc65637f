package io.github.camelreverseproxy.host;

import static io.github.camelreverseproxy.host.Yaml.each;
import static io.github.camelreverseproxy.host.Yaml.items;
import static io.github.camelreverseproxy.host.Yaml.map;
import static io.github.camelreverseproxy.host.Yaml.text;
import static io.github.camelreverseproxy.host.Yaml.value;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import io.github.camelreverseproxy.message.SourceLine;
import org.apache.camel.CamelContext;
import org.apache.camel.util.StringHelper;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/**
 * What can be said of the files before anything is built of them: all mistakes at once, each where it stands. What it finds
 * no fault with is built, and may still fail. Confined to a thread.
 */
final class Check {
    private static final Pattern PLACEHOLDER = Pattern.compile("\\{\\{([^{}]*)}}");
    private static final Pattern URI = Pattern.compile("([A-Za-z][A-Za-z0-9+-]*)(:|$|\\?).*", Pattern.DOTALL);
    private static final Set<String> SENDING = Set.of("to", "toD", "wireTap");

    /** A name that something goes by, and where that stands. */
    private record Use(Path file, Node node, String name) {
    }

    private final CamelContext context;
    private final Path properties;
    private final YamlSchema schema = new YamlSchema();
    private final Set<Mistake> mistakes = new TreeSet<>();
    private final Map<String, MappingNode> templates = new HashMap<>();
    private final Set<String> beans = new HashSet<>();
    private final Set<String> configurations = new HashSet<>();
    private final Set<String> beginnings = new HashSet<>();
    private final Set<String> ids = new HashSet<>();
    private final List<Use> directs = new ArrayList<>();
    private final List<Use> references = new ArrayList<>();
    private final List<Use> configured = new ArrayList<>();
    private Path file;
    private Set<String> local = Set.of();

    /**
     * @param context    has the properties, and the beans that routes may name
     * @param properties the file
     */
    Check(CamelContext context, Path properties) {
        this.context = context;
        this.properties = properties;
    }

    /** @return in the order of files and lines */
    Set<Mistake> of(List<Path> files) {
        Settings.mistakes(context.getPropertiesComponent()).forEach((key, message) -> mistakes.add(new Mistake(properties, SourceLine.ofProperty(properties, key), message)));
        Map<Path, Node> parsed = new HashMap<>();
        for (Path each : files) {
            file = each;
            Node node = parsed(each);
            if (node != null) {
                parsed.put(each, node);
                schema.check(node, this::mistake);
                declarations(node);
            }
        }
        parsed.forEach((each, node) -> {
            file = each;
            visit(node, "");
        });
        directs.forEach(use -> known(use, beginnings, Mistake.NO_ROUTE));
        references.forEach(use -> {
            if (!ContextSetup.BEANS.contains(use.name) && context.getRegistry().lookupByName(use.name) == null) {
                known(use, beans, "there is no bean ");
            }
        });
        configured.forEach(use -> known(use, configurations, "there is no routeConfiguration "));
        return mistakes;
    }

    private void known(Use use, Set<String> names, String otherwise) {
        if (!names.contains(use.name)) {
            file = use.file;
            mistake(use.node, otherwise + use.name + Mistake.nearest(use.name, names));
        }
    }

    private void mistake(Node node, String message) {
        mistakes.add(new Mistake(file, node.getStartMark().map(mark -> mark.getLine() + 1).orElse(0), message));
    }

    private Node parsed(Path each) {
        try {
            Node node = Yaml.parse(each);
            if (node == null) {
                mistakes.add(new Mistake(each, 1, "the file is empty"));
            }
            return node;
        } catch (YamlEngineException e) {
            boolean marked = e instanceof MarkedYamlEngineException;
            mistakes.add(new Mistake(each, marked ? Yaml.line((MarkedYamlEngineException) e) : 0, "this is no YAML: " + e.getMessage().lines().findFirst().orElse("")));
        } catch (IOException e) {
            mistakes.add(new Mistake(each, 0, "the file cannot be read: " + e.getMessage()));
        }
        return null;
    }

    /** What other places may name. */
    private void declarations(Node node) {
        for (MappingNode item : items(node)) {
            MappingNode template = map(item, "routeTemplate");
            if (template != null) {
                templates.put(text(template, "id"), template);
            }
            each(value(item, "beans"), bean -> beans.add(text(bean, "name")));
            MappingNode configuration = map(item, "routeConfiguration");
            if (configuration != null) {
                configurations.add(text(configuration, "id"));
            }
            MappingNode route = map(item, "route");
            if (route != null) {
                unique(route, "id");
                begins(map(route, "from"), value(route, "precondition") != null, Function.identity());
            }
            begins(map(item, "from"), false, Function.identity());
        }
    }

    /** @param maybe whether it may be that there is no such route */
    private void begins(MappingNode from, boolean maybe, Function<String, String> resolved) {
        String name = from == null ? null : direct(resolved.apply(text(from, "uri")), from);
        if (name != null && !beginnings.add(name) && !maybe) {
            mistake(from, "another route begins with direct:" + name + " too");
        }
    }

    /** The name of a direct endpoint; null of another one. */
    private static String direct(String uri, MappingNode node) {
        return uri.equals("direct") ? text(map(node, "parameters"), "name") : uri.startsWith("direct:") ? uri.substring(7).replaceFirst("^//", "").replaceFirst("\\?.*", "") : null;
    }

    private void unique(MappingNode node, String key) {
        String id = text(node, key);
        if (!id.isEmpty() && !ids.add(id)) {
            mistake(value(node, key), "there are two routes " + id);
        }
    }

    private void visit(Node node, String parent) {
        if (node instanceof SequenceNode list) {
            list.getValue().forEach(item -> visit(item, parent));
        } else if (node instanceof MappingNode map) {
            Set<String> outer = local;
            if (parent.equals("routeTemplate")) {
                local = new HashSet<>();
                each(value(map, "parameters"), parameter -> local.add(text(parameter, "name")));
                each(value(map, "beans"), bean -> local.add(text(bean, "name")));
            }
            node(map, parent);
            map.getValue().forEach(entry -> visit(entry.getValueNode(), entry.getKeyNode() instanceof ScalarNode key ? key.getValue() : ""));
            local = outer;
        } else if (node instanceof ScalarNode scalar) {
            scalar(scalar, parent);
        }
    }

    private void node(MappingNode map, String parent) {
        String uri = text(map, "uri");
        if (!uri.isEmpty()) {
            endpoint((ScalarNode) value(map, "uri"), uri, map, !parent.equals("from"));
        }
        if (parent.equals("templatedRoute")) {
            instance(map);
        }
        Eips.check(parent, map, this::mistake);
    }

    private void scalar(ScalarNode scalar, String key) {
        String value = scalar.getValue();
        Matcher placeholder = PLACEHOLDER.matcher(value);
        while (placeholder.find()) {
            String name = placeholder.group(1).replaceFirst("^[?!]", "");
            if (!placeholder.group(1).startsWith("?") && !name.contains(":") && !local.contains(name) && System.getProperty(name) == null
                    && context.getPropertiesComponent().resolveProperty(name).isEmpty()) {
                Set<String> near = new HashSet<>(local);
                near.addAll(context.getPropertiesComponent().loadProperties().stringPropertyNames());
                mistake(scalar, "there is no property " + name + Mistake.nearest(name, near));
            }
        }
        boolean fixed = !value.isEmpty() && !value.contains("{{") && !value.contains("${");
        if (fixed && SENDING.contains(key)) {
            endpoint(scalar, value, null, true);
        } else if (fixed && key.equals("ref") && !value.startsWith("#class:")) {
            references.add(new Use(file, scalar, value.replaceFirst("^#(bean:)?", "")));
        } else if (fixed && key.equals("routeConfigurationId")) {
            Stream.of(value.split(",")).map(String::strip).forEach(name -> configured.add(new Use(file, scalar, name)));
        } else if (fixed && (key.equals("exception") || key.equals("type") && value.contains(".") && !value.contains("(")) && context.getClassResolver().resolveClass(value.replaceFirst("^#class:", "")) == null) {
            mistake(scalar, "there is no class " + value);
        } else if (key.equals("simple")) {
            simple(scalar, value);
        }
    }

    /** It may be meant as a value or as a condition. */
    private void simple(ScalarNode scalar, String text) {
        String plain = PLACEHOLDER.matcher(text).replaceAll("x");
        try {
            context.resolveLanguage("simple").createExpression(plain).init(context);
        } catch (RuntimeException asValue) {
            try {
                context.resolveLanguage("simple").createPredicate(plain).init(context);
            } catch (RuntimeException e) {
                mistake(scalar, "simple: " + String.valueOf(e.getMessage()).lines().findFirst().orElse("").strip());
            }
        }
    }

    private void endpoint(ScalarNode where, String uri, MappingNode node, boolean sends) {
        Matcher parts = URI.matcher(uri);
        if (!parts.matches() || uri.startsWith("{{")) {
            return;
        }
        String scheme = parts.group(1);
        String direct = direct(uri, node);
        if (direct != null && sends && !direct.contains("{{") && !direct.contains("${")) {
            directs.add(new Use(file, where, direct));
        }
        if (!Endpoints.SCHEMES.contains(scheme) && Endpoints.component(context, scheme) == null) {
            mistake(where, "there is no component " + scheme + Mistake.nearest(scheme, Endpoints.SCHEMES));
            return;
        }
        Set<String> known = Endpoints.options(context, scheme, sends);
        int query = uri.indexOf('?');
        if (query >= 0) {
            Stream.of(uri.substring(query + 1).split("&")).map(option -> option.replaceFirst("=.*", "")).forEach(option -> option(where, scheme, option, known));
        }
        MappingNode parameters = map(node, "parameters");
        if (parameters != null) {
            for (NodeTuple entry : parameters.getValue()) {
                option(entry.getKeyNode(), scheme, ((ScalarNode) entry.getKeyNode()).getValue(), known);
            }
        }
    }

    private void option(Node where, String scheme, String option, Set<String> known) {
        if (!known.isEmpty() && !option.contains("{{") && !option.contains(".") && !known.contains(option)) {
            mistake(where, scheme + " has no option " + option + Mistake.nearest(option, known));
        }
    }

    private void instance(MappingNode map) {
        unique(map, "routeId");
        String name = text(map, "routeTemplateRef");
        MappingNode template = templates.get(name);
        if (template == null) {
            mistake(map, "there is no template " + name + Mistake.nearest(name, templates.keySet()));
            return;
        }
        Map<String, String> values = new HashMap<>();
        Set<String> known = new TreeSet<>();
        Set<String> needed = new TreeSet<>();
        Map<String, String> defaults = new HashMap<>();
        each(value(template, "parameters"), parameter -> {
            known.add(text(parameter, "name"));
            defaults.put(text(parameter, "name"), text(parameter, "defaultValue"));
            if (!text(parameter, "required").equals("false") && value(parameter, "defaultValue") == null) {
                needed.add(text(parameter, "name"));
            }
        });
        each(value(map, "parameters"), parameter -> {
            String given = StringHelper.dashToCamelCase(text(parameter, "name"));
            if (!known.contains(given)) {
                mistake(parameter, "the template " + name + " has no parameter " + given + Mistake.nearest(given, known));
            } else if (values.put(given, text(parameter, "value")) != null) {
                mistake(parameter, given + " stands twice");
            }
        });
        needed.removeAll(values.keySet());
        needed.forEach(missing -> mistake(map, "the template " + name + " needs the parameter " + missing));
        MappingNode route = map(template, "route") == null ? template : map(template, "route");
        begins(map(route, "from"), true, uri -> PLACEHOLDER.matcher(uri).replaceAll(found -> Matcher.quoteReplacement(values.getOrDefault(found.group(1), defaults.getOrDefault(found.group(1), "")))));
    }
}
