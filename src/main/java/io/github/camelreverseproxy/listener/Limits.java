package io.github.camelreverseproxy.listener;

/**
 * What a client may ask of the listener; the {@code proxy.*} properties of the same names. Sizes in bytes, times in
 * milliseconds.
 *
 * @param maxTarget       longest request target
 * @param maxHead         largest sum of the header fields
 * @param maxRequestBody  largest request body that is kept whole
 * @param maxStreamedBody largest other one; 0 for no limit
 * @param head            from the first byte of a head to its last
 * @param body            between two pieces of a body, either way
 * @param idle            between two requests
 * @param total           from a request's hand-over to a route until its response begins
 * @param halfClosed      the same, and between two pieces of it, once the client has nothing more to send and so may have gone
 * @param tunnel          between two bytes of a tunnel, whichever way they go
 * @param minBodyRate     of a body on average since it began, either way, in bytes a second; counts after a while
 */
public record Limits(int maxTarget, int maxHead, int maxRequestBody, long maxStreamedBody, long head, long body, long idle,
                     long total, long halfClosed, long tunnel, int minBodyRate) {
}
