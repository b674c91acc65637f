package io.github.camelreverseproxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.introspect.Annotated;
import com.fasterxml.jackson.databind.introspect.JacksonAnnotationIntrospector;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Probe;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.TopologySpreadConstraint;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.autoscaling.v2.CrossVersionObjectReference;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscaler;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyIngressRule;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyPort;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** The files to deploy with, as files: that they mean something to Kubernetes, and that they fit together and the proxy. */
class KubernetesTest {
    private static final Path KUBERNETES = Path.of("deploy/kubernetes");

    private static final Map<String, Class<? extends HasMetadata>> KINDS = Map.of(
            "v1/ConfigMap", ConfigMap.class, "v1/Service", Service.class, "v1/ServiceAccount", ServiceAccount.class,
            "apps/v1/Deployment", Deployment.class, "autoscaling/v2/HorizontalPodAutoscaler", HorizontalPodAutoscaler.class,
            "networking.k8s.io/v1/NetworkPolicy", NetworkPolicy.class, "policy/v1/PodDisruptionBudget", PodDisruptionBudget.class);

    /** The classes of the model take any key for an additional property; here they may not. */
    private static final ObjectMapper STRICT = new ObjectMapper().setAnnotationIntrospector(new JacksonAnnotationIntrospector() {
        private static final long serialVersionUID = 1;

        @Override
        public Boolean hasAnySetter(Annotated member) {
            return false;
        }
    }).enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

    static List<Path> manifests() throws Exception {
        try (Stream<Path> files = Files.list(KUBERNETES)) {
            return files.filter(file -> !file.endsWith("kustomization.yaml")).sorted().toList();
        }
    }

    private static JsonNode yaml(String text) {
        return STRICT.valueToTree(new Load(LoadSettings.builder().build()).loadFromString(text));
    }

    static JsonNode yaml(Path file) throws Exception {
        return yaml(Files.readString(file));
    }

    private static HasMetadata parse(JsonNode manifest) throws Exception {
        String kind = manifest.path("apiVersion").asText() + "/" + manifest.path("kind").asText();
        assertTrue(KINDS.containsKey(kind), kind);
        HasMetadata object = STRICT.treeToValue(manifest, KINDS.get(kind));
        assertComesBack("", manifest, STRICT.valueToTree(object));
        return object;
    }

    /** Each value of the file is still there, and still the same: what was a number has not become a string. */
    private static void assertComesBack(String path, JsonNode file, JsonNode object) {
        if (file.isObject()) {
            file.fieldNames().forEachRemaining(key -> assertComesBack(path + "." + key, file.get(key), object.path(key)));
        } else if (file.isArray()) {
            assertEquals(file.size(), object.size(), path);
            for (int i = 0; i < file.size(); i++) {
                assertComesBack(path + "[" + i + "]", file.get(i), object.get(i));
            }
        } else {
            assertEquals(file.getNodeType() + " " + file.asText(), object.getNodeType() + " " + object.asText(), path);
        }
    }

    private static <T extends HasMetadata> List<T> all(Class<T> kind) throws Exception {
        List<T> found = new ArrayList<>();
        for (Path file : manifests()) {
            HasMetadata object = parse(yaml(file));
            if (kind.isInstance(object)) {
                found.add(kind.cast(object));
            }
        }
        return found;
    }

    private static <T extends HasMetadata> T one(Class<T> kind) throws Exception {
        List<T> found = all(kind);
        assertEquals(1, found.size(), kind.getSimpleName());
        return found.get(0);
    }

    private static PodSpec pod() throws Exception {
        return one(Deployment.class).getSpec().getTemplate().getSpec();
    }

    private static Container container() throws Exception {
        List<Container> containers = pod().getContainers();
        assertEquals(1, containers.size());
        return containers.get(0);
    }

    private static Map<String, Integer> ports() throws Exception {
        return container().getPorts().stream().collect(Collectors.toMap(ContainerPort::getName, ContainerPort::getContainerPort));
    }

    private static void assertSelectsThePods(Map<String, String> selector) throws Exception {
        assertFalse(selector.isEmpty());
        Map<String, String> labels = one(Deployment.class).getSpec().getTemplate().getMetadata().getLabels();
        assertTrue(labels.entrySet().containsAll(selector.entrySet()), selector + " does not select " + labels);
    }

    @ParameterizedTest
    @MethodSource("manifests")
    void kubernetesKnowsEachKeyOfTheManifest(Path file) throws Exception {
        parse(yaml(file));
    }

    @ParameterizedTest
    @CsvSource({"readOnlyRootFilesystem, readOnlyRootFileSystem", "maxUnavailable: 0, maxUnavailible: 0", "failureThreshold, failureTreshold",
            "terminationGracePeriodSeconds, terminationGraceSeconds", "seconds: 5, secs: 5"})
    void misspeltKeyIsNoticed(String right, String wrong) throws Exception {
        String text = Files.readString(KUBERNETES.resolve("deployment.yaml"));
        String other = text.replace(right, wrong);
        assertFalse(text.equals(other));
        assertThrows(UnrecognizedPropertyException.class, () -> parse(yaml(other)));
    }

    @Test
    void numberWhereKubernetesWantsAStringIsNoticed() throws Exception {
        String text = Files.readString(KUBERNETES.resolve("deployment.yaml"));
        String other = text.replace("value: \"0.0.0.0\"", "value: 0");
        assertFalse(text.equals(other));
        assertThrows(AssertionError.class, () -> parse(yaml(other)));
    }

    @Test
    void kustomizationNamesEachManifest() throws Exception {
        Set<String> named = new TreeSet<>();
        yaml(KUBERNETES.resolve("kustomization.yaml")).path("resources").forEach(resource -> named.add(resource.asText()));
        assertEquals(manifests().stream().map(file -> file.getFileName().toString()).collect(Collectors.toCollection(TreeSet::new)), named);
    }

    @Test
    void kustomizationTagsTheImageOfTheDeployment() throws Exception {
        JsonNode image = yaml(KUBERNETES.resolve("kustomization.yaml")).path("images").path(0);
        assertEquals(container().getImage(), image.path("name").asText() + ":" + image.path("newTag").asText());
    }

    @Test
    void selectorsSelectThePods() throws Exception {
        assertSelectsThePods(one(Deployment.class).getSpec().getSelector().getMatchLabels());
        assertSelectsThePods(one(PodDisruptionBudget.class).getSpec().getSelector().getMatchLabels());
        assertSelectsThePods(one(NetworkPolicy.class).getSpec().getPodSelector().getMatchLabels());
        for (Service service : all(Service.class)) {
            assertSelectsThePods(service.getSpec().getSelector());
        }
        for (TopologySpreadConstraint constraint : pod().getTopologySpreadConstraints()) {
            assertSelectsThePods(constraint.getLabelSelector().getMatchLabels());
        }
    }

    @Test
    void portsAreThoseOfTheProxy() throws Exception {
        Properties properties = RoutesTest.properties();
        assertEquals(Map.of("http", Integer.valueOf(properties.getProperty("proxy.port")),
                "observe", Integer.valueOf(properties.getProperty("proxy.observe.port"))), ports());
        Set<String> served = new TreeSet<>();
        for (Service service : all(Service.class)) {
            for (ServicePort port : service.getSpec().getPorts()) {
                assertEquals(ports().get(port.getTargetPort().getStrVal()), port.getPort(), service.getMetadata().getName());
                served.add(port.getName());
            }
        }
        assertEquals(ports().keySet(), served);
    }

    /** From anywhere to the one port, from some namespaces alone to the other. */
    @Test
    void managementPortIsNotForAll() throws Exception {
        Set<String> ports = new TreeSet<>();
        for (NetworkPolicyIngressRule rule : one(NetworkPolicy.class).getSpec().getIngress()) {
            for (NetworkPolicyPort port : rule.getPorts()) {
                String name = port.getPort().getStrVal();
                ports.add(name);
                assertEquals(name.equals("observe"), !rule.getFrom().isEmpty(), name);
            }
        }
        assertEquals(ports().keySet(), ports);
    }

    @Test
    void probesAskTheManagementPort() throws Exception {
        Container container = container();
        for (Probe probe : List.of(container.getStartupProbe(), container.getLivenessProbe(), container.getReadinessProbe())) {
            assertEquals("observe", probe.getHttpGet().getPort().getStrVal());
        }
        assertEquals("/observe/health/live", container.getStartupProbe().getHttpGet().getPath());
        assertEquals("/observe/health/live", container.getLivenessProbe().getHttpGet().getPath());
        assertEquals("/observe/health/ready", container.getReadinessProbe().getHttpGet().getPath());
        assertTrue(container.getEnv().stream().anyMatch(variable -> variable.getName().equals("PROXY_OBSERVE_HOST")
                && variable.getValue().equals("0.0.0.0")), "the kubelet does not reach 127.0.0.1");
    }

    @Test
    void variablesAreProperties() throws Exception {
        Set<String> known = RoutesTest.properties().stringPropertyNames().stream()
                .map(key -> key.toUpperCase(Locale.ROOT).replaceAll("[.-]", "_")).collect(Collectors.toSet());
        for (EnvVar variable : container().getEnv()) {
            assertTrue(known.contains(variable.getName()), variable.getName());
        }
    }

    @Test
    void requestsInFlightHaveTheTimeToFinish() throws Exception {
        Properties properties = RoutesTest.properties();
        long needed = container().getLifecycle().getPreStop().getSleep().getSeconds()
                + Long.parseLong(properties.getProperty("proxy.timeout.drain")) / 1000
                + Long.parseLong(properties.getProperty("camel.main.shutdown-timeout"));
        assertTrue(pod().getTerminationGracePeriodSeconds() > needed, "more than " + needed + " s");
        String unit = Files.readString(Path.of("deploy/systemd/camel-reverse-proxy.service"));
        Matcher timeout = Pattern.compile("(?m)^TimeoutStopSec=(\\d+)$").matcher(unit);
        assertTrue(timeout.find());
        assertTrue(Long.parseLong(timeout.group(1)) > needed - container().getLifecycle().getPreStop().getSleep().getSeconds());
    }

    @Test
    void autoscalerKnowsTheDeployment() throws Exception {
        Deployment deployment = one(Deployment.class);
        CrossVersionObjectReference target = one(HorizontalPodAutoscaler.class).getSpec().getScaleTargetRef();
        assertEquals(List.of(deployment.getApiVersion(), deployment.getKind(), deployment.getMetadata().getName()),
                List.of(target.getApiVersion(), target.getKind(), target.getName()));
        assertEquals(null, deployment.getSpec().getReplicas(), "two say how many");
        assertTrue(one(HorizontalPodAutoscaler.class).getSpec().getMinReplicas() >= 2);
        assertTrue(container().getResources().getRequests().containsKey("cpu"), "a share of what?");
    }

    @Test
    void podRunsUnderItsServiceAccount() throws Exception {
        assertEquals(one(ServiceAccount.class).getMetadata().getName(), pod().getServiceAccountName());
        assertEquals(false, one(ServiceAccount.class).getAutomountServiceAccountToken());
    }

    @Test
    void mountedRoutesAreThoseOfTheProject() throws Exception {
        Map<String, String> files = new TreeMap<>();
        for (Path file : RoutesTest.routes()) {
            files.put(file.getFileName().toString(), Files.readString(file));
        }
        ConfigMap map = one(ConfigMap.class);
        assertEquals(files, new TreeMap<>(map.getData()));
        Volume volume = pod().getVolumes().stream().filter(candidate -> candidate.getConfigMap() != null).findFirst().orElseThrow();
        assertEquals(map.getMetadata().getName(), volume.getConfigMap().getName());
        VolumeMount mount = container().getVolumeMounts().stream().filter(candidate -> candidate.getName().equals(volume.getName())).findFirst().orElseThrow();
        assertEquals("/proxy/routes", mount.getMountPath());
        assertEquals(null, mount.getSubPath(), "an edit would not arrive");
        assertEquals(pod().getVolumes().stream().map(Volume::getName).collect(Collectors.toSet()),
                container().getVolumeMounts().stream().map(VolumeMount::getName).collect(Collectors.toSet()));
    }
}
