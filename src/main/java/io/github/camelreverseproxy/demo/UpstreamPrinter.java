package io.github.camelreverseproxy.demo;

import io.github.camelreverseproxy.client.UpstreamEndpoint;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.spi.CamelEvent;
import org.apache.camel.support.EventNotifierSupport;

/** Prints, for each request, which upstream takes it. */
final class UpstreamPrinter extends EventNotifierSupport {
    @Override
    public boolean isEnabled(CamelEvent event) {
        return event instanceof CamelEvent.ExchangeSendingEvent sending && sending.getEndpoint() instanceof UpstreamEndpoint;
    }

    @Override
    public void notify(CamelEvent event) {
        CamelEvent.ExchangeSendingEvent sending = (CamelEvent.ExchangeSendingEvent) event;
        Message message = sending.getExchange().getMessage();
        System.out.println(((UpstreamEndpoint) sending.getEndpoint()).getUrl().host() + " <- "
                + message.getHeader(Exchange.HTTP_METHOD) + ' ' + message.getHeader(Exchange.HTTP_PATH));
    }
}
