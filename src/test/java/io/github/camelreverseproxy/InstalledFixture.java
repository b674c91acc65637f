package io.github.camelreverseproxy;

import java.nio.file.Path;

import io.github.camelreverseproxy.wire.Installation;
import io.github.camelreverseproxy.wire.Upstream;
import org.junit.jupiter.api.AfterEach;

/** A directory with the project's files in it, for the packaged jar to run in, and an upstream. */
abstract class InstalledFixture {
    static final String GET = "GET /anything HTTP/1.1\r\nHost: a\r\n\r\n";

    final Installation here = new Installation();
    final Upstream upstream = here.upstream();
    final Path directory = here.directory();
    final int port = here.port();

    @AfterEach
    void end() throws Exception {
        here.close();
    }
}
