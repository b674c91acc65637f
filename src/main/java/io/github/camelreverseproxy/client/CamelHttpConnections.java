package io.github.camelreverseproxy.client;

import java.io.IOException;
import java.net.Socket;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;

import io.github.camelreverseproxy.message.Failure;
import io.github.camelreverseproxy.message.ProxyException;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.impl.DefaultSchemePortResolver;
import org.apache.hc.client5.http.impl.io.DefaultHttpClientConnectionOperator;
import org.apache.hc.client5.http.impl.io.ManagedHttpClientConnectionFactory;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManager;
import org.apache.hc.client5.http.io.DetachedSocketFactory;
import org.apache.hc.client5.http.io.ManagedHttpClientConnection;
import org.apache.hc.client5.http.ssl.DefaultClientTlsStrategy;
import org.apache.hc.client5.http.ssl.TlsSocketStrategy;
import org.apache.hc.core5.http.config.CharCodingConfig;
import org.apache.hc.core5.http.config.Http1Config;
import org.apache.hc.core5.http.config.RegistryBuilder;
import org.apache.hc.core5.http.impl.io.MonitoringResponseOutOfOrderStrategy;
import org.apache.hc.core5.http.io.HttpConnectionFactory;
import org.apache.hc.core5.pool.PoolConcurrencyPolicy;
import org.apache.hc.core5.pool.PoolReusePolicy;
import org.apache.hc.core5.util.TimeValue;

/** The connections to one upstream: strict about responses, and looked at before they are used again, but for TLS. Thread-safe. */
final class CamelHttpConnections implements HttpConnectionFactory<ManagedHttpClientConnection> {
    private static final Http1Config LIMITS = Http1Config.custom().setMaxLineLength(32 * 1024).build();
    /** Field values are bytes to a proxy; this charset has a character for each of them. */
    private static final CharCodingConfig BYTES = CharCodingConfig.custom().setCharset(StandardCharsets.ISO_8859_1).build();

    private final int maxBody;

    private CamelHttpConnections(int maxBody) {
        this.maxBody = maxBody;
    }

    /** HttpClient looks a name up for each new connection; so that it does, none lives longer than the name may stand for the same. */
    static PoolingHttpClientConnectionManager pool(UpstreamEndpoint endpoint) {
        // A channel's socket can be looked at without waiting; TLS has bytes of its own on the way.
        DetachedSocketFactory sockets = new DetachedSocketFactory() {
            @Override
            public Socket create(java.net.Proxy proxy) throws IOException {
                return proxy == null ? open("") : new Socket(proxy);
            }

            @Override
            public Socket create(String scheme, java.net.Proxy proxy) throws IOException {
                return proxy == null ? open(scheme) : new Socket(proxy);
            }
        };
        DefaultHttpClientConnectionOperator operator = new DefaultHttpClientConnectionOperator(sockets,
                DefaultSchemePortResolver.INSTANCE, endpoint.component().names(),
                RegistryBuilder.<TlsSocketStrategy>create().register("https", DefaultClientTlsStrategy.createDefault()).build());
        PoolingHttpClientConnectionManager pool = new PoolingHttpClientConnectionManager(operator,
                PoolConcurrencyPolicy.STRICT, PoolReusePolicy.LIFO, null, new CamelHttpConnections(endpoint.maxResponseBody()));
        pool.setDefaultConnectionConfig(ConnectionConfig.custom()
                .setTimeToLive(TimeValue.ofMilliseconds(Math.min(endpoint.maxAge(), endpoint.dnsRefresh()))).build());
        // The breaker limits the requests in flight.
        pool.setMaxTotal(Integer.MAX_VALUE);
        pool.setDefaultMaxPerRoute(Integer.MAX_VALUE);
        return pool;
    }

    /** Fails when the proxy itself has come to a limit, of its descriptors most likely. */
    private static Socket open(String scheme) throws ProxyException {
        try {
            if ("http".equals(scheme)) {
                return SocketChannel.open().socket();
            }
            Socket socket = new Socket();
            // Not before this does it take a descriptor.
            socket.setTcpNoDelay(true);
            return socket;
        } catch (IOException e) {
            throw new ProxyException(Failure.OVERLOADED, Failure.OVERLOADED.text(), e);
        }
    }

    @Override
    public ManagedHttpClientConnection createConnection(Socket socket) throws IOException {
        ResponseParser responses = new ResponseParser(maxBody);
        ReuseGuard guard = new ReuseGuard(responses);
        ManagedHttpClientConnection connection = ManagedHttpClientConnectionFactory.builder()
                .http1Config(LIMITS)
                .charCodingConfig(BYTES)
                .responseOutOfOrderStrategy(MonitoringResponseOutOfOrderStrategy.INSTANCE)
                .requestWriterFactory(() -> guard)
                .responseParserFactory(config -> new ResponseReader(responses))
                .build().createConnection(socket);
        guard.watch(connection);
        return connection;
    }
}
