package io.github.camelreverseproxy.upstream;

import java.util.Arrays;
import java.util.List;

import io.github.camelreverseproxy.forwarding.ProxyRequest;
import io.github.camelreverseproxy.message.Failure;
import io.github.camelreverseproxy.message.ProxyException;
import io.github.camelreverseproxy.upstream.UpstreamState.State;
import org.apache.camel.AsyncCallback;
import org.apache.camel.AsyncProcessor;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.StartupListener;
import org.apache.camel.component.direct.DirectConsumerNotAvailableException;
import org.apache.camel.processor.loadbalancer.LoadBalancerSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The loadBalance EIP: asks its branches in the {@link Order} of its kind, and knows the breakers on their way. It passes by
 * those that are open or full and those that the exchange has already tried; one whose route is stopped is tried in vain.
 * One that has answered nothing of late while requests wait there is passed by as long as another can take the request. When
 * no other is left, one that is open but answers is taken all the same, so that a broken page never takes a site down. A
 * client that has logged in on a connection to an upstream stays with it. Thread-safe.
 */
final class Balancer extends LoadBalancerSupport implements StartupListener {
    private static final Logger LOG = LoggerFactory.getLogger(Balancer.class);

    /** In the order in which a branch is looked for. */
    private enum Pass { LIVELY, ANY, LAST_RESORT, FALLBACK }

    private static final Pass[] PASSES = Pass.values();

    /**
     * Whether the load balancer itself goes on to the next branch when one has failed.
     *
     * @param most  how often; -1 for no limit
     * @param after what; empty for anything
     */
    record Failover(int most, List<Class<?>> after) {
    }

    private final CamelContext context;
    private final Breakers breakers;
    private final Order order;
    private final Failover failover;
    private volatile Branch[] branches;
    private volatile int version = -1;

    /** @param failover null if that is left to redelivery */
    Balancer(CamelContext context, Order order, Failover failover) {
        this.context = context;
        this.breakers = Breakers.of(context);
        this.order = order;
        this.failover = failover;
    }

    @Override
    protected void doStart() throws Exception {
        super.doStart();
        context.addStartupListener(this);
    }

    /** All routes are there. */
    @Override
    public void onCamelContextStarted(CamelContext started, boolean alreadyStarted) {
        for (Branch branch : branches()) {
            if (branch.unknown() != null) {
                LOG.warn("{}: the branch to {} {}, so it is tried also when it cannot take a request", getId(), branch.name(), branch.unknown());
            }
        }
    }

    /** Looked for anew when routes have come or gone. */
    private Branch[] branches() {
        // Camel tells that a route is added before it is.
        int now = 1000 * breakers.version() + context.getRoutesSize();
        if (version != now) {
            AsyncProcessor[] all = doGetProcessors();
            Branch[] found = new Branch[all.length];
            Arrays.setAll(found, i -> Branch.of(all[i], i, context));
            branches = found;
            version = now;
        }
        return branches;
    }

    @Override
    public boolean process(Exchange exchange, AsyncCallback callback) {
        return process(exchange, callback, 0, failover == null ? null : exchange.getMessage().copy());
    }

    private boolean process(Exchange exchange, AsyncCallback callback, int failures, Message message) {
        ProxyRequest request = ProxyRequest.of(exchange);
        Branch[] all = branches();
        long begin = System.nanoTime();
        Delivery before = Delivery.known(exchange);
        boolean goesOn = request.cancelled() == null && (before == null || before.maySend());
        Branch chosen = goesOn ? choose(exchange, request, all, before, begin) : null;
        if (chosen == null) {
            exchange.setException(request.cancelled() != null ? request.cancelled() : !goesOn ? before.failed() : unavailable(Delivery.of(exchange, begin), all));
            callback.done(true);
            return true;
        }
        Call call = new Call(exchange, callback, chosen, begin, failures, message);
        try {
            return chosen.route().process(exchange, call) && !call.failedOver;
        } catch (RuntimeException | Error e) {
            Admission.giveBack(exchange);
            throw e;
        }
    }

    /** What a branch is asked. */
    private final class Call implements AsyncCallback {
        private final Exchange exchange;
        private final AsyncCallback callback;
        private final Branch branch;
        private final long begin;
        private final int failures;
        private final Message message;
        private boolean failedOver;

        Call(Exchange exchange, AsyncCallback callback, Branch branch, long begin, int failures, Message message) {
            this.exchange = exchange;
            this.callback = callback;
            this.branch = branch;
            this.begin = begin;
            this.failures = failures;
            this.message = message;
        }

        @Override
        public void done(boolean sync) {
            if (Admission.giveBack(exchange) && exchange.getException() instanceof DirectConsumerNotAvailableException stopped) {
                exchange.setException(new ProxyException(Failure.UNAVAILABLE, Failure.UNAVAILABLE.text(), stopped));
            }
            if (exchange.getException() != null) {
                Delivery.of(exchange, begin).failedAt(branch.name(), exchange.getException());
                // What a route on the way has given up is for this one to redeliver.
                Redelivery.anew(exchange);
            }
            if (!failsOver()) {
                if (exchange.getException() != null && failover != null) {
                    Delivery.of(exchange, begin).stop();
                }
                callback.done(sync);
                return;
            }
            failedOver = true;
            exchange.setException(null);
            exchange.setMessage(message.copy());
            process(exchange, ended -> callback.done(false), failures + 1, message);
        }

        /** What does not come from an upstream of ours is the user's to judge. */
        private boolean failsOver() {
            Exception failed = exchange.getException();
            return failed != null && failover != null && (failover.most < 0 || failures < failover.most)
                    && (failover.after.isEmpty() || failover.after.stream().anyMatch(type -> exchange.getException(type) != null))
                    && (ProxyException.in(failed) == null || Redelivery.isSafe(exchange, failed));
        }
    }

    private Branch choose(Exchange exchange, ProxyRequest request, Branch[] all, Delivery before, long now) {
        String own = request.client() == null ? null : request.client().upstream();
        for (int i = 0; own != null && i < all.length; i++) {
            if (all[i].name().equals(own) && isNew(all[i], before) && (admits(exchange, request, all, all[i], Pass.ANY, now)
                    || admits(exchange, request, all, all[i], Pass.LAST_RESORT, now))) {
                return all[i];
            }
        }
        Object key = order.key(exchange);
        synchronized (order) {
            int[] asked = order.next(key);
            for (Pass pass : PASSES) {
                for (int place = 0; place < asked.length; place++) {
                    Branch branch = all[asked[place]];
                    if (isNew(branch, before) && admits(exchange, request, all, branch, pass, now)) {
                        order.taken(asked, place);
                        return branch;
                    }
                }
            }
        }
        return null;
    }

    private static boolean isNew(Branch branch, Delivery before) {
        return before == null || !before.hasTried(branch.name());
    }

    private static boolean admits(Exchange exchange, ProxyRequest request, Branch[] all, Branch branch, Pass pass, long now) {
        UpstreamBreaker breaker = branch.breaker();
        if (breaker == null) {
            return true;
        }
        if (pass == Pass.FALLBACK) {
            return branch.fallsBack();
        }
        if (pass == Pass.LIVELY && isSilent(all, breaker, now)) {
            return false;
        }
        Permit permit = pass == Pass.LAST_RESORT ? breaker.tryLastResort(now) : breaker.tryCall(request.isSuspect(), now);
        if (permit != null) {
            Admission.give(exchange, breaker, permit);
        }
        return permit != null;
    }

    /** For long; or for longer than usual, with more requests waiting there than twice those at any other. */
    private static boolean isSilent(Branch[] all, UpstreamBreaker breaker, long now) {
        if (breaker.waiting() == 0 || breaker.state() != State.CLOSED) {
            return false;
        }
        if (breaker.isSilent(now)) {
            return true;
        }
        if (!breaker.isStalled(now)) {
            return false;
        }
        int most = 0;
        for (Branch other : all) {
            most = other.breaker() == null || other.breaker() == breaker ? most : Math.max(most, other.breaker().waiting());
        }
        return breaker.waiting() > 2 * most;
    }

    /**
     * What the exchange has met with, unless an upstream that it has not tried is merely full, or it has met with nothing
     * but such: then that no upstream can take it.
     */
    private Exception unavailable(Delivery delivery, Branch[] all) {
        boolean full = false;
        long millis = Long.MAX_VALUE;
        for (int i = 0; i < all.length; i++) {
            UpstreamBreaker breaker = all[i].breaker();
            if (breaker != null && order.asks(i)) {
                full |= !delivery.hasTried(all[i].name()) && breaker.state() == State.CLOSED;
                millis = Math.min(millis, breaker.millisToProbe());
            }
        }
        delivery.exhausted(full);
        Exception before = delivery.failed();
        if (before != null && !full && Failure.of(before) != Failure.UNAVAILABLE) {
            return before;
        }
        long seconds = millis == Long.MAX_VALUE ? 1 : Math.max(1, (millis + 999) / 1000);
        return new ProxyException(Failure.UNAVAILABLE, Failure.UNAVAILABLE.text(), before, (int) seconds);
    }
}
