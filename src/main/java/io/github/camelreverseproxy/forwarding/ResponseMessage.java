package io.github.camelreverseproxy.forwarding;

import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.support.DefaultMessage;

/** The message of an upstream's response, as are its copies: all headers are the upstream's, or were set for the answer. Not thread-safe. */
public final class ResponseMessage extends DefaultMessage {
    public ResponseMessage(Exchange exchange) {
        super(exchange);
    }

    private ResponseMessage(CamelContext context) {
        super(context);
    }

    @Override
    public DefaultMessage newInstance() {
        return new ResponseMessage(getCamelContext());
    }
}
