package io.github.camelreverseproxy.client;

import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.security.GeneralSecurityException;

import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLPeerUnverifiedException;

import io.github.camelreverseproxy.message.Failure;
import io.github.camelreverseproxy.message.ProxyException;
import org.apache.hc.client5.http.ConnectTimeoutException;
import org.apache.hc.core5.http.ConnectionRequestTimeoutException;
import org.apache.hc.core5.http.HttpException;

/** Which failure it is that Netty, HttpClient or the JDK report of an attempt. Stateless. */
final class Faults {
    private Faults() {
    }

    /**
     * @param sent whether anything of the request had been sent
     * @return {@link Failure#NO_RESPONSE} for a connection that has broken off, {@link Failure#UNROUTABLE} where there was none
     */
    static Failure of(Throwable thrown, boolean sent) {
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            if (cause instanceof ProxyException known) {
                return known.failure();
            }
            if (cause instanceof HttpException) {
                return Failure.BAD_RESPONSE;
            }
            if (cause instanceof IOException e) {
                return transport(e, sent);
            }
        }
        return Failure.of(thrown);
    }

    private static Failure transport(IOException e, boolean sent) {
        if (e instanceof UnknownHostException) {
            return Failure.UNRESOLVED_HOST;
        }
        if (e instanceof ConnectTimeoutException || e instanceof io.netty.channel.ConnectTimeoutException) {
            return Failure.CONNECT_TIMEOUT;
        }
        if (e instanceof SocketTimeoutException) {
            return Failure.TIMEOUT;
        }
        if (e instanceof NoRouteToHostException) {
            return Failure.UNROUTABLE;
        }
        if (e instanceof ConnectException) {
            return Failure.CONNECT_FAILED;
        }
        if (e instanceof SSLPeerUnverifiedException || e instanceof SSLHandshakeException && e.getCause() instanceof GeneralSecurityException) {
            return Failure.TLS_CERTIFICATE;
        }
        if (e instanceof SSLHandshakeException) {
            return Failure.TLS_FAILED;
        }
        if (e instanceof ConnectionRequestTimeoutException) {
            return Failure.OVERLOADED;
        }
        if (e instanceof SocketException && String.valueOf(e.getMessage()).contains("Too many open files")) {
            return Failure.OVERLOADED;
        }
        // Nothing was lost on a connection that there was not: the network is unreachable, say.
        return sent ? Failure.NO_RESPONSE : Failure.UNROUTABLE;
    }
}
