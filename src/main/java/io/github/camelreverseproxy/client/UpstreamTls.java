package io.github.camelreverseproxy.client;

import java.io.File;

import javax.net.ssl.SSLException;

import io.github.camelreverseproxy.message.OptionException;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;

/** How an upstream behind TLS is known, and the proxy to it (RFC 9110, section 4.3.4). Thread-safe once configured. */
final class UpstreamTls {
    String ca = "";
    String certificate = "";
    String key = "";
    String serverName = "";

    boolean isSet() {
        return !(ca + certificate + key + serverName).isEmpty();
    }

    /** Another one when a file has changed. */
    long version() {
        return new File(ca).lastModified() + 31 * new File(certificate).lastModified() + 961 * new File(key).lastModified();
    }

    /** @throws OptionException naming the option whose file is none, or is not what it should be */
    SslContext context() throws SSLException {
        SslContextBuilder builder = SslContextBuilder.forClient().endpointIdentificationAlgorithm("HTTPS");
        if (!ca.isEmpty()) {
            File file = file("caFile", ca);
            try {
                builder.trustManager(file);
            } catch (IllegalArgumentException e) {
                throw new OptionException("caFile", "caFile: " + ca + ": no certificates");
            }
        }
        if (certificate.isEmpty() != key.isEmpty()) {
            throw new OptionException("certificateFile", "certificateFile and keyFile belong together");
        }
        if (!certificate.isEmpty()) {
            File chain = file("certificateFile", certificate);
            File own = file("keyFile", key);
            try {
                builder.keyManager(chain, own);
            } catch (IllegalArgumentException e) {
                throw new OptionException("certificateFile", "certificateFile or keyFile is not what it should be: " + certificate + ", " + key);
            }
        }
        return builder.build();
    }

    private static File file(String option, String name) {
        File file = new File(name);
        if (!file.canRead()) {
            throw new OptionException(option, option + ": no such file: " + name);
        }
        return file;
    }

    SslHandler handler(SslContext context, ByteBufAllocator allocator, UpstreamUrl url) {
        return context.newHandler(allocator, serverName.isEmpty() ? url.host() : serverName, url.port());
    }
}
