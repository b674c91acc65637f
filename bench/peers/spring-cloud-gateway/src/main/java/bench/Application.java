package bench;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;

import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.timelimiter.TimeLimiterConfig;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.cloud.circuitbreaker.resilience4j.ReactiveResilience4JCircuitBreakerFactory;
import org.springframework.cloud.circuitbreaker.resilience4j.Resilience4JConfigBuilder;
import org.springframework.cloud.client.circuitbreaker.Customizer;
import org.springframework.cloud.gateway.filter.GatewayFilter;
import org.springframework.cloud.gateway.route.RouteLocator;
import org.springframework.cloud.gateway.route.builder.RouteLocatorBuilder;
import org.springframework.context.annotation.Bean;
import org.springframework.web.server.ServerWebExchange;
import reactor.core.publisher.Mono;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.node.ObjectNode;

/** The proxy's job with Spring Cloud Gateway's own filters, load balancer and circuit breaker. */
@SpringBootApplication
public class Application {
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private final ObjectMapper json = new ObjectMapper();

    public static void main(String[] args) {
        SpringApplication.run(Application.class, args);
    }

    @Bean
    RouteLocator proxy(RouteLocatorBuilder builder) throws UnknownHostException {
        String via = "1.1 " + InetAddress.getLocalHost().getHostName() + "/gateway";
        GatewayFilter header = (exchange, chain) -> chain.filter(exchange.mutate()
                .request(request -> request.headers(fields -> fields.set("Forwarded", forwarded(exchange)))).build());
        return builder.routes()
                .route("sockets", route -> route.path("/streams/socket").filters(filters -> filters.filter(header)).uri("lb:ws://webservers"))
                .route("streams", route -> route.path("/streams/**")
                        .filters(filters -> filters.addResponseHeader("Via", via).filter(header)).uri("lb://webservers"))
                .route("proxy", route -> route.path("/**")
                        .filters(filters -> filters
                                .addResponseHeader("Via", via)
                                .circuitBreaker(breaker -> breaker.setName("webservers"))
                                .filter(header)
                                .modifyRequestBody(byte[].class, byte[].class,
                                        (exchange, body) -> Mono.justOrEmpty(body).map(sent -> insert(sent, forwarded(exchange)))))
                        .uri("lb://webservers"))
                .build();
    }

    @Bean
    Customizer<ReactiveResilience4JCircuitBreakerFactory> breaker() {
        return factory -> factory.configureDefault(name -> new Resilience4JConfigBuilder(name)
                .circuitBreakerConfig(CircuitBreakerConfig.ofDefaults())
                .timeLimiterConfig(TimeLimiterConfig.custom().timeoutDuration(PATIENCE).build())
                .build());
    }

    private static String forwarded(ServerWebExchange exchange) {
        return "by=localhost:65535;host=" + exchange.getRequest().getHeaders().getFirst("Host") + ";proto=http";
    }

    private byte[] insert(byte[] sent, String forwarded) {
        try {
            JsonNode document = json.readTree(sent);
            return document instanceof ObjectNode object ? json.writeValueAsBytes(object.put("forwarded", forwarded)) : sent;
        } catch (JacksonException e) {
            return sent;
        }
    }
}
