package io.github.camelreverseproxy.client;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

import io.github.camelreverseproxy.message.Failure;
import io.github.camelreverseproxy.message.ProxyException;
import io.github.camelreverseproxy.message.Tokens;
import io.netty.buffer.ByteBuf;

/**
 * Makes responses of the bytes of a connection, in whatever pieces they come, by the letter of RFC 9112, sections 4 to 7:
 * no junk before the status line, no obs-fold, no control characters, no ambiguous framing, nothing cut short. Not
 * thread-safe; one for each connection.
 */
final class ResponseParser {
    private static final int MAX_HEAD = 256 * 1024;
    private static final int MAX_FIELDS = 500;
    private static final int MAX_TRAILERS = 100;
    private static final int MAX_INTERIM = 10;
    /** A longer body is believed in as it comes. */
    private static final int MAX_AHEAD = 1024 * 1024;

    private static final Map.Entry<String, String> NONE = Map.entry("", "");

    private enum State { STATUS, FIELDS, LENGTH, TO_THE_END, CHUNK_SIZE, CHUNK, CHUNK_END, TRAILERS, COMPLETE }

    private final int maxBody;
    private final ResponseLine line = new ResponseLine();
    private State state = State.COMPLETE;
    private boolean toHead;
    private boolean begun;
    private int headSize;
    private int interim;
    private int trailers;
    private int nameEnd;
    private UpstreamResponse response;
    /** The fields of the response before, most of which come again: their texts need not be made anew. */
    private List<Map.Entry<String, String>> before = List.of();
    private String reasonBefore = "";
    private byte[] body = UpstreamResponse.NO_BODY;
    private int bodyLength;
    private long left;

    /** @param maxBody in bytes */
    ResponseParser(int maxBody) {
        this.maxBody = maxBody;
    }

    /** @param head whether the request is a HEAD, whose response has no body */
    void expect(boolean head) {
        toHead = head;
        begun = false;
        interim = 0;
        line.reset();
        state = State.STATUS;
    }

    /** Whether any byte of a response has come. */
    boolean isBegun() {
        return begun;
    }

    /** How much memory the body takes that has come so far, in bytes. */
    int allocated() {
        return state == State.COMPLETE && response != null ? response.body().length : body.length;
    }

    /** Whether the head is complete; what is missing is of the body. */
    boolean isWithinBody() {
        return state.compareTo(State.FIELDS) > 0 && state != State.COMPLETE;
    }

    /** The status of a response whose head is complete. */
    int status() {
        return response.status();
    }

    /** Hands over the response, once it is complete; an idle connection must not keep its body. */
    UpstreamResponse take() {
        UpstreamResponse complete = response;
        before = complete.fields();
        reasonBefore = complete.reason();
        response = null;
        return complete;
    }

    /**
     * Takes what has come, but nothing beyond the end of the response.
     *
     * @return whether the response is complete
     * @throws ProxyException if it is malformed or larger than allowed
     */
    boolean feed(ByteBuf in) throws ProxyException {
        begun |= in.isReadable();
        while (state != State.COMPLETE && in.isReadable()) {
            switch (state) {
                case LENGTH, CHUNK -> take(in, (int) Math.min(left, in.readableBytes()));
                case TO_THE_END -> take(in, in.readableBytes());
                default -> {
                    if (line.ends(in)) {
                        line(state);
                        line.reset();
                    }
                }
            }
        }
        return state == State.COMPLETE;
    }

    /**
     * The connection has ended, and with it a body whose length nobody has stated.
     *
     * @throws ProxyException if something is missing
     */
    void end() throws ProxyException {
        if (state != State.TO_THE_END) {
            throw new ProxyException(begun ? Failure.RESPONSE_INCOMPLETE : Failure.NO_RESPONSE);
        }
        complete();
    }

    private void line(State of) throws ProxyException {
        switch (of) {
            case STATUS -> statusLine();
            case FIELDS -> field();
            case CHUNK_SIZE -> chunkSize();
            case CHUNK_END -> chunkEnd();
            default -> trailer();
        }
    }

    private void statusLine() throws ProxyException {
        boolean version = line.length() >= 12 && line.starts("HTTP/1.") && line.digit(7) >= 0 && line.at(8) == ' ';
        boolean end = line.length() == 12 || line.length() > 12 && line.at(12) == ' ';
        if (!version || !end || line.digit(9) < 1 || line.digit(10) < 0 || line.digit(11) < 0) {
            throw malformed("malformed status line");
        }
        int status = line.digit(9) * 100 + line.digit(10) * 10 + line.digit(11);
        String reason = line.length() > 13 ? line.text(13, reasonBefore) : "";
        response = new UpstreamResponse(status, reason, line.digit(7) == 0);
        headSize = 0;
        state = State.FIELDS;
    }

    private void field() throws ProxyException {
        if (line.length() == 0) {
            headEnds();
            return;
        }
        headSize += line.length();
        if (response.fields().size() == MAX_FIELDS || headSize > MAX_HEAD) {
            throw new ProxyException(Failure.RESPONSE_HEAD_TOO_LARGE);
        }
        int colon = colon();
        int index = response.fields().size();
        Map.Entry<String, String> last = index < before.size() ? before.get(index) : NONE;
        String name = line.latin1(0, nameEnd, last.getKey());
        String value = line.text(colon + 1, last.getValue());
        response.fields().add(name == last.getKey() && value == last.getValue() ? last : Map.entry(name, value));
    }

    /** Where the colon of a field is; white space before it is removed from a response (RFC 9112, section 5.1). */
    private int colon() throws ProxyException {
        int colon = 0;
        while (colon < line.length() && Tokens.isTchar(line.at(colon))) {
            colon++;
        }
        nameEnd = colon;
        while (colon < line.length() && (line.at(colon) == ' ' || line.at(colon) == '\t')) {
            colon++;
        }
        if (nameEnd == 0 || colon == line.length() || line.at(colon) != ':') {
            throw malformed("malformed field line");
        }
        return colon;
    }

    private void headEnds() throws ProxyException {
        int status = response.status();
        if (status < 200) {
            if (++interim > MAX_INTERIM || status == 101) {
                throw malformed("unexpected interim response");
            }
            state = State.STATUS;
            return;
        }
        List<String> lengths = response.values("Content-Length");
        List<String> codings = response.values("Transfer-Encoding");
        boolean chunked = codings.size() == 1 && codings.get(0).equalsIgnoreCase("chunked") && lengths.isEmpty() && !response.isHttp10();
        boolean plain = codings.isEmpty() && (lengths.isEmpty() || lengths.size() == 1 && Tokens.isLength(lengths.get(0)));
        if (!plain && !chunked) {
            throw malformed("ambiguous framing");
        }
        bodyLength = 0;
        body = UpstreamResponse.NO_BODY;
        left = lengths.isEmpty() ? 0 : Long.parseLong(lengths.get(0));
        if (toHead || status == 204 || status == 304) {
            response.setBodiless(status == 204 && (left > 0 || chunked));
            complete();
        } else if (chunked) {
            trailers = 0;
            state = State.CHUNK_SIZE;
        } else if (lengths.isEmpty()) {
            response.setEndsConnection();
            state = State.TO_THE_END;
        } else {
            length();
        }
    }

    private void length() throws ProxyException {
        requireWithinLimit(left);
        body = new byte[(int) Math.min(left, MAX_AHEAD)];
        state = State.LENGTH;
        if (left == 0) {
            complete();
        }
    }

    private void take(ByteBuf in, int size) throws ProxyException {
        requireWithinLimit((long) bodyLength + size);
        if (bodyLength + size > body.length) {
            long grown = Math.max(bodyLength + size, Math.min(maxBody, body.length * 2L));
            body = Arrays.copyOf(body, (int) (state == State.LENGTH ? Math.min(grown, bodyLength + left) : grown));
        }
        in.readBytes(body, bodyLength, size);
        bodyLength += size;
        left -= size;
        if (state == State.LENGTH && left == 0) {
            complete();
        } else if (state == State.CHUNK && left == 0) {
            state = State.CHUNK_END;
        }
    }

    private void requireWithinLimit(long size) throws ProxyException {
        if (size > maxBody) {
            throw new ProxyException(Failure.RESPONSE_TOO_LARGE);
        }
    }

    private void chunkSize() throws ProxyException {
        int end = 0;
        left = 0;
        for (; end < line.length() && Character.digit(line.at(end), 16) >= 0; end++) {
            left = left * 16 + Character.digit(line.at(end), 16);
            requireWithinLimit(bodyLength + left);
        }
        String extension = line.text(end, "");
        if (end == 0 || !extension.isEmpty() && extension.charAt(0) != ';') {
            throw new ProxyException(Failure.BAD_CODING, "malformed chunk size");
        }
        state = left == 0 ? State.TRAILERS : State.CHUNK;
    }

    private void chunkEnd() throws ProxyException {
        if (line.length() > 0) {
            throw new ProxyException(Failure.BAD_CODING, "chunk longer than its size");
        }
        state = State.CHUNK_SIZE;
    }

    /** No more is made of it than that it is well-formed. */
    private void trailer() throws ProxyException {
        if (line.length() == 0) {
            complete();
        } else if (++trailers > MAX_TRAILERS) {
            throw malformed("too many trailers");
        } else {
            line.text(colon() + 1, "");
        }
    }

    private void complete() {
        response.setBody(bodyLength == body.length ? body : Arrays.copyOf(body, bodyLength));
        body = UpstreamResponse.NO_BODY;
        state = State.COMPLETE;
    }

    private static ProxyException malformed(String what) {
        return new ProxyException(Failure.BAD_RESPONSE, what);
    }
}
