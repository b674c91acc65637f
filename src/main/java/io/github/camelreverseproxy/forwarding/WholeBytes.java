package io.github.camelreverseproxy.forwarding;

import java.util.Arrays;

import io.netty.buffer.ByteBuf;

/**
 * Bytes of a body that come in pieces and are kept: room for them is made as they come, never beyond what is expected, nor
 * more than as much again, and charged to the client's connection. Not thread-safe.
 */
public final class WholeBytes {
    /** The bytes are here once, and once more where they are patched or go out. */
    private static final int COPIES = 2;
    private static final byte[] NONE = {};

    private final ClientConnection client;
    private final long expected;
    private final int free;
    private byte[] bytes = NONE;
    private int size;
    private long charged;

    /**
     * @param client   null if nothing is charged
     * @param expected how many there will be at most
     * @param free     so many are not worth counting
     */
    public WholeBytes(ClientConnection client, long expected, int free) {
        this.client = client;
        this.expected = expected;
        this.free = free;
    }

    public int size() {
        return size;
    }

    /** @return false if there is no room for them; they are left where they are then */
    public boolean add(ByteBuf from, int count) {
        if (size + count > bytes.length) {
            int room = (int) Math.max(size + count, Math.min(expected, (size + count) * 2L));
            if (!charge(room)) {
                return false;
            }
            bytes = Arrays.copyOf(bytes, room);
        }
        from.readBytes(bytes, size, count);
        size += count;
        return true;
    }

    private boolean charge(int room) {
        long all = client == null || room <= free ? 0 : COPIES * (long) room;
        if (all > charged && !client.hold(all - charged)) {
            return false;
        }
        charged = Math.max(all, charged);
        return true;
    }

    /** All of them. */
    public byte[] take() {
        return size == bytes.length ? bytes : Arrays.copyOf(bytes, size);
    }
}
