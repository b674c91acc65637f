package io.github.camelreverseproxy;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.ConnectException;

import io.github.camelreverseproxy.forwarding.UpstreamException;
import io.github.camelreverseproxy.message.Failure;
import org.apache.camel.EndpointInject;
import org.apache.camel.Exchange;
import org.apache.camel.builder.AdviceWith;
import org.apache.camel.component.mock.MockEndpoint;
import org.apache.camel.main.MainConfigurationProperties;
import org.apache.camel.test.junit5.TestExecutionConfiguration;
import org.apache.camel.test.main.junit5.CamelMainTestSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * A test of the routes without a wire, to be copied and changed: the real files, requests that go in where the listener would
 * hand them over, and mocks in the place of the HTTP producers.
 */
class MyRoutesTest extends CamelMainTestSupport {
    @EndpointInject("mock:upstream01")
    private MockEndpoint upstream01;
    @EndpointInject("mock:upstream02")
    private MockEndpoint upstream02;
    @EndpointInject("mock:upstream03")
    private MockEndpoint upstream03;

    @Override
    protected String getPropertyPlaceholderLocations() {
        return "file:application.properties";
    }

    @Override
    protected void configure(MainConfigurationProperties configuration) {
        configuration.withRoutesIncludePattern("file:routes/*.camel.yaml");
    }

    /** The routes are started once they have been advised. */
    @Override
    public void configureTest(TestExecutionConfiguration test) {
        super.configureTest(test);
        test.withUseAdviceWith(true);
    }

    @BeforeEach
    void advise() throws Exception {
        AdviceWith.adviceWith(context, "proxy", route -> route.replaceFromWith("direct:proxy"));
        for (String name : new String[] {"upstream01", "upstream02", "upstream03"}) {
            AdviceWith.adviceWith(context, name, route -> route.weaveById("request-to-*").replace().to("mock:" + name));
        }
        for (MockEndpoint upstream : new MockEndpoint[] {upstream01, upstream02, upstream03}) {
            upstream.whenAnyExchangeReceived(exchange -> exchange.getMessage().setHeader(Exchange.HTTP_RESPONSE_CODE, 200));
        }
        context.start();
    }

    private Exchange request(String method, String body) {
        return template.request("direct:proxy", exchange -> {
            exchange.getMessage().setHeader(Exchange.HTTP_METHOD, method);
            exchange.getMessage().setHeader("Content-Type", "application/json");
            exchange.getMessage().setBody(body == null ? null : body.getBytes());
        });
    }

    @Test
    void requestsGoToTheUpstreamsInTurn() throws Exception {
        upstream01.expectedMessageCount(2);
        upstream02.expectedMessageCount(2);
        upstream03.expectedMessageCount(2);
        for (int i = 0; i < 6; i++) {
            request("GET", null);
        }
        MockEndpoint.assertIsSatisfied(context);
    }

    @Test
    void upstreamGetsTheBodyWithOneMoreMember() throws Exception {
        String forwarded = "by=localhost:65535;host=UNDEFINED;proto=http";
        upstream01.expectedHeaderReceived("Forwarded", forwarded);
        upstream01.expectedBodiesReceived("{\"snot\": \"badger\",\"forwarded\":\"" + forwarded + "\"}");
        request("POST", "{\"snot\": \"badger\"}");
        MockEndpoint.assertIsSatisfied(context);
    }

    @Test
    void whatIsNoJsonObjectIsRefused() throws Exception {
        upstream01.expectedMessageCount(0);
        assertEquals(400, request("POST", "{").getMessage().getHeader(Exchange.HTTP_RESPONSE_CODE));
        assertEquals(422, request("POST", "[]").getMessage().getHeader(Exchange.HTTP_RESPONSE_CODE));
        MockEndpoint.assertIsSatisfied(context);
    }

    /** A failure to connect opens a breaker at once; the request goes on to the next upstream, and the next one there directly. */
    @Test
    void upstreamThatCannotBeReachedIsLeftAlone() throws Exception {
        upstream01.whenAnyExchangeReceived(exchange -> {
            throw new UpstreamException("upstream01", Failure.CONNECT_FAILED, new ConnectException("Connection refused"), false);
        });
        upstream01.expectedMessageCount(1);
        upstream02.expectedMessageCount(2);
        upstream03.expectedMessageCount(1);
        for (int i = 0; i < 3; i++) {
            assertEquals(200, request("POST", "{}").getMessage().getHeader(Exchange.HTTP_RESPONSE_CODE));
        }
        MockEndpoint.assertIsSatisfied(context);
    }

    @Test
    void whenNoneCanBeReachedTheAnswerSaysSo() {
        for (MockEndpoint upstream : new MockEndpoint[] {upstream01, upstream02, upstream03}) {
            upstream.whenAnyExchangeReceived(exchange -> {
                throw new UpstreamException(upstream.getName(), Failure.CONNECT_FAILED, new ConnectException("Connection refused"), false);
            });
        }
        Exchange answer = request("GET", null);
        assertEquals(502, answer.getMessage().getHeader(Exchange.HTTP_RESPONSE_CODE));
        assertEquals("application/json", answer.getMessage().getHeader("Content-Type"));
    }
}
