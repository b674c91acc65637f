package io.github.camelreverseproxy.host;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

import io.github.camelreverseproxy.message.SourceLine;
import io.github.camelreverseproxy.upstream.EipFactory;
import org.apache.camel.CamelContext;
import org.apache.camel.model.CircuitBreakerDefinition;
import org.apache.camel.model.ModelCamelContext;
import org.apache.camel.model.ModelLifecycleStrategySupport;
import org.apache.camel.model.OnExceptionDefinition;
import org.apache.camel.model.ProcessorDefinition;
import org.apache.camel.model.ProcessorDefinitionHelper;
import org.apache.camel.model.RedeliveryPolicyDefinition;
import org.apache.camel.model.RouteDefinition;
import org.apache.camel.model.RouteTemplateDefinition;
import org.apache.camel.model.RouteTemplateParameterDefinition;
import org.apache.camel.model.ThreadsDefinition;
import org.apache.camel.model.WireTapDefinition;
import org.apache.camel.model.errorhandler.DefaultErrorHandlerDefinition;
import org.apache.camel.processor.errorhandler.RedeliveryPolicy;
import org.apache.camel.util.StringHelper;

/** Looks at what users have written in routes, before Camel makes processors of it. Thread-safe. */
final class RouteModels extends ModelLifecycleStrategySupport {
    /** What Camel itself adds to the parameters of an instance. */
    private static final Set<String> CAMELS_OWN = Set.of("location", "parentRouteId", "parentProcessorId");

    private final CamelContext context;
    private final Generation generation;

    private RouteModels(CamelContext context, Generation generation) {
        this.context = context;
        this.generation = generation;
    }

    static void watch(ModelCamelContext context, Generation generation) {
        context.addModelLifecycleStrategy(new RouteModels(context, generation));
        context.addRouteTemplateDefinitionConverter("*", RouteModels::instance);
    }

    /** Camel would ignore a parameter that the template does not know. */
    private static RouteDefinition instance(RouteTemplateDefinition template, Map<String, Object> parameters) throws Exception {
        Set<String> known = template.getTemplateParameters() == null ? Set.of() : template.getTemplateParameters().stream()
                .map(RouteTemplateParameterDefinition::getName).map(StringHelper::dashToCamelCase).collect(Collectors.toSet());
        for (String name : parameters.keySet()) {
            String plain = StringHelper.dashToCamelCase(name);
            if (!known.contains(plain) && !CAMELS_OWN.contains(plain)) {
                throw new IllegalArgumentException("the template " + template.getId() + " has no parameter " + name);
            }
        }
        // Camel 4.18.0 loses this one when it copies the template, so that EipFactory does not see it.
        for (CircuitBreakerDefinition eip : ProcessorDefinitionHelper.filterTypeInOutputs(template.getRoute().getOutputs(), CircuitBreakerDefinition.class)) {
            if (eip.getResilience4jConfiguration() != null && !eip.getResilience4jConfiguration().getRecordExceptions().isEmpty()) {
                throw new IllegalArgumentException(SourceLine.of(eip, "recordException") + EipFactory.ignored("recordException"));
            }
        }
        return RouteTemplateDefinition.Converter.DEFAULT_CONVERTER.apply(template, parameters);
    }

    /** What would wait on the thread that has the exchange, an event loop as a rule, does not. */
    @Override
    public void onAddRouteDefinition(RouteDefinition route) {
        generation.added(context, route);
        for (ProcessorDefinition<?> node : route.getOutputs()) {
            if (node instanceof OnExceptionDefinition clause) {
                if (clause.getRedeliveryPolicyType() == null && clause.getRedeliveryPolicyRef() == null) {
                    clause.setRedeliveryPolicyType(new RedeliveryPolicyDefinition());
                }
                asynchronous(clause.getRedeliveryPolicyType(), clause.getRedeliveryPolicyRef());
            }
        }
        if (route.getErrorHandlerFactory() instanceof DefaultErrorHandlerDefinition handler) {
            String named = handler.getRedeliveryPolicyRef();
            asynchronous(named == null ? handler.getRedeliveryPolicy() : null, named);
        }
        for (ThreadsDefinition threads : ProcessorDefinitionHelper.filterTypeInOutputs(route.getOutputs(), ThreadsDefinition.class)) {
            if (threads.getCallerRunsWhenRejected() == null) {
                threads.setCallerRunsWhenRejected("false");
            }
        }
        for (WireTapDefinition<?> tap : taps(route)) {
            if (tap.getExecutorService() == null && tap.getExecutorServiceBean() == null) {
                tap.setExecutorService("copies");
            }
        }
    }

    private static List<WireTapDefinition<?>> taps(RouteDefinition route) {
        List<WireTapDefinition<?>> all = new ArrayList<>();
        ProcessorDefinitionHelper.filterTypeInOutputs(route.getOutputs(), WireTapDefinition.class).forEach(all::add);
        return all;
    }

    private void asynchronous(RedeliveryPolicyDefinition policy, String named) {
        if (policy != null) {
            policy.setAsyncDelayedRedelivery("true");
        } else if (context.getRegistry().lookupByName(named) instanceof RedeliveryPolicy bean) {
            bean.setAsyncDelayedRedelivery(true);
        }
    }
}
