package io.github.camelreverseproxy.request;

import java.util.Collection;
import java.util.List;

import io.github.camelreverseproxy.EndToEndFields;
import io.github.camelreverseproxy.Failure;
import io.github.camelreverseproxy.HeaderStyle;
import io.github.camelreverseproxy.ProxyException;
import io.github.camelreverseproxy.response.Via;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.Processor;

/**
 * In {@link HeaderStyle#RFC7239} style, adds this proxy's entry to a request's {@code Via} and refuses a request that
 * carries it already: it has come back in a loop (RFC 9110, section 7.6.3). In {@link HeaderStyle#SEED} style requests
 * pass as they are. Thread-safe once configured.
 */
public final class LoopGuard implements Processor {
    private HeaderStyle style = HeaderStyle.SEED;

    public void setStyle(HeaderStyle style) {
        this.style = style;
    }

    @Override
    public void process(Exchange exchange) throws ProxyException {
        if (style == HeaderStyle.SEED) {
            return;
        }
        Message message = exchange.getMessage();
        String entry = Via.entry(style);
        Object via = message.getHeader("Via");
        Collection<?> lines = via == null ? List.of() : via instanceof Collection<?> several ? several : List.of(via);
        for (Object line : lines) {
            for (String hop : line.toString().split(",")) {
                if (hop.strip().replaceAll("\\s+", " ").equals(entry)) {
                    throw new ProxyException(Failure.LOOP_DETECTED);
                }
            }
        }
        EndToEndFields.add(message.getHeaders(), "Via", entry);
    }
}
