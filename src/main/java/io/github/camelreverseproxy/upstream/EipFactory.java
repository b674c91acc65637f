package io.github.camelreverseproxy.upstream;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

import io.github.camelreverseproxy.forwarding.Kept;
import io.github.camelreverseproxy.message.Failure;
import io.github.camelreverseproxy.message.ProxyException;
import io.github.camelreverseproxy.message.SourceLine;
import io.github.resilience4j.bulkhead.BulkheadFullException;
import io.github.resilience4j.circuitbreaker.CallNotPermittedException;
import org.apache.camel.AsyncCallback;
import org.apache.camel.CamelContext;
import org.apache.camel.CamelContextAware;
import org.apache.camel.Exchange;
import org.apache.camel.NamedNode;
import org.apache.camel.Processor;
import org.apache.camel.Route;
import org.apache.camel.component.resilience4j.ResilienceProcessor;
import org.apache.camel.model.CircuitBreakerDefinition;
import org.apache.camel.model.LoadBalanceDefinition;
import org.apache.camel.model.LoadBalancerDefinition;
import org.apache.camel.model.OnFallbackDefinition;
import org.apache.camel.model.ProcessorDefinition;
import org.apache.camel.model.Resilience4jConfigurationDefinition;
import org.apache.camel.model.ToDefinition;
import org.apache.camel.model.loadbalancer.FailoverLoadBalancerDefinition;
import org.apache.camel.model.loadbalancer.RandomLoadBalancerDefinition;
import org.apache.camel.model.loadbalancer.RoundRobinLoadBalancerDefinition;
import org.apache.camel.model.loadbalancer.StickyLoadBalancerDefinition;
import org.apache.camel.model.loadbalancer.WeightedLoadBalancerDefinition;
import org.apache.camel.processor.DefaultProcessorFactory;
import org.apache.camel.reifier.ProcessorReifier;
import org.apache.camel.spi.IdAware;
import org.apache.camel.spi.RouteIdAware;
import org.apache.camel.support.PluginHelper;
import org.apache.camel.support.processor.DelegateAsyncProcessor;

/**
 * Makes the processors of two EIPs: a {@link Balancer} of loadBalance, and a {@link BreakerProcessor} of each circuitBreaker
 * whose {@code resilience4jConfiguration} names an {@link UpstreamBreaker}; any other stays Camel's. An option that such a
 * processor would ignore stops the start, in a line that says what to use instead. Thread-safe.
 */
public final class EipFactory extends DefaultProcessorFactory {
    private static final Map<String, String> INSTEAD = new TreeMap<>();

    static {
        tell("the failures in a row that open it are proxy.backoff.failures", "failureRateThreshold", "slidingWindowSize", "slidingWindowType", "minimumNumberOfCalls");
        tell("how long it stays open is proxy.backoff.steps, and one request at a time is the probe", "waitDurationInOpenState",
                "automaticTransitionFromOpenToHalfOpenEnabled", "permittedNumberOfCallsInHalfOpenState");
        tell("how slow is too slow is proxy.backoff.timeout", "slowCallRateThreshold", "slowCallDurationThreshold");
        tell("how many requests it takes at once is the parameter concurrency of the upstream", "bulkheadEnabled", "bulkheadMaxConcurrentCalls", "bulkheadMaxWaitDuration");
        tell("how long a response may take is the parameter responseTimeout of the upstream", "timeoutEnabled", "timeoutDuration", "timeoutCancelRunningFuture", "timeoutExecutorService");
        tell("which statuses are failures is proxy.backoff.status", "recordException", "ignoreException");
        tell("an open breaker always fails, unless there is an onFallback", "throwExceptionWhenHalfOpenOrOpenState");
        tell("the bean that circuitBreaker names has all options", "config", "configuration");
    }

    private final CamelContext camelContext;

    public EipFactory(CamelContext camelContext) {
        this.camelContext = camelContext;
        camelContext.addLifecycleStrategy(Breakers.of(camelContext));
    }

    private static void tell(String instead, String... options) {
        for (String option : options) {
            INSTEAD.put(option, instead);
        }
    }

    /** Whether the processor of a circuitBreaker is that of an upstream, which does not wait. */
    public static boolean isOfUpstream(Processor processor) {
        return processor instanceof BreakerProcessor;
    }

    /** What there is to say of an option of a circuitBreaker that would count for nothing. */
    public static String ignored(String option) {
        return "the option " + option + " does not apply to the breaker of an upstream" + (INSTEAD.containsKey(option) ? ": " + INSTEAD.get(option) : "");
    }

    @Override
    public Processor createProcessor(Route route, NamedNode node) throws Exception {
        if (node instanceof CircuitBreakerDefinition eip && !ProcessorReifier.isDisabled(camelContext, eip)) {
            Guarded guarded = new Guarded(route, eip);
            if (guarded.breaker() != null) {
                return guarded.createProcessor();
            }
        }
        if (node instanceof LoadBalanceDefinition eip && !ProcessorReifier.isDisabled(camelContext, eip)) {
            Balanced balanced = new Balanced(route, eip);
            if (balanced.order() != null) {
                return balanced.createProcessor();
            }
        }
        Processor made = super.createProcessor(route, node);
        CamelContextAware.trySetCamelContext(made, camelContext);
        return made instanceof ResilienceProcessor eip ? new Refusing(eip) : made;
    }

    /** A circuitBreaker with the breaker that its {@code resilience4jConfiguration} names. */
    private static final class Guarded extends ProcessorReifier<CircuitBreakerDefinition> {
        Guarded(Route route, CircuitBreakerDefinition eip) {
            super(route, eip);
        }

        UpstreamBreaker breaker() {
            Resilience4jConfigurationDefinition options = definition.getResilience4jConfiguration();
            String name = options == null || options.getCircuitBreaker() == null ? null : parseString(options.getCircuitBreaker());
            return name != null && lookupByName(name) instanceof UpstreamBreaker breaker ? breaker : null;
        }

        @Override
        public Processor createProcessor() throws Exception {
            refuseIgnored();
            OnFallbackDefinition fallback = definition.getOnFallback();
            boolean fallsBack = fallback != null && !fallback.getOutputs().isEmpty();
            return new BreakerProcessor(createChildProcessor(true), breaker(), fallsBack ? createOutputsProcessor(fallback.getOutputs()) : null);
        }

        private void refuseIgnored() {
            Map<String, Object> options = new TreeMap<>();
            PluginHelper.getBeanIntrospection(camelContext).getProperties(definition.getResilience4jConfiguration(), options, null, false);
            options.keySet().removeAll(List.of("id", "circuitBreaker", "recordExceptions", "ignoreExceptions"));
            addUnlessEmpty(options, "recordException", definition.getResilience4jConfiguration().getRecordExceptions());
            addUnlessEmpty(options, "ignoreException", definition.getResilience4jConfiguration().getIgnoreExceptions());
            if ("true".equals(options.get("throwExceptionWhenHalfOpenOrOpenState"))) {
                options.remove("throwExceptionWhenHalfOpenOrOpenState");
            }
            if (definition.getConfiguration() != null) {
                options.put("configuration", definition.getConfiguration());
            }
            if (definition.getOnFallback() != null && definition.getOnFallback().getFallbackViaNetwork() != null) {
                options.put("fallbackViaNetwork", definition.getOnFallback().getFallbackViaNetwork());
            }
            for (String option : options.keySet()) {
                throw new IllegalArgumentException(SourceLine.of(definition, option) + ignored(option));
            }
        }
    }

    private static void addUnlessEmpty(Map<String, Object> options, String option, List<String> value) {
        if (value != null && !value.isEmpty()) {
            options.put(option, value);
        }
    }

    /** A loadBalance of one of Camel's own kinds. */
    private static final class Balanced extends ProcessorReifier<LoadBalanceDefinition> {
        private final List<ProcessorDefinition<?>> branches;

        Balanced(Route route, LoadBalanceDefinition eip) {
            super(route, eip);
            branches = eip.getOutputs().stream().filter(branch -> !isDisabled(camelContext, branch)).toList();
            if (branches.isEmpty()) {
                throw new IllegalArgumentException(SourceLine.of(eip, null) + "a load balancer without a branch");
            }
        }

        /** Null for a kind that asks all branches, or is the user's own. */
        Order order() {
            LoadBalancerDefinition kind = definition.getLoadBalancerType();
            if (kind instanceof RoundRobinLoadBalancerDefinition) {
                return new Order.RoundRobin(branches.size());
            }
            if (kind instanceof RandomLoadBalancerDefinition) {
                int[] alike = new int[branches.size()];
                Arrays.fill(alike, 1);
                return new Order.Random(alike);
            }
            if (kind instanceof WeightedLoadBalancerDefinition weighted) {
                int[] weights = weights(weighted);
                return parseBoolean(weighted.getRoundRobin(), false) ? new Order.Weighted(weights) : new Order.Random(weights);
            }
            if (kind instanceof StickyLoadBalancerDefinition sticky) {
                return new Order.Sticky(createExpression(sticky.getCorrelationExpression()),
                        branches.stream().map(Balanced::label).toArray(String[]::new));
            }
            if (kind instanceof FailoverLoadBalancerDefinition failover) {
                return new Order.Failover(branches.size(), parseBoolean(failover.getRoundRobin(), false), parseBoolean(failover.getSticky(), false));
            }
            return null;
        }

        private int[] weights(WeightedLoadBalancerDefinition kind) {
            String[] numbers = parseString(kind.getDistributionRatio()).split(kind.getDistributionRatioDelimiter() == null ? "," : parseString(kind.getDistributionRatioDelimiter()));
            boolean valid = numbers.length == branches.size() && Arrays.stream(numbers).allMatch(number -> number.strip().matches("[0-9]{1,6}"));
            int[] weights = valid ? Arrays.stream(numbers).mapToInt(number -> Integer.parseInt(number.strip())).toArray() : new int[0];
            if (Arrays.stream(weights).sum() == 0) {
                throw new IllegalArgumentException(SourceLine.of(definition, "distributionRatio") + "distributionRatio: " + kind.getDistributionRatio()
                        + ": not a number for each of the " + branches.size() + " branches, with one above 0");
            }
            return weights;
        }

        private static String label(ProcessorDefinition<?> branch) {
            return branch instanceof ToDefinition to ? to.getEndpointUri() : String.valueOf(branch.getId());
        }

        /** A branch has no error handler: redelivery is for the load balancer, which then chooses again. */
        @Override
        public Processor createProcessor() throws Exception {
            Balancer balancer = new Balancer(camelContext, kept(order()), failover());
            for (ProcessorDefinition<?> branch : branches) {
                balancer.addProcessor(wrapChannel(createProcessor(branch), branch, false));
            }
            return wrapChannel(balancer, definition, definition.getInheritErrorHandler());
        }

        /** Whose turn it is outlives the context, as long as the branches are the same; an expression does not. */
        private Order kept(Order made) {
            String labels = branches.stream().map(Balanced::label).collect(Collectors.joining(","));
            return made instanceof Order.Sticky ? made : Kept.of(camelContext).get("order " + definition.getId() + ' ' + made + ' ' + labels, Order.class, () -> made);
        }

        private Balancer.Failover failover() throws ClassNotFoundException {
            if (!(definition.getLoadBalancerType() instanceof FailoverLoadBalancerDefinition kind)) {
                return null;
            }
            List<Class<?>> after = new ArrayList<>();
            for (String name : kind.getExceptions()) {
                after.add(camelContext.getClassResolver().resolveMandatoryClass(parseString(name)));
            }
            Integer most = parseInt(kind.getMaximumFailoverAttempts());
            return new Balancer.Failover(most == null ? -1 : most, after);
        }
    }

    /** A circuitBreaker of Resilience4j's own: what it refuses has reached no upstream, and may go to another. */
    private static final class Refusing extends DelegateAsyncProcessor implements IdAware, RouteIdAware {
        private final ResilienceProcessor eip;

        Refusing(ResilienceProcessor eip) {
            super(eip);
            this.eip = eip;
        }

        @Override
        public String getId() {
            return eip.getId();
        }

        @Override
        public void setId(String id) {
            eip.setId(id);
        }

        @Override
        public String getRouteId() {
            return eip.getRouteId();
        }

        @Override
        public void setRouteId(String id) {
            eip.setRouteId(id);
        }

        @Override
        public boolean process(Exchange exchange, AsyncCallback callback) {
            return super.process(exchange, done -> {
                if (exchange.getException(CallNotPermittedException.class) != null || exchange.getException(BulkheadFullException.class) != null) {
                    exchange.setException(new ProxyException(Failure.UNAVAILABLE, Failure.UNAVAILABLE.text(), exchange.getException()));
                }
                callback.done(done);
            });
        }
    }
}
