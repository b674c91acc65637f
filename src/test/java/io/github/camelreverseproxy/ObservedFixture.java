package io.github.camelreverseproxy;

import java.nio.file.Path;

import io.github.camelreverseproxy.wire.Observed;
import io.github.camelreverseproxy.wire.Proxy;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;

/** A proxy that can be reloaded, with an access log in a directory of its own and a management port. */
abstract class ObservedFixture {
    static final String GET = "GET /a HTTP/1.1\r\nHost: proxy\r\n\r\n";

    @TempDir
    Path directory;
    Proxy proxy;
    Observed observed;

    void start(Proxy with) throws Exception {
        proxy = with.observed(directory).startGenerations();
        observed = proxy.observed();
    }

    @AfterEach
    void stop() throws Exception {
        proxy.close();
    }
}
