package io.github.camelreverseproxy.upstream;

import java.nio.charset.StandardCharsets;

import org.apache.hc.client5.http.DnsResolver;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.impl.io.ManagedHttpClientConnectionFactory;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManager;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.core5.http.config.CharCodingConfig;
import org.apache.hc.core5.http.config.Http1Config;
import org.apache.hc.core5.util.TimeValue;

/** The connections to one upstream, with a strict parser behind them. */
final class UpstreamConnections {
    private static final int MAX_LINE = 32 * 1024;
    private static final TimeValue VALIDATE_AFTER = TimeValue.ofSeconds(1);

    private UpstreamConnections() {
    }

    /** @param resolver of host names, or null for the system's */
    static PoolingHttpClientConnectionManager pool(DnsResolver resolver) {
        Http1Config limits = Http1Config.custom().setMaxLineLength(MAX_LINE).build();
        return PoolingHttpClientConnectionManagerBuilder.create()
                // The breaker limits the requests in flight.
                .setMaxConnTotal(Integer.MAX_VALUE)
                .setMaxConnPerRoute(Integer.MAX_VALUE)
                .setDnsResolver(resolver)
                .setDefaultConnectionConfig(ConnectionConfig.custom().setValidateAfterInactivity(VALIDATE_AFTER).build())
                .setConnectionFactory(ManagedHttpClientConnectionFactory.builder()
                        .http1Config(limits)
                        // Field values are bytes to a proxy; this charset has a character for each of them.
                        .charCodingConfig(CharCodingConfig.custom().setCharset(StandardCharsets.ISO_8859_1).build())
                        .responseParserFactory(config -> new ResponseHeadParser())
                        .build())
                .build();
    }
}
