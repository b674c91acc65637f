package io.github.camelreverseproxy.upstream;

/** What a call that has failed has met with. */
enum Fault {
    /** No connection. */
    UNREACHABLE,
    /** A connection, and no response in time. */
    TIMED_OUT,
    /** A connection, and something that is no response. */
    BROKEN,
    /** A response that counts as a failure. */
    BAD_ANSWER
}
