package io.github.camelreverseproxy.client;

/**
 * What holds for every upstream. Times in milliseconds.
 *
 * @param streamTimeout   from one piece of an event stream to the next; 0 for no limit
 * @param maxResponseBody largest response body that is made a whole, in bytes
 * @param dnsRefresh      after which a name that is in use is looked up again
 * @param maxAge          after which a connection takes no further request
 * @param location        what happens to an upstream's own origin
 */
public record UpstreamRules(long streamTimeout, int maxResponseBody, long dnsRefresh, long maxAge, Location.Rule location) {
}
