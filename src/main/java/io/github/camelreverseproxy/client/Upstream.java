package io.github.camelreverseproxy.client;

/**
 * An upstream, and how it is asked. Immutable, once its TLS is configured.
 *
 * @param name            what it is called
 * @param connectTimeout  to look the name up, and to connect to an address of it, in milliseconds
 * @param responseTimeout for the response to begin, and from one piece of its body to the next, in milliseconds
 */
record Upstream(String name, UpstreamUrl url, UpstreamTls tls, UpstreamRequests requests, int connectTimeout, int responseTimeout, UpstreamRules rules) {
}
