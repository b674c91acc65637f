package io.github.camelreverseproxy.client;

import java.util.HashMap;
import java.util.Map;

import io.github.camelreverseproxy.message.OptionException;
import org.apache.camel.Consumer;
import org.apache.camel.Processor;
import org.apache.camel.Producer;
import org.apache.camel.support.DefaultEndpoint;

/**
 * Where an upstream is, what its requests look like, how long to wait for it, and which client asks it. Thread-safe once
 * configured.
 */
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
    private final Map<String, Object> httpOptions;
    private final UpstreamTls tls = new UpstreamTls();
    private Client client = Client.EVENT_LOOP;
    private UpstreamUrl url;
    private String method = "";
    private String header = "";
    private String host = "upstream";
    private int connectTimeout = 1000;
    private int responseTimeout = 30000;

    UpstreamEndpoint(String uri, String name, UpstreamComponent component, Map<String, Object> httpOptions) {
        super(uri, component);
        this.name = name;
        this.component = component;
        this.httpOptions = httpOptions;
    }

    /** What the upstream is called. */
    public String name() {
        return name;
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

    /** @param method of an exchange that has none; if empty, POST with a body and GET without */
    public void setMethod(String method) {
        this.method = method;
    }

    /** @param line a field that each request carries, {@code name: value}; it replaces the client's; may be empty */
    public void setHeader(String line) {
        header = line;
    }

    /** @param host what Host says: {@code upstream}, which is the URL's, {@code client}, which is what the client has sent, or a name */
    public void setHost(String host) {
        this.host = host;
    }

    /** @param millis to look the name up (camel-http waits as long as it takes), and to connect to an address of it */
    public void setConnectTimeout(int millis) {
        connectTimeout = millis;
    }

    /** @param millis for the response to begin, and from one piece of its body to the next */
    public void setResponseTimeout(int millis) {
        responseTimeout = millis;
    }

    /** @param file PEM: the authorities that are trusted; the JVM's own if empty */
    public void setCaFile(String file) {
        tls.ca = file;
    }

    /** @param file PEM: the certificate by which the proxy shows who it is, and those that vouch for it */
    public void setCertificateFile(String file) {
        tls.certificate = file;
    }

    /** @param file PEM: the key of the certificate, PKCS#8 without a password */
    public void setKeyFile(String file) {
        tls.key = file;
    }

    /** @param name that the upstream's certificate has to have, and that it is asked for; the URL's if empty */
    public void setServerName(String name) {
        tls.serverName = name;
    }

    /** Options of camel-http, for that client. */
    Map<String, Object> httpOptions() {
        return new HashMap<>(httpOptions);
    }

    UpstreamComponent component() {
        return component;
    }

    /** Whatever says the same of an upstream has the same key. */
    String key() {
        return getEndpointUri() + ' ' + component.rules() + ' ' + tls.version();
    }

    @Override
    public Producer createProducer() throws Exception {
        if (url == null) {
            throw new OptionException("url", "upstream:" + name + " has no url");
        }
        if (client == Client.EVENT_LOOP && !httpOptions.isEmpty()) {
            String option = "http." + httpOptions.keySet().iterator().next();
            throw new OptionException(option, "upstream:" + name + ": " + option + " is an option of the client camel-http; the client is event-loop");
        }
        if (tls.isSet() && (client == Client.CAMEL_HTTP || !url.tls())) {
            throw new OptionException("caFile", "upstream:" + name + ": caFile, certificateFile, keyFile and serverName are for "
                    + (url.tls() ? "the client event-loop; camel-http has http.sslContextParameters" : "https, and the url is http"));
        }
        UpstreamRequests requests = new UpstreamRequests(url, method, header, host);
        Upstream upstream = new Upstream(name, url, tls, requests, connectTimeout, responseTimeout, component.rules());
        return client == Client.EVENT_LOOP ? new EventLoopProducer(this, upstream) : new CamelHttpProducer(this, upstream);
    }

    @Override
    public Consumer createConsumer(Processor processor) {
        throw new UnsupportedOperationException("an upstream is only asked");
    }
}
