package io.github.camelreverseproxy.listener;

import io.github.camelreverseproxy.forwarding.ByteBudget;
import io.github.camelreverseproxy.forwarding.ClientConnection;
import io.github.camelreverseproxy.response.ErrorAnswer;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.HttpResponseEncoder;
import org.apache.camel.component.netty.NettyConsumer;
import org.apache.camel.component.netty.ServerInitializerFactory;
import org.apache.camel.component.netty.http.HttpServerInitializerFactory;
import org.apache.camel.component.netty.http.NettyHttpConsumer;

/**
 * What each connection passes through before a request becomes an exchange: limits, time limits, strictness and order,
 * a handler for each. The settings are those of the {@code proxy.*} properties of the same names.
 */
public final class HttpPipeline extends HttpServerInitializerFactory {
    /** Room for method, version and spaces, and for the rule on targets to see that one is too long. */
    private static final int REQUEST_LINE_REST = 64;

    /** Those of the bean, in what Camel has made of it for a listener. */
    private final HttpPipeline settings;
    private RequestRules rules = new RequestRules(8192);
    private int maxTarget = 8192;
    private int maxHead = 32768;
    private int maxRequestBody = 10 * 1024 * 1024;
    private long maxStreamedBody;
    private long headTimeout = 10000;
    private long bodyTimeout = 30000;
    private long idleTimeout = 75000;
    private long totalTimeout = 60000;
    private long halfClosedTimeout = 1000;
    private long tunnelTimeout = 3_600_000;
    private int minBodyRate = 240;
    private InFlight inFlight = new InFlight();
    private ByteBudget budget = new ByteBudget();
    private Connections connections = new Connections();
    private ErrorAnswer errors = new ErrorAnswer();

    public HttpPipeline() {
        settings = this;
    }

    private HttpPipeline(NettyHttpConsumer consumer, HttpPipeline settings) {
        super(consumer);
        this.settings = settings;
    }

    /** @param bytes longest request target */
    public void setMaxTarget(int bytes) {
        maxTarget = bytes;
        rules = new RequestRules(bytes);
    }

    /** @param bytes largest sum of the header fields */
    public void setMaxHead(int bytes) {
        maxHead = bytes;
    }

    /** @param bytes largest request body that is kept whole */
    public void setMaxRequestBody(int bytes) {
        maxRequestBody = bytes;
    }

    /** @param bytes largest request body that is not; 0 for no limit */
    public void setMaxStreamedBody(long bytes) {
        maxStreamedBody = bytes;
    }

    /** @param millis from the first byte of a head to its last */
    public void setHeadTimeout(long millis) {
        headTimeout = millis;
    }

    /** @param millis between two pieces of a body */
    public void setBodyTimeout(long millis) {
        bodyTimeout = millis;
    }

    /** @param millis that a connection may be idle between requests */
    public void setIdleTimeout(long millis) {
        idleTimeout = millis;
    }

    /** @param millis from a request's hand-over to a route until its response begins */
    public void setTotalTimeout(long millis) {
        totalTimeout = millis;
    }

    /** @param millis the same, from when the client has closed its side of the connection */
    public void setHalfClosedTimeout(long millis) {
        halfClosedTimeout = millis;
    }

    /** @param millis that a tunnel may be without a byte either way */
    public void setTunnelTimeout(long millis) {
        tunnelTimeout = millis;
    }

    /** @param rate of a body on average, in bytes a second, after a while */
    public void setMinBodyRate(int rate) {
        minBodyRate = rate;
    }

    public void setInFlight(InFlight inFlight) {
        this.inFlight = inFlight;
    }

    public void setBudget(ByteBudget budget) {
        this.budget = budget;
    }

    public void setConnections(Connections connections) {
        this.connections = connections;
    }

    public void setErrors(ErrorAnswer errors) {
        this.errors = errors;
    }

    @Override
    public ServerInitializerFactory createPipelineFactory(NettyConsumer consumer) {
        consumer.getConfiguration().setChannelGroup(connections.channels());
        return new HttpPipeline((NettyHttpConsumer) consumer, this);
    }

    @Override
    protected void initChannel(Channel channel) {
        settings.fill(channel);
        ChannelPipeline pipeline = channel.pipeline();
        int port = consumer.getConfiguration().getPort();
        pipeline.addLast("handler", consumer.getEndpoint().getComponent().getMultiplexChannelHandler(port).getChannelHandler());
    }

    private void fill(Channel channel) {
        connections.add(channel);
        ChannelPipeline pipeline = channel.pipeline();
        // A client that has nothing more to send still gets its answers, unless they take long: it may have gone.
        channel.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
        ClientConnection client = new ClientConnection(channel, budget);
        RequestDecoder decoder = new RequestDecoder(client, maxTarget + REQUEST_LINE_REST, maxHead);
        RequestBody body = new RequestBody(client, new RequestBody.Limits(maxRequestBody, maxStreamedBody));
        pipeline.addLast("decoder", decoder);
        pipeline.addLast("encoder", new HttpResponseEncoder());
        pipeline.addLast("timeouts", new RequestTimeouts(decoder, new RequestTimeouts.Limits(headTimeout, bodyTimeout, idleTimeout, minBodyRate)));
        pipeline.addLast("rules", rules);
        pipeline.addLast("order", new ResponseOrder(decoder));
        pipeline.addLast("framing", new ResponseFraming(connections));
        pipeline.addLast("body", body);
        pipeline.addLast("refusals", new Refusals(errors));
        pipeline.addLast("owner", new RequestOwner(client, body, inFlight, new RequestOwner.Limits(totalTimeout, halfClosedTimeout, tunnelTimeout), errors));
    }

    /** Leaves of a connection that has become a tunnel what knows nothing of HTTP; the decoder hands over what it has not decoded. */
    static void tunnel(ChannelPipeline pipeline) {
        for (String name : new String[] {"encoder", "timeouts", "rules", "order", "framing", "refusals", "handler", "decoder"}) {
            pipeline.remove(name);
        }
    }
}
