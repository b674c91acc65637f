package io.github.camelreverseproxy.message;

/** {@code proxy.header.style}: how {@code Forwarded} and {@code Via} are written. */
public enum HeaderStyle {
    /** As the original example writes them, to the byte. */
    SEED,
    /** With the full grammar of RFC 7239 and RFC 9110, section 7.6.3. */
    RFC7239
}
