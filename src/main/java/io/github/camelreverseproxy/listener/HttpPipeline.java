package io.github.camelreverseproxy.listener;

import io.github.camelreverseproxy.forwarding.ByteBudget;
import io.github.camelreverseproxy.forwarding.ClientConnection;
import io.github.camelreverseproxy.forwarding.Journal;
import io.github.camelreverseproxy.message.Failure;
import io.github.camelreverseproxy.response.ErrorAnswer;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.HttpResponseEncoder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What each connection passes through before a request becomes an exchange: limits, time limits, strictness and order,
 * a handler for each. Thread-safe.
 */
public final class HttpPipeline {
    private static final Logger LOG = LoggerFactory.getLogger(HttpPipeline.class);

    /** Room for method, version and spaces, and for the rule on targets to see that one is too long. */
    private static final int REQUEST_LINE_REST = 64;

    private final Limits limits;
    private final RequestRules rules;
    private final InFlight inFlight;
    private final ByteBudget budget;
    private final Connections connections;
    private final ErrorAnswer errors;
    private final Journal journal;

    public HttpPipeline(Limits limits, InFlight inFlight, ByteBudget budget, Connections connections, ErrorAnswer errors, Journal journal) {
        this.limits = limits;
        this.rules = new RequestRules(limits.maxTarget());
        this.inFlight = inFlight;
        this.budget = budget;
        this.connections = connections;
        this.errors = errors;
        this.journal = journal;
    }

    /** A request that could not be handed over is answered all the same. */
    void failed(ChannelHandlerContext ctx, Throwable cause) {
        LOG.error("A request was not handed over", cause);
        ctx.writeAndFlush(errors.response(Failure.INTERNAL, Failure.INTERNAL.text(), null, true));
    }

    /** @param handOver the last station, which hands a request to a route */
    void fill(Channel channel, ChannelHandler handOver) {
        connections.add(channel);
        ChannelPipeline pipeline = channel.pipeline();
        // A client that has nothing more to send still gets its answers, unless they take long: it may have gone.
        channel.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
        ClientConnection client = new ClientConnection(channel, budget);
        RequestDecoder decoder = new RequestDecoder(client, limits.maxTarget() + REQUEST_LINE_REST, limits.maxHead());
        RequestBody body = new RequestBody(client, limits);
        pipeline.addLast("decoder", decoder);
        pipeline.addLast("encoder", new HttpResponseEncoder());
        pipeline.addLast("timeouts", new RequestTimeouts(decoder, limits));
        pipeline.addLast("rules", rules);
        pipeline.addLast("order", new ResponseOrder(decoder));
        pipeline.addLast("recorder", new Recorder(journal, client, connections));
        pipeline.addLast("framing", new ResponseFraming(connections));
        pipeline.addLast("body", body);
        pipeline.addLast("refusals", new Refusals(errors));
        pipeline.addLast("owner", new RequestOwner(client, body, inFlight, limits, errors));
        pipeline.addLast("handler", handOver);
    }

    /** Leaves of a connection that has become a tunnel what knows nothing of HTTP; the decoder hands over what it has not decoded. */
    static void tunnel(ChannelPipeline pipeline) {
        for (String name : new String[] {"encoder", "timeouts", "rules", "order", "framing", "refusals", "handler", "decoder"}) {
            pipeline.remove(name);
        }
    }
}
