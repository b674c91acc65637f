package io.github.camelreverseproxy.client;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;

import org.apache.camel.AsyncCallback;
import org.apache.camel.Exchange;
import org.apache.camel.Producer;
import org.apache.camel.component.http.HttpEndpoint;
import org.apache.camel.support.DefaultAsyncProducer;
import org.apache.camel.support.service.ServiceHelper;
import org.apache.hc.core5.util.Timeout;

/** The client that waits: camel-http, each request on a thread of its own. Thread-safe. */
final class CamelHttpProducer extends DefaultAsyncProducer {
    private final UpstreamEndpoint endpoint;
    private Producer http;

    CamelHttpProducer(UpstreamEndpoint endpoint) {
        super(endpoint);
        this.endpoint = endpoint;
    }

    @Override
    protected void doStart() throws Exception {
        super.doStart();
        if (endpoint.host().indexOf('_') >= 0) {
            throw new IllegalArgumentException(endpoint.name() + ": the client camel-http asks no host whose name has an underscore, "
                    + endpoint.host() + "; the client event-loop does");
        }
        CamelHttpClient client = new CamelHttpClient(endpoint);
        HttpEndpoint camelHttp = (HttpEndpoint) getEndpoint().getCamelContext().getComponent(endpoint.isTls() ? "https" : "http")
                .createEndpoint((endpoint.isTls() ? "https://" : "http://") + endpoint.authority(), options());
        camelHttp.setHttpClientConfigurer(client);
        camelHttp.setHttpActivityListener(client);
        http = camelHttp.createProducer();
        ServiceHelper.startService(camelHttp, http);
    }

    /** The client writes the request and reads the response, whatever the method and the status. */
    private Map<String, Object> options() {
        Map<String, Object> options = new HashMap<>();
        options.put("httpMethod", "GET");
        options.put("bridgeEndpoint", true);
        options.put("throwExceptionOnFailure", false);
        options.put("copyHeaders", false);
        options.put("skipControlHeaders", true);
        options.put("skipRequestHeaders", true);
        options.put("connectTimeout", Timeout.ofMilliseconds(endpoint.connectTimeout()));
        options.put("responseTimeout", Timeout.ofMilliseconds(endpoint.responseTimeout()));
        return options;
    }

    @Override
    protected void doStop() throws Exception {
        ServiceHelper.stopService(http);
        super.doStop();
    }

    @Override
    public boolean process(Exchange exchange, AsyncCallback callback) {
        try {
            endpoint.component().workers().execute(() -> {
                try {
                    http.process(exchange);
                } catch (Exception | Error e) {
                    exchange.setException(e);
                }
                callback.done(false);
            });
            return false;
        } catch (RejectedExecutionException e) {
            exchange.setException(e);
            callback.done(true);
            return true;
        }
    }
}
