package io.github.camelreverseproxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.InputStream;
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

    /** A property in the file is used by a route, by Camel or by another property, and each one used is in the file. */
    @Test
    void propertiesAndRoutesNameTheSameKeys() throws Exception {
        Properties properties = new Properties();
        properties.load(Files.newBufferedReader(Path.of("application.properties")));
        Set<String> used = new HashSet<>();
        for (Path file : routes()) {
            Matcher placeholder = Pattern.compile("\\{\\{((?:proxy|upstream)[^}]*)}}").matcher(Files.readString(file));
            while (placeholder.find()) {
                used.add(placeholder.group(1));
            }
        }
        Set<String> ours = new HashSet<>(properties.stringPropertyNames());
        ours.removeIf(key -> key.startsWith("camel."));
        assertEquals(ours, used);
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
        Properties properties = new Properties();
        properties.load(Files.newBufferedReader(Path.of("application.properties")));
        String readme = Files.readString(Path.of("README.md"));
        for (String key : properties.stringPropertyNames()) {
            if (!key.startsWith("camel.")) {
                String row = "| `" + key + "` | " + (properties.getProperty(key).isEmpty() ? "" : "`" + properties.getProperty(key) + "` ") + "|";
                assertTrue(readme.contains(row), "not in the README: " + row);
            }
        }
    }
}
