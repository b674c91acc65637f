package io.github.camelreverseproxy.observe;

import java.util.Arrays;

/** Lines of ASCII, made without a piece of garbage for each. Not thread-safe. */
final class ByteLine {
    private static final byte[] HEX = {'0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'};
    private static final int DIGITS = 20;

    private byte[] bytes = new byte[8192];
    private int size;

    int size() {
        return size;
    }

    /**
     * Writes everything, and is empty then.
     *
     * @return how many lines were not written
     */
    int writeTo(Lines out) {
        int lost = out.write(bytes, size);
        size = 0;
        return lost;
    }

    private void room(int more) {
        if (bytes.length - size < more) {
            bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, size + more));
        }
    }

    ByteLine add(char c) {
        room(1);
        bytes[size++] = (byte) c;
        return this;
    }

    /** @param ascii without anything that would have to be escaped */
    @SuppressWarnings("deprecation")
    ByteLine add(String ascii) {
        room(ascii.length());
        // Deprecated for what it does with other characters; there is no quicker way for these.
        ascii.getBytes(0, ascii.length(), bytes, size);
        size += ascii.length();
        return this;
    }

    ByteLine add(long number) {
        room(DIGITS);
        if (number < 0) {
            bytes[size++] = '-';
        }
        long left = Math.abs(number);
        int digits = 1;
        for (long more = left; more >= 10; more /= 10) {
            digits++;
        }
        for (int at = size + digits - 1; at >= size; at--) {
            bytes[at] = (byte) ('0' + left % 10);
            left /= 10;
        }
        size += digits;
        return this;
    }

    /** Nanoseconds as milliseconds with three places. */
    ByteLine millis(long nanos) {
        long micros = nanos / 1000;
        add(micros / 1000).add('.');
        room(3);
        bytes[size++] = (byte) ('0' + micros / 100 % 10);
        bytes[size++] = (byte) ('0' + micros / 10 % 10);
        bytes[size++] = (byte) ('0' + micros % 10);
        return this;
    }

    private static boolean isPlain(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < ' ' || c >= 0x7f || c == '"' || c == '\\') {
                return false;
            }
        }
        return true;
    }

    /** In quotes, and whatever is no visible ASCII as JSON escapes it (RFC 8259, section 7). */
    ByteLine quoted(String text) {
        add('"');
        if (isPlain(text)) {
            return add(text).add('"');
        }
        room(text.length() * 6);
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                bytes[size++] = '\\';
                bytes[size++] = (byte) c;
            } else if (c >= ' ' && c < 0x7f) {
                bytes[size++] = (byte) c;
            } else {
                bytes[size++] = '\\';
                bytes[size++] = 'u';
                for (int shift = 12; shift >= 0; shift -= 4) {
                    bytes[size++] = HEX[c >> shift & 0xf];
                }
            }
        }
        return add('"');
    }
}
