package io.github.camelreverseproxy.client;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

import org.apache.camel.Consumer;
import org.apache.camel.Processor;
import org.apache.camel.Producer;
import org.apache.camel.support.DefaultEndpoint;

/** Where an upstream is, how long to wait for it, and which client asks it. Thread-safe once configured. */
public final class UpstreamEndpoint extends DefaultEndpoint {
    /** What sends a request and reads the response. */
    public enum Client {
        /** On the thread of the connection that the request came in by, which does not wait. */
        EVENT_LOOP,
        /** camel-http, each request on a thread of its own; options that begin with {@code http.} are its own. */
        CAMEL_HTTP
    }

    private final String name;
    private final UpstreamComponent component;
    private Client client = Client.EVENT_LOOP;
    private UpstreamUrl url;
    private UpstreamRequests requests = new UpstreamRequests();
    private int connectTimeout = 1000;
    private int responseTimeout = 30000;
    private long streamTimeout;
    private int maxResponseBody = 64 * 1024 * 1024;
    private final Map<String, Object> httpOptions = new HashMap<>();
    private long dnsRefresh = 30000;
    private long maxAge = 600_000;
    private Location.Rule locationRule = Location.Rule.REWRITE;
    private Location location;

    UpstreamEndpoint(String uri, String name, UpstreamComponent component) {
        super(uri, component);
        this.name = name;
        this.component = component;
    }

    public void setClient(Client client) {
        this.client = client;
    }

    /** @param url http or https, host, port and a path that is put before that of a request */
    public void setUrl(String url) {
        this.url = UpstreamUrl.of(url);
    }

    public UpstreamUrl getUrl() {
        return url;
    }

    public void setRequests(UpstreamRequests requests) {
        this.requests = requests;
    }

    /** @param millis to look the name up (camel-http waits as long as it takes), and to connect to an address of it */
    public void setConnectTimeout(int millis) {
        connectTimeout = millis;
    }

    /** @param millis for the response to begin, and from one piece of its body to the next */
    public void setResponseTimeout(int millis) {
        responseTimeout = millis;
    }

    /** @param millis from one piece of an event stream to the next; 0 for no limit */
    public void setStreamTimeout(long millis) {
        streamTimeout = millis;
    }

    /** @param bytes largest response body that is made a whole */
    public void setMaxResponseBody(int bytes) {
        maxResponseBody = bytes;
    }

    /** @param millis after which a name that is in use is looked up again */
    public void setDnsRefresh(long millis) {
        dnsRefresh = millis;
    }

    /** @param millis after which a connection takes no further request */
    public void setMaxAge(long millis) {
        maxAge = millis;
    }

    /** @param rule {@code rewrite} or {@code keep} */
    public void setLocation(String rule) {
        locationRule = Location.Rule.valueOf(rule.toUpperCase(Locale.ROOT));
    }

    /** Options of camel-http, for that client. */
    Map<String, Object> httpOptions() {
        return new HashMap<>(httpOptions);
    }

    void setHttpOptions(Map<String, Object> options) {
        httpOptions.putAll(options);
    }

    /** What the upstream is called. */
    String name() {
        return name;
    }

    UpstreamComponent component() {
        return component;
    }

    boolean isTls() {
        return url.tls();
    }

    /** A name or an address, this without brackets. */
    String host() {
        return url.host();
    }

    int port() {
        return url.port();
    }

    /** For the Host field. */
    String authority() {
        return url.authority();
    }

    /** The path of the URL without a slash at its end. */
    String base() {
        return url.path();
    }

    Location location() {
        return location;
    }

    long dnsRefresh() {
        return dnsRefresh;
    }

    long maxAge() {
        return maxAge;
    }

    UpstreamRequests requests() {
        return requests;
    }

    int connectTimeout() {
        return connectTimeout;
    }

    int responseTimeout() {
        return responseTimeout;
    }

    long streamTimeout() {
        return streamTimeout;
    }

    int maxResponseBody() {
        return maxResponseBody;
    }

    @Override
    public Producer createProducer() throws Exception {
        location = new Location(locationRule, url);
        return client == Client.EVENT_LOOP ? new EventLoopProducer(this) : new CamelHttpProducer(this);
    }

    @Override
    public Consumer createConsumer(Processor processor) {
        throw new UnsupportedOperationException("an upstream is only asked");
    }
}
