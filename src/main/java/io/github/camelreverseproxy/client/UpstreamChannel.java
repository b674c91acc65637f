package io.github.camelreverseproxy.client;

import java.io.IOException;
import java.nio.ByteBuffer;

import io.netty.channel.socket.nio.NioSocketChannel;

/** A connection's channel that can be looked at. Not thread-safe. */
final class UpstreamChannel extends NioSocketChannel {
    /**
     * Whether the upstream has closed the connection, or has sent something that nobody asked for, though the event loop
     * may not have come to it yet: such a connection takes no further request (RFC 9112, sections 9.3.1 and 9.5).
     */
    boolean isStale() {
        try {
            return !isActive() || javaChannel().read(ByteBuffer.allocate(1)) != 0;
        } catch (IOException e) {
            return true;
        }
    }
}
