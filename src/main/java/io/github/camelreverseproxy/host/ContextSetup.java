package io.github.camelreverseproxy.host;

import java.io.IOException;
import java.net.BindException;
import java.util.Set;
import java.util.concurrent.ExecutorService;

import io.github.camelreverseproxy.client.Location;
import io.github.camelreverseproxy.client.UpstreamComponent;
import io.github.camelreverseproxy.client.UpstreamRules;
import io.github.camelreverseproxy.forwarding.Kept;
import io.github.camelreverseproxy.forwarding.WholeBody;
import io.github.camelreverseproxy.listener.HttpPipeline;
import io.github.camelreverseproxy.listener.Limits;
import io.github.camelreverseproxy.listener.ListenerComponent;
import io.github.camelreverseproxy.listener.ProxyBinding;
import io.github.camelreverseproxy.message.FieldMaps;
import io.github.camelreverseproxy.message.HeaderStyle;
import io.github.camelreverseproxy.message.ViaEntry;
import io.github.camelreverseproxy.observe.AccessLog;
import io.github.camelreverseproxy.observe.UpstreamsCheck;
import io.github.camelreverseproxy.request.BodyPatch;
import io.github.camelreverseproxy.request.Forwarded;
import io.github.camelreverseproxy.request.LoopGuard;
import io.github.camelreverseproxy.request.TrustedProxies;
import io.github.camelreverseproxy.response.ErrorAnswer;
import io.github.camelreverseproxy.response.Via;
import io.github.camelreverseproxy.upstream.EipFactory;
import io.github.camelreverseproxy.upstream.Redelivery;
import org.apache.camel.CamelContext;
import org.apache.camel.ExtendedCamelContext;
import org.apache.camel.RuntimeCamelException;
import org.apache.camel.component.properties.PropertiesComponent;
import org.apache.camel.health.HealthCheckRegistry;
import org.apache.camel.model.ModelCamelContext;
import org.apache.camel.spi.CamelContextCustomizer;
import org.apache.camel.spi.ContextServicePlugin;
import org.apache.camel.spi.ProcessorFactory;
import org.apache.camel.spi.Registry;
import org.apache.camel.support.LifecycleStrategySupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes a Camel context one in which the routes of a proxy run: the listener and the client as components, the steps that the
 * routes name as beans, and what Camel has a place for in every context. Camel finds it on the class path, under camel-main,
 * in tests and under the Camel CLI alike, and calls it before it reads routes.
 */
public final class ContextSetup implements ContextServicePlugin, CamelContextCustomizer {
    private static final Logger LOG = LoggerFactory.getLogger(ContextSetup.class);

    /** What routes may name. */
    static final Set<String> BEANS = Set.of("loopGuard", "forwarded", "bodyPatch", "wholeBody", "via", "errorAnswer", "redelivery", "workers", "copies");

    /** Has the rest done later, where what is wrong stops the start: an exception here would not. */
    @Override
    public void load(CamelContext context) {
        PropertiesComponent properties = (PropertiesComponent) context.getPropertiesComponent();
        properties.setEnvironmentVariableMode(PropertiesComponent.ENVIRONMENT_VARIABLES_MODE_NEVER);
        properties.addPropertiesSource(new Environment());
        Generation generation = context.getRegistry().lookupByNameAndType(Generation.BEAN, Generation.class);
        if (generation == null) {
            generation = alone(context);
            context.getRegistry().bind(Generation.BEAN, generation);
        }
        context.getCamelContextExtension().addContextPlugin(Kept.class, generation.kept());
        context.getRegistry().bind("contextSetup", this);
    }

    @Override
    public void configure(CamelContext context) {
        try {
            set(context);
        } catch (BindException e) {
            throw new SettingsException(e.getMessage());
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw RuntimeCamelException.wrapRuntimeCamelException(e);
        }
    }

    private void set(CamelContext context) throws Exception {
        Settings settings = new Settings(context.getPropertiesComponent());
        Registry registry = context.getRegistry();
        Generation generation = registry.lookupByNameAndType(Generation.BEAN, Generation.class);
        Host host = generation.host();
        HeaderStyle style = HeaderStyle.valueOf(settings.choice("proxy.header.style"));
        ViaEntry viaEntry = new ViaEntry(style, settings.text("proxy.via.name"));
        ErrorAnswer errors = new ErrorAnswer(context.getUuidGenerator()::generateExchangeUuid, viaEntry);
        ExecutorService workers = host.workers(settings.number("proxy.max-threads"));

        registry.bind("loopGuard", new LoopGuard(viaEntry));
        registry.bind("forwarded", new Forwarded(settings.text("proxy.forwarded.by"), style, new TrustedProxies(settings.text("proxy.trusted-proxies"))));
        registry.bind("bodyPatch", new BodyPatch());
        registry.bind("wholeBody", new WholeBody());
        registry.bind("via", new Via(viaEntry));
        registry.bind("errorAnswer", errors);
        registry.bind("redelivery", new Redelivery(settings.steps("proxy.backoff.steps"), settings.number("proxy.deadline")));
        registry.bind("workers", workers);
        registry.bind("copies", host.copies);
        registry.bind("budget", host.budget);

        ExtendedCamelContext extended = context.getCamelContextExtension();
        extended.setHeadersMapFactory(new FieldMaps());
        extended.addContextPlugin(ProcessorFactory.class, new EipFactory(context));
        extended.addInterceptStrategy(new StepGuard(host.eventLoops, workers));
        RouteModels.watch((ModelCamelContext) context, generation);
        WholeBody.refuseOthers(context.getTypeConverterRegistry());

        HttpPipeline pipeline = new HttpPipeline(limits(settings), host.inFlight, host.budget, host.connections, errors, host.journal);
        context.addComponent("netty-http", new ListenerComponent(pipeline, new ProxyBinding(errors), generation.listeners()));
        context.addComponent("upstream", new UpstreamComponent(host.eventLoops, workers, rules(settings), host.journal));
        generation.whenActive(() -> {
            host.inFlight.limit(settings.number("proxy.max-in-flight"));
            host.connections.limit(settings.number("proxy.max-connections"), settings.number("proxy.timeout.drain"));
            String most = settings.text("proxy.max-body-memory");
            host.budget.limit(most.isEmpty() ? Runtime.getRuntime().maxMemory() / 4 : Long.parseLong(most));
            log(host, settings);
            boolean traced = settings.text("proxy.tracing").equals("otlp");
            host.observatory.trace(traced ? settings.text("proxy.tracing.endpoint") : "", Double.parseDouble(settings.text("proxy.tracing.ratio")));
        });
        generation.observedAt(settings.text("proxy.observe.host"), settings.number("proxy.observe.port"));
        HealthCheckRegistry health = HealthCheckRegistry.get(context);
        if (health != null) {
            UpstreamsCheck check = new UpstreamsCheck();
            check.setCamelContext(context);
            health.register(check);
        }
    }

    private static void log(Host host, Settings settings) {
        try {
            host.observatory.log(settings.text("proxy.access-log.file"), AccessLog.Format.valueOf(settings.choice("proxy.access-log")));
        } catch (IOException e) {
            LOG.error("proxy.access-log.file cannot be written, the log goes where it went before: {}", e.getMessage());
        }
    }

    /** Alone in its process, or in one that is not this proxy's: nothing outlives the context. */
    private static Generation alone(CamelContext context) {
        Generation generation = Generation.after(null, new Host());
        context.addLifecycleStrategy(new LifecycleStrategySupport() {
            @Override
            public void onContextInitialized(CamelContext initialized) {
                generation.activate(0, null);
            }

            @Override
            public void onContextStarted(CamelContext started) {
                generation.host().observatory.serves(1, started);
            }

            @Override
            public void onContextStopping(CamelContext stopping) {
                generation.host().connections.drain();
                generation.host().connections.cut();
            }

            @Override
            public void onContextStopped(CamelContext stopped) {
                generation.kept().end(null);
                generation.host().close();
            }
        });
        return generation;
    }

    private static Limits limits(Settings settings) {
        return new Limits(settings.number("proxy.max-target"), settings.number("proxy.max-head"), settings.number("proxy.max-request-body"),
                Long.parseLong(settings.text("proxy.max-streamed-body")), settings.number("proxy.timeout.head"), settings.number("proxy.timeout.body"),
                settings.number("proxy.timeout.idle"), settings.number("proxy.timeout.total"), settings.number("proxy.timeout.half-closed"),
                settings.number("proxy.timeout.tunnel"), settings.number("proxy.min-body-rate"));
    }

    private static UpstreamRules rules(Settings settings) {
        return new UpstreamRules(settings.number("proxy.timeout.stream"), settings.number("proxy.max-response-body"), settings.number("proxy.dns.refresh"),
                settings.number("proxy.connection.max-age"), Location.Rule.valueOf(settings.choice("proxy.location")));
    }
}
