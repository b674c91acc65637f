package io.github.camelreverseproxy.listener;

import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import io.netty.channel.ChannelInboundHandler;
import io.netty.channel.EventLoopGroup;
import org.apache.camel.component.netty.NettyConfiguration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The listeners of the process by their addresses, and how one context takes them over from another. Thread-safe. */
public final class Listeners {
    private static final Logger LOG = LoggerFactory.getLogger(Listeners.class);
    private static final int BACKLOG = 128;

    private final EventLoopGroup eventLoops;
    private final Connections connections;
    private final Map<InetSocketAddress, Listener> byAddress = new HashMap<>();

    public Listeners(EventLoopGroup eventLoops, Connections connections) {
        this.eventLoops = eventLoops;
        this.connections = connections;
    }

    /** How many requests an address has handed over. */
    public long requests(String host, int port) {
        synchronized (byAddress) {
            // By the name as it was given: to look it up may take long.
            Listener listener = byAddress.entrySet().stream().filter(known -> known.getKey().getPort() == port && known.getKey().getHostString().equals(host))
                    .findFirst().map(Map.Entry::getValue).orElseGet(() -> byAddress.get(new InetSocketAddress(host, port)));
            return listener == null ? 0 : listener.requests();
        }
    }

    /** Those of a context that is only tried: no address is had. */
    public Attached none() {
        return new Attached(true);
    }

    public Attached attached() {
        return new Attached(false);
    }

    /** Those of one context. Confined to the thread that starts and stops it. */
    public final class Attached {
        private final Map<InetSocketAddress, Listener.Target> targets = new HashMap<>();
        private final List<InetSocketAddress> made = new ArrayList<>();
        private final boolean tried;
        private boolean active;

        private Attached(boolean tried) {
            this.tried = tried;
        }

        /**
         * The same for requests that no route is to have.
         *
         * @param handler of requests, each in one piece
         */
        public void add(String host, int port, HttpPipeline pipeline, ChannelInboundHandler handler) throws Exception {
            NettyConfiguration options = new NettyConfiguration();
            options.setHost(host);
            options.setPort(port);
            options.setBacklog(BACKLOG);
            add(options, new Listener.Target(pipeline, handler));
        }

        /** The address is had from now on, or this fails; requests come when it is {@linkplain #activate active}. */
        void add(NettyConfiguration options, Listener.Target target) throws Exception {
            InetSocketAddress address = new InetSocketAddress(options.getHost(), options.getPort());
            synchronized (byAddress) {
                targets.put(address, target);
                if (!tried && byAddress.containsKey(address) && !byAddress.get(address).isLike(options)) {
                    LOG.warn("The socket options of {} stay as they are until the process is started again", address);
                }
                if (!tried && !byAddress.containsKey(address)) {
                    Listener listener = new Listener(target);
                    listener.bind(options, eventLoops);
                    byAddress.put(address, listener);
                    made.add(address);
                }
                if (active) {
                    activate();
                }
            }
        }

        /** Whether no route listens. */
        public boolean isEmpty() {
            synchronized (byAddress) {
                return targets.isEmpty();
            }
        }

        /**
         * Requests go to this context from now on; addresses that it does not have are closed, their connections stay.
         *
         * @return whether one was closed
         */
        public boolean activate() {
            synchronized (byAddress) {
                active = true;
                targets.forEach((address, target) -> byAddress.get(address).to(target));
                Listener.Target any = targets.isEmpty() ? null : targets.values().iterator().next();
                return byAddress.entrySet().removeIf(listener -> {
                    if (targets.containsKey(listener.getKey())) {
                        listener.getValue().open(connections);
                        return false;
                    }
                    if (any != null) {
                        listener.getValue().to(any);
                    }
                    listener.getValue().close();
                    return true;
                });
            }
        }

        /** Closes what was made for a context that has come to nothing. */
        public void discard() {
            synchronized (byAddress) {
                made.forEach(address -> {
                    Listener listener = byAddress.get(address);
                    if (!active && listener != null && listener.isOf(targets.get(address))) {
                        listener.close();
                        byAddress.remove(address);
                    }
                });
                targets.clear();
            }
        }

        /** Closes what no other context has taken over. */
        void remove(NettyConfiguration options) {
            InetSocketAddress address = new InetSocketAddress(options.getHost(), options.getPort());
            synchronized (byAddress) {
                Listener.Target target = targets.remove(address);
                Listener listener = byAddress.get(address);
                if (listener != null && (listener.isOf(target) || !active && made.contains(address))) {
                    listener.close();
                    byAddress.remove(address);
                }
            }
        }
    }
}
