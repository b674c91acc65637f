package io.github.camelreverseproxy.request;

import java.util.Collection;
import java.util.List;

import io.github.camelreverseproxy.message.EndToEndFields;
import io.github.camelreverseproxy.message.Failure;
import io.github.camelreverseproxy.message.HeaderStyle;
import io.github.camelreverseproxy.message.ProxyException;
import io.github.camelreverseproxy.message.Tokens;
import io.github.camelreverseproxy.forwarding.ProxyRequest;
import io.github.camelreverseproxy.message.Methods;
import io.github.camelreverseproxy.message.ViaEntry;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.Processor;

/**
 * Ends requests that go round in circles (RFC 9110, sections 7.6.2 and 7.6.3). {@code Max-Forwards} of an OPTIONS request is
 * counted down, and at 0 the answer is made here. In {@link HeaderStyle#RFC7239} style this proxy's entry is added to a
 * request's {@code Via}, and a request that carries it already is refused; in {@link HeaderStyle#SEED} style {@code Via}
 * passes as it is. Thread-safe.
 */
public final class LoopGuard implements Processor {
    private static final String MAX_FORWARDS = "Max-Forwards";

    private final ViaEntry own;

    /** @param own this proxy's entry */
    public LoopGuard(ViaEntry own) {
        this.own = own;
    }

    @Override
    public void process(Exchange exchange) throws ProxyException {
        Message message = exchange.getMessage();
        if ("OPTIONS".equals(message.getHeader(Exchange.HTTP_METHOD)) && message.getHeader(MAX_FORWARDS) instanceof String left
                && Tokens.isLength(left.strip())) {
            long hops = Long.parseLong(left.strip());
            if (hops == 0) {
                message.setBody(null);
                message.setHeader("Allow", Methods.ALLOW);
                exchange.setRouteStop(true);
                return;
            }
            message.setHeader(MAX_FORWARDS, made(exchange, Long.toString(hops - 1)));
        }
        if (own.style() == HeaderStyle.RFC7239) {
            refuseOwn(message.getHeader("Via"));
            boolean http10 = message.getHeader(Exchange.HTTP_PROTOCOL_VERSION) != null;
            EndToEndFields.add(message.getHeaders(), "Via", own.of(http10));
            made(exchange, message.getHeader("Via"));
        }
    }

    private void refuseOwn(Object value) throws ProxyException {
        Collection<?> lines = value == null ? List.of() : value instanceof Collection<?> several ? several : List.of(value);
        for (Object line : lines) {
            for (String hop : line.toString().split(",")) {
                if (own.isOwn(hop)) {
                    throw new ProxyException(Failure.LOOP_DETECTED);
                }
            }
        }
    }

    private static Object made(Exchange exchange, Object value) {
        ProxyRequest.of(exchange).made(value);
        return value;
    }
}
