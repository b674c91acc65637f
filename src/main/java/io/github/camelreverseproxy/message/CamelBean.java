package io.github.camelreverseproxy.message;

import org.apache.camel.CamelContext;
import org.apache.camel.CamelContextAware;

/** A bean that is given its Camel context. */
public abstract class CamelBean implements CamelContextAware {
    private CamelContext camelContext;

    @Override
    public final CamelContext getCamelContext() {
        return camelContext;
    }

    @Override
    public final void setCamelContext(CamelContext camelContext) {
        this.camelContext = camelContext;
    }
}
