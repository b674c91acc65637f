package io.github.camelreverseproxy.response;

import io.github.camelreverseproxy.forwarding.ResponseMessage;
import io.github.camelreverseproxy.forwarding.ProxyRequest;
import org.apache.camel.Exchange;
import org.apache.camel.Message;

/**
 * The message that a client is to get. A route that answers by itself answers with the message of the request, whose
 * fields must not come back: they may be secrets, and mean something else in a response. Stateless.
 */
final class Answer {
    private Answer() {
    }

    /** Leaves what was set for the answer: all of an upstream's response, and what is neither the client's nor made for the upstream. */
    static void dropRequestFields(Exchange exchange, Message message) {
        if (message instanceof ResponseMessage) {
            return;
        }
        ProxyRequest request = ProxyRequest.of(exchange);
        message.getHeaders().entrySet().removeIf(header -> request.has(header.getKey(), header.getValue()));
        message.removeHeader(Exchange.HTTP_PROTOCOL_VERSION);
    }
}
