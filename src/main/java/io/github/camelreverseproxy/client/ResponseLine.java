package io.github.camelreverseproxy.client;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

import io.github.camelreverseproxy.message.Failure;
import io.github.camelreverseproxy.message.ProxyException;
import io.github.camelreverseproxy.message.Tokens;
import io.netty.buffer.ByteBuf;

/** A line of a response, in whatever pieces it comes (RFC 9112, section 2). Not thread-safe. */
final class ResponseLine {
    private static final int MAX_LENGTH = 32 * 1024;
    private static final int SHORT = 256;
    /** What a longer line took is given back. */
    private static final int MAX_KEPT = 4096;

    private byte[] line = new byte[SHORT];
    private int length;
    private int nameEnd;
    private int valueBegins;

    /**
     * Takes what belongs to the line, which ends with LF; a CR before it does not count.
     *
     * @return whether the line is complete
     * @throws ProxyException if it is longer than {@value #MAX_LENGTH} bytes
     */
    boolean ends(ByteBuf in) throws ProxyException {
        int found = in.bytesBefore((byte) '\n');
        int take = found < 0 ? in.readableBytes() : found;
        if (length + take > MAX_LENGTH) {
            throw new ProxyException(Failure.RESPONSE_HEAD_TOO_LARGE);
        }
        if (length + take > line.length) {
            line = Arrays.copyOf(line, Math.max(line.length * 2, length + take));
        }
        in.readBytes(line, length, take);
        length += take;
        if (found < 0) {
            return false;
        }
        in.skipBytes(1);
        if (length > 0 && line[length - 1] == '\r') {
            length--;
        }
        return true;
    }

    /** Another line begins. */
    void reset() {
        length = 0;
        if (line.length > MAX_KEPT) {
            line = new byte[SHORT];
        }
    }

    int length() {
        return length;
    }

    char at(int index) {
        return (char) (line[index] & 0xff);
    }

    boolean starts(String with) {
        for (int i = 0; i < with.length(); i++) {
            if (line[i] != with.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    /** @return -1 for anything but a decimal digit */
    int digit(int index) {
        byte b = line[index];
        return b >= '0' && b <= '9' ? b - '0' : -1;
    }

    /**
     * Finds the name of a field and its value.
     *
     * @throws ProxyException if there is no colon behind a token; white space before it is removed from a response (RFC 9112, section 5.1)
     */
    void split() throws ProxyException {
        int at = 0;
        while (at < length && Tokens.isTchar(at(at))) {
            at++;
        }
        nameEnd = at;
        while (at < length && (line[at] == ' ' || line[at] == '\t')) {
            at++;
        }
        if (nameEnd == 0 || at == length || line[at] != ':') {
            throw new ProxyException(Failure.BAD_RESPONSE, "malformed field line");
        }
        valueBegins = at + 1;
    }

    /** Of a line that was split; the guess itself if it is right. */
    String name(String guess) {
        return latin1(0, nameEnd, guess);
    }

    /**
     * The same for the value.
     *
     * @throws ProxyException for a bare CR, a NUL and their like
     */
    String value(String guess) throws ProxyException {
        return text(valueBegins, guess);
    }

    /**
     * The rest of the line without the white space around it.
     *
     * @param guess what it may be; returned itself if it is right
     * @throws ProxyException for a bare CR, a NUL and their like
     */
    String text(int from, String guess) throws ProxyException {
        int start = from;
        int end = length;
        while (start < end && (line[start] == ' ' || line[start] == '\t')) {
            start++;
        }
        while (end > start && (line[end - 1] == ' ' || line[end - 1] == '\t')) {
            end--;
        }
        for (int i = start; i < end; i++) {
            if (line[i] >= 0 && line[i] < ' ' && line[i] != '\t' || line[i] == 0x7f) {
                throw new ProxyException(Failure.BAD_RESPONSE, "control character");
            }
        }
        return latin1(start, end, guess);
    }

    /** A part of the line; the guess itself if it is right. */
    private String latin1(int from, int to, String guess) {
        boolean right = guess.length() == to - from;
        for (int i = from; right && i < to; i++) {
            right = guess.charAt(i - from) == (line[i] & 0xff);
        }
        return right ? guess : new String(line, from, to - from, StandardCharsets.ISO_8859_1);
    }
}
