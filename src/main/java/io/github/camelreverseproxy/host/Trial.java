package io.github.camelreverseproxy.host;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.Stream;

import org.apache.camel.main.Main;
import org.apache.camel.main.SimpleMainShutdownStrategy;

/** What routes and properties would come to, without a port, and without a request. */
final class Trial {
    private Trial() {
    }

    /** What can be said of the files without building anything of them. */
    static Set<Mistake> mistakes(Supplier<Main> mains) {
        Host host = new Host();
        Main bare = mains.get();
        try {
            String pattern = bare.configure().getRoutesIncludePattern();
            bare.configure().setRoutesIncludePattern(null);
            bare.configure().setAutoConfigurationLogSummary(false);
            bare.bind(Generation.BEAN, Generation.tried(host));
            bare.setShutdownStrategy(new SimpleMainShutdownStrategy());
            try {
                bare.init();
            } catch (RuntimeException e) {
                // A wrong property; Check says which.
            }
            Path routes = Path.of(pattern.substring(pattern.indexOf(':') + 1, pattern.lastIndexOf('/')));
            String properties = bare.getPropertyPlaceholderLocations().replaceFirst("^file:", "").replaceFirst("[;,].*", "");
            try (Stream<Path> files = Files.list(routes)) {
                List<Path> yaml = files.filter(file -> file.toString().endsWith(".camel.yaml")).sorted().toList();
                return yaml.isEmpty() ? Set.of(new Mistake(routes, 0, "no routes are there")) : new Check(bare.getCamelContext(), Path.of(properties)).of(yaml);
            } catch (IOException e) {
                return Set.of(new Mistake(routes, 0, "no routes are there"));
            }
        } finally {
            bare.stop();
            host.close();
        }
    }

    /** All that is wrong, a line each; what can be built is built, too. */
    static Set<String> complaints(Supplier<Main> mains) {
        Set<String> complaints = new TreeSet<>();
        mistakes(mains).forEach(mistake -> complaints.add(mistake.toString()));
        if (complaints.isEmpty()) {
            Host host = new Host();
            Main main = mains.get();
            try {
                Generation generation = Generation.tried(host);
                main.bind(Generation.BEAN, generation);
                main.setShutdownStrategy(new SimpleMainShutdownStrategy());
                main.start();
                if (generation.listeners().isEmpty()) {
                    complaints.add("no route listens");
                }
            } catch (Exception e) {
                complaints.add(Startup.reason(main, e));
            } finally {
                main.stop();
                host.close();
            }
        }
        return complaints;
    }
}
