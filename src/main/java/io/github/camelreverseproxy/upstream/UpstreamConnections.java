package io.github.camelreverseproxy.upstream;

import java.nio.charset.StandardCharsets;

import org.apache.hc.client5.http.DnsResolver;
import org.apache.hc.client5.http.impl.io.ManagedHttpClientConnectionFactory;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManager;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.core5.http.config.CharCodingConfig;
import org.apache.hc.core5.http.config.Http1Config;

/** The connections to one upstream: as many as it takes requests, and with a strict parser behind them. */
final class UpstreamConnections {
    private static final int MAX_LINE = 32 * 1024;

    private UpstreamConnections() {
    }

    /**
     * @param concurrency connections at once, 0 for no limit
     * @param resolver    of host names, or null for the system's
     */
    static PoolingHttpClientConnectionManager pool(int concurrency, DnsResolver resolver) {
        int max = concurrency > 0 ? concurrency : Integer.MAX_VALUE;
        Http1Config limits = Http1Config.custom().setMaxLineLength(MAX_LINE).build();
        return PoolingHttpClientConnectionManagerBuilder.create()
                .setMaxConnTotal(max)
                .setMaxConnPerRoute(max)
                .setDnsResolver(resolver)
                .setConnectionFactory(ManagedHttpClientConnectionFactory.builder()
                        .http1Config(limits)
                        // Field values are bytes to a proxy; this charset has a character for each of them.
                        .charCodingConfig(CharCodingConfig.custom().setCharset(StandardCharsets.ISO_8859_1).build())
                        .responseParserFactory(config -> new ResponseHeadParser())
                        .build())
                .build();
    }
}
