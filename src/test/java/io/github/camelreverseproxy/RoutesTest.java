package io.github.camelreverseproxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.InputStream;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** The files that users read and edit, as files. */
class RoutesTest {
    static List<Path> routes() throws Exception {
        try (Stream<Path> files = Files.list(Path.of("routes"))) {
            return files.sorted().toList();
        }
    }

    private static Object yaml(Path file) throws Exception {
        return new Load(LoadSettings.builder().build()).loadFromString(Files.readString(file));
    }

    @ParameterizedTest
    @MethodSource("routes")
    void fileObeysTheSchemaOfTheYamlDsl(Path file) throws Exception {
        try (InputStream schemaFile = getClass().getResourceAsStream("/schema/camelYamlDsl.json")) {
            assertNotNull(schemaFile);
            JsonSchema schema = JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V7).getSchema(schemaFile);
            JsonNode routes = new ObjectMapper().valueToTree(yaml(file));
            assertEquals(Set.of(), schema.validate(routes));
        }
    }

    /** Those of the project. */
    static Properties properties() throws Exception {
        Properties properties = new Properties();
        try (Reader file = Files.newBufferedReader(Path.of("application.properties"))) {
            properties.load(file);
        }
        return properties;
    }

    /** A property in the file is used by a route, by what sets the context up, or by Camel; and each one used is in the file. */
    @Test
    void propertiesAndRoutesNameTheSameKeys() throws Exception {
        Properties properties = properties();
        Set<String> used = new HashSet<>();
        for (Path file : routes()) {
            collect(used, file, "\\{\\{((?:proxy|upstream)[^}]*)}}");
        }
        collect(used, Path.of("src/main/java/io/github/camelreverseproxy/host/ContextSetup.java"), "\"(proxy\\.[a-z.-]+)\"");
        collect(used, Path.of("src/main/java/io/github/camelreverseproxy/host/Watch.java"), "\\{\\{(proxy\\.reload)}}");
        Set<String> ours = new HashSet<>(properties.stringPropertyNames());
        ours.removeIf(key -> key.startsWith("camel."));
        assertEquals(ours, used);
    }

    private static void collect(Set<String> keys, Path file, String pattern) throws Exception {
        Matcher key = Pattern.compile(pattern).matcher(Files.readString(file));
        while (key.find()) {
            keys.add(key.group(1));
        }
    }

    @Test
    void everyPropertyIsExplainedInOneLine() throws Exception {
        List<String> lines = Files.readAllLines(Path.of("application.properties"));
        for (int i = 0; i < lines.size(); i++) {
            if (lines.get(i).matches("(proxy|upstream).*=.*")) {
                assertTrue(lines.get(i - 1).startsWith("# "), lines.get(i));
            }
        }
    }

    @Test
    void readmeHasEveryPropertyWithItsDefault() throws Exception {
        Properties properties = properties();
        String readme = Files.readString(Path.of("README.md"));
        for (String key : properties.stringPropertyNames()) {
            if (!key.startsWith("camel.")) {
                String row = "| `" + key + "` | " + (properties.getProperty(key).isEmpty() ? "" : "`" + properties.getProperty(key) + "` ") + "|";
                assertTrue(readme.contains(row), "not in the README: " + row);
            }
        }
    }
}
