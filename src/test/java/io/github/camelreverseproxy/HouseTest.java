package io.github.camelreverseproxy;

import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The floors of the house: a room uses rooms below it alone, and what libraries throw is known where they are used. */
@AnalyzeClasses(packages = "io.github.camelreverseproxy", importOptions = ImportOption.DoNotIncludeTests.class)
class HouseTest {
    private static final String ROOT = "io.github.camelreverseproxy";

    @ArchTest
    static final ArchRule FLOORS = layeredArchitecture().consideringOnlyDependenciesInLayers()
            .layer("main").definedBy(ROOT).layer("demo").definedBy(ROOT + ".demo..")
            .layer("host").definedBy(ROOT + ".host..").layer("observe").definedBy(ROOT + ".observe..").layer("listener").definedBy(ROOT + ".listener..")
            .layer("request").definedBy(ROOT + ".request..").layer("response").definedBy(ROOT + ".response..")
            .layer("upstream").definedBy(ROOT + ".upstream..").layer("client").definedBy(ROOT + ".client..")
            .layer("forwarding").definedBy(ROOT + ".forwarding..").layer("message").definedBy(ROOT + ".message..")
            .whereLayer("demo").mayNotBeAccessedByAnyLayer()
            .whereLayer("main").mayOnlyBeAccessedByLayers("demo")
            .whereLayer("host").mayOnlyBeAccessedByLayers("main", "demo")
            .whereLayer("observe").mayOnlyBeAccessedByLayers("main", "host")
            .whereLayer("listener").mayOnlyBeAccessedByLayers("host", "observe")
            .whereLayer("request").mayOnlyBeAccessedByLayers("host", "listener")
            .whereLayer("response").mayOnlyBeAccessedByLayers("host", "observe", "listener")
            .whereLayer("upstream").mayOnlyBeAccessedByLayers("host", "observe", "listener", "request", "response")
            .whereLayer("client").mayOnlyBeAccessedByLayers("host", "observe", "listener", "request", "response", "upstream", "demo");

    @ArchTest
    static final ArchRule NO_CYCLE = slices().matching(ROOT + ".(*)..").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule NOTHING_IN_THE_ROOT_BUT_MAIN = classes().that().resideInAPackage(ROOT).should()
            .haveSimpleNameStartingWith("ReverseProxy").orShould().beAnonymousClasses();

    @ArchTest
    static final ArchRule THE_TABLE_OF_FAILURES_KNOWS_NO_LIBRARY = noClasses().that().haveSimpleNameStartingWith("Failure")
            .and().resideInAPackage(ROOT + ".message").should().dependOnClassesThat().resideOutsideOfPackages("java..", ROOT + ".message");

    @ArchTest
    static final ArchRule HTTP_CLIENT_IS_KNOWN_IN_ITS_ROOM = noClasses().that().resideOutsideOfPackages(ROOT + ".client..", ROOT + ".demo..")
            .should().dependOnClassesThat().resideInAPackage("org.apache.hc..");

    @ArchTest
    static final ArchRule METRICS_AND_TRACES_ARE_KNOWN_IN_THEIR_ROOM = noClasses().that().resideOutsideOfPackage(ROOT + ".observe..")
            .should().dependOnClassesThat().resideInAnyPackage("io.micrometer..", "io.opentelemetry..");

    @ArchTest
    static final ArchRule RESILIENCE4J_IS_KNOWN_IN_ITS_ROOM = noClasses().that().resideOutsideOfPackage(ROOT + ".upstream..")
            .should().dependOnClassesThat().resideInAPackage("io.github.resilience4j..");
}
