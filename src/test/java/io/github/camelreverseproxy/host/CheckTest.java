package io.github.camelreverseproxy.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

import io.github.camelreverseproxy.wire.Recipe;
import io.github.camelreverseproxy.wire.RouteFiles;
import org.apache.camel.main.Main;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is said of mistakes, each of which docs/mistakes.txt has with the line that it stands in. */
class CheckTest {
    @TempDir
    Path directory;

    static List<String> mistakes() throws IOException {
        return Files.readAllLines(Path.of("docs/mistakes.txt")).stream().filter(line -> !line.startsWith("#")).toList();
    }

    private void install() throws IOException {
        Files.createDirectories(directory.resolve("routes"));
        Files.writeString(directory.resolve("application.properties"), Files.readString(Path.of("application.properties")).replace("proxy.port = 65535", "proxy.port = 65535"));
        try (Stream<Path> files = Files.list(Path.of("routes"))) {
            for (Path file : files.toList()) {
                Files.writeString(directory.resolve(file), Files.readString(file));
            }
        }
    }

    private Main main() {
        Main main = new Main();
        main.setPropertyPlaceholderLocations("file:" + directory.resolve("application.properties"));
        main.configure().withRoutesIncludePattern("file:" + directory.resolve("routes") + "/*.camel.yaml");
        return main;
    }

    @ParameterizedTest
    @MethodSource("mistakes")
    void isFoundWhereItStands(String row) throws Exception {
        install();
        String[] cells = row.split(" \\| ", 3);
        Path file = directory.resolve(cells[0].endsWith(".yaml") ? "routes/" + cells[0] : cells[0]);
        String text;
        if (cells[1].startsWith("+ ")) {
            text = cells[1].substring(2).replace("~", "\n");
        } else {
            String[] edit = cells[1].replace("~", "\n").split(" => ?", 2);
            String before = Files.readString(file);
            assertTrue(before.contains(edit[0]), edit[0]);
            text = before.replace(edit[0], edit[1]);
        }
        int mark = text.indexOf("<<<");
        Files.writeString(file, text.replace("<<<", ""));
        Set<Mistake> found = Trial.mistakes(this::main);
        String all = String.join("\n", found.stream().map(Mistake::toString).toList());
        Mistake expected = found.stream().filter(mistake -> mistake.message().startsWith(cells[2]) || mistake.message().contains(cells[2])).findFirst().orElse(null);
        assertTrue(expected != null, all);
        assertEquals(file, expected.file());
        if (mark >= 0) {
            long line = text.substring(0, mark).lines().count();
            assertTrue(found.stream().anyMatch(mistake -> mistake.message().contains(cells[2]) && mistake.line() == line), "line " + line + ": " + all);
        }
    }

    @Test
    void thereAreFortyKindsAtLeast() throws Exception {
        assertTrue(mistakes().size() >= 40);
    }

    @Test
    void allAtOnce() throws Exception {
        install();
        Path routes = directory.resolve("routes/proxy.camel.yaml");
        Files.writeString(routes, Files.readString(routes).replace("ref: loopGuard", "ref: nobody").replace("uri: direct:upstreams", "uri: direct:nowhere"));
        Files.writeString(directory.resolve("application.properties"), "proxy.port = x\n" + Files.readString(Path.of("application.properties")).replace("proxy.port = 65535", "proxy.max-hed = 1"));
        assertEquals(4, Trial.mistakes(this::main).size(), Trial.mistakes(this::main)::toString);
    }

    @Test
    void filesAsShippedAreRight() throws Exception {
        install();
        assertEquals(new TreeSet<>(), Trial.complaints(this::main));
    }

    static List<String> recipes() throws IOException {
        return Recipe.titles();
    }

    /** No fault is found with what is right. */
    @ParameterizedTest
    @MethodSource("recipes")
    void recipesAreRight(String title) throws Exception {
        install();
        Recipe recipe = Recipe.of(title).edit(new RouteFiles(directory.resolve("routes")));
        Path properties = directory.resolve("application.properties");
        StringBuilder more = new StringBuilder("\n");
        recipe.properties().forEach((key, value) -> more.append(key).append(" = ").append(value).append('\n'));
        Files.writeString(properties, Files.readString(properties) + more);
        assertEquals(Set.of(), Trial.mistakes(this::main));
    }

    @Test
    void otherYamlThatIsRight() throws Exception {
        install();
        Files.writeString(directory.resolve("routes/more.camel.yaml"), """
                - from:
                    uri: "timer:tick?period=1000"
                    steps:
                      - to: "direct:sink?timeout=100"
                      - setHeaders:
                          headers:
                            - name: A
                              simple: "${header.B} / ${exchangeId}"
                            - name: C
                              constant: c
                      - log: "${body}"
                      - to: "http://localhost:1/a?apiKey=1&bridgeEndpoint=true"
                      - split:
                          tokenize: ","
                          steps:
                            - log:
                                message: one
                      - doTry:
                          steps:
                            - to: direct:sink
                          doCatch:
                            - exception: [java.io.IOException]
                          doFinally:
                            steps:
                              - log: done
                      - toD: "direct:${header.where}"
                      - recipientList:
                          simple: "direct:a,direct:b"
                      - choice:
                          when:
                            - expression:
                                simple:
                                  expression: "${header.x} > 5 || ${body} contains 'y'"
                              steps: []
                            - header: z
                              steps:
                                - stop: {}
                      - bean:
                          beanType: java.lang.String
                          method: valueOf
                      - setBody:
                          expression:
                            constant: "{{os.name}} {{none:default}} {{env:HOME}}"
                - route:
                    id: sink
                    precondition: "{{proxy.port}} != 0"
                    from:
                      uri: direct
                      parameters:
                        name: sink
                      steps:
                        - throttle: {expression: {constant: "5"}}
                - route:
                    autoStartup: "False"
                    from:
                      uri: direct:also
                      steps:
                        - log: {message: hi, loggingLevel: info}
                        - to: {uri: direct, parameters: {name: sink}}
                        - wireTap: {uri: direct, parameters: {name: also}}
                - routeTemplate:
                    id: short
                    parameters:
                      - name: at
                        defaultValue: there
                    from:
                      uri: "direct:{{at}}"
                      steps:
                        - process: {ref: "#class:io.github.camelreverseproxy.request.BodyPatch"}
                - templatedRoute:
                    routeTemplateRef: short
                    routeId: short1
                - route:
                    from:
                      uri: direct:last
                      steps:
                        - to: direct:there
                - onException:
                    exception: java.lang.IllegalStateException
                    handled: {constant: "true"}
                - errorHandler:
                    noErrorHandler: {}
                """);
        assertEquals(List.of(), Trial.mistakes(this::main).stream().map(Mistake::toString).toList());
    }

    /** What only comes out when it is built. */
    @Test
    void whatCannotBeBuilt() throws Exception {
        install();
        Path routes = directory.resolve("routes/proxy.camel.yaml");
        Files.writeString(routes, Files.readString(routes).replace("protocol: proxy", "protocol: proxy\n        ssl: true"));
        Set<String> complaints = Trial.complaints(this::main);
        assertEquals(1, complaints.size());
        assertTrue(complaints.iterator().next().matches(".*proxy.camel.yaml:[0-9]+: the listener has no option ssl; TLS to clients is for nginx, HAProxy or Caddy before it"), complaints.toString());
    }
}
