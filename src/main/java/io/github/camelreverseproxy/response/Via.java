package io.github.camelreverseproxy.response;

import io.github.camelreverseproxy.message.EndToEndFields;
import io.github.camelreverseproxy.message.ViaEntry;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.Processor;

/** Appends this proxy to the {@code Via} of an answer (RFC 9110, section 7.6.3). Thread-safe. */
public final class Via implements Processor {
    private final ViaEntry entry;

    /** @param entry of this proxy */
    public Via(ViaEntry entry) {
        this.entry = entry;
    }

    @Override
    public void process(Exchange exchange) {
        Message message = exchange.getMessage();
        Answer.dropRequestFields(exchange, message);
        EndToEndFields.add(message.getHeaders(), "Via", entry.of(message.getHeader(Exchange.HTTP_PROTOCOL_VERSION) != null));
    }
}
