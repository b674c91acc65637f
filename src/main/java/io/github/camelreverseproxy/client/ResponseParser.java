package io.github.camelreverseproxy.client;

import java.util.List;
import java.util.Map;

import io.github.camelreverseproxy.forwarding.ClientConnection;
import io.github.camelreverseproxy.forwarding.WholeBytes;
import io.github.camelreverseproxy.message.EndToEndFields;
import io.github.camelreverseproxy.message.Failure;
import io.github.camelreverseproxy.message.ProxyException;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;

/**
 * Makes responses of the bytes of a connection, in whatever pieces they come, by the letter of RFC 9112, sections 4 to 7:
 * no junk before the status line, no obs-fold, no control characters, no ambiguous framing, nothing cut short. A short body
 * whose length is stated is collected; any other goes on in pieces. (Netty's HttpResponseDecoder takes obs-fold, after which
 * the bytes are gone, and makes a head's texts anew each time: twice the time and three times the garbage, docs/laboratory.md.)
 * Not thread-safe; one for each connection.
 */
final class ResponseParser {
    /** A longer body is not collected. */
    static final int MAX_WHOLE = 64 * 1024;
    private static final int MAX_HEAD = 256 * 1024;
    private static final int MAX_TRAILERS = 100;
    private static final int MAX_INTERIM = 10;
    private static final int MAX_SIZE_DIGITS = 15;
    /** A response this small is not worth counting: the place of its request is. */
    private static final int UNCOUNTED = 4096;

    private static final Map.Entry<String, String> NONE = Map.entry("", "");

    private enum State { STATUS, FIELDS, LENGTH, TO_THE_END, CHUNK_SIZE, CHUNK, CHUNK_END, TRAILERS, COMPLETE }

    /** Who wants to know what comes before a response is complete. */
    interface Listener {
        /** An interim response (RFC 9110, section 15.2). */
        void interim(UpstreamResponse interim);

        /** @param length of a body that is not collected, or -1 if nobody says it */
        void begins(UpstreamResponse head, long length);

        /** @param bytes of that body, which are the listener's to release */
        void piece(ByteBuf bytes);
    }

    private Listener listener;
    private final ResponseLine line = new ResponseLine();
    private State state = State.COMPLETE;
    private boolean toHead;
    private boolean mayUpgrade;
    private boolean streams;
    private boolean begun;
    private int headSize;
    private int interim;
    private HttpHeaders trailers;
    private UpstreamResponse response;
    /** The fields of the response before, most of which come again: their texts need not be made anew. */
    private List<Map.Entry<String, String>> before = List.of();
    private String reasonBefore = "";
    private ClientConnection client;
    private WholeBytes body;
    private long left;

    /**
     * @param next    who is told of it
     * @param of      whose memory the body takes, or null
     * @param head    whether the request is a HEAD, whose response has no body
     * @param upgrade whether it asks for another protocol, which the connection may become
     */
    void expect(Listener next, ClientConnection of, boolean head, boolean upgrade) {
        listener = next;
        client = of;
        toHead = head;
        mayUpgrade = upgrade;
        streams = false;
        begun = false;
        interim = 0;
        line.reset();
        state = State.STATUS;
    }

    /** Whether any byte of a response has come. */
    boolean isBegun() {
        return begun;
    }

    /** Whether the head is complete; what is missing is of the body. */
    boolean isWithinBody() {
        return state.compareTo(State.FIELDS) > 0 && state != State.COMPLETE;
    }

    /** Hands over the response, once it is complete; an idle connection must not keep its body. */
    UpstreamResponse take() {
        UpstreamResponse complete = response;
        before = complete.fields();
        reasonBefore = complete.reason();
        response = null;
        listener = null;
        return complete;
    }

    /** What came behind the last chunk of a body that was not collected. */
    HttpHeaders trailers() {
        return trailers == null ? EmptyHttpHeaders.INSTANCE : trailers;
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
        if (response.fields().size() == EndToEndFields.MOST || headSize > MAX_HEAD) {
            throw new ProxyException(Failure.RESPONSE_HEAD_TOO_LARGE);
        }
        line.split();
        int index = response.fields().size();
        Map.Entry<String, String> last = index < before.size() ? before.get(index) : NONE;
        String name = line.name(last.getKey());
        String value = line.value(last.getValue());
        response.fields().add(name == last.getKey() && value == last.getValue() ? last : Map.entry(name, value));
    }

    private void headEnds() throws ProxyException {
        int status = response.status();
        if (status < 200) {
            interim(status);
            return;
        }
        trailers = null;
        left = response.length();
        if (toHead || status == 204 || status == 304) {
            response.setBodiless(status == 204 && left != 0 && left != UpstreamResponse.TO_THE_END);
            complete();
        } else if (left == 0) {
            complete();
        } else if (left == UpstreamResponse.CHUNKED) {
            begin(State.CHUNK_SIZE, -1);
        } else if (left == UpstreamResponse.TO_THE_END) {
            response.setEndsConnection();
            begin(State.TO_THE_END, -1);
        } else {
            begin(State.LENGTH, left);
        }
    }

    private void interim(int status) throws ProxyException {
        if (status == 101) {
            if (!mayUpgrade || response.values("Upgrade").isEmpty()) {
                throw malformed("unexpected interim response");
            }
            response.setEndsConnection();
            begin(State.TO_THE_END, -1);
            return;
        }
        if (++interim > MAX_INTERIM) {
            throw malformed("too many interim responses");
        }
        listener.interim(response);
        state = State.STATUS;
    }

    private void begin(State next, long length) {
        state = next;
        streams = length < 0 || length > MAX_WHOLE;
        if (streams) {
            listener.begins(response, length);
        } else {
            body = new WholeBytes(client, length, UNCOUNTED);
        }
    }

    private void take(ByteBuf in, int size) throws ProxyException {
        if (streams) {
            listener.piece(in.readRetainedSlice(size));
        } else if (!body.add(in, size)) {
            throw new ProxyException(Failure.OVERLOADED, "no room for the response");
        }
        left -= size;
        if (state == State.LENGTH && left == 0) {
            complete();
        } else if (state == State.CHUNK && left == 0) {
            state = State.CHUNK_END;
        }
    }

    private void chunkSize() throws ProxyException {
        int end = 0;
        left = 0;
        for (; end < line.length() && Character.digit(line.at(end), 16) >= 0; end++) {
            left = left * 16 + Character.digit(line.at(end), 16);
        }
        String extension = line.text(Math.min(end, line.length()), "");
        if (end == 0 || end > MAX_SIZE_DIGITS || !extension.isEmpty() && extension.charAt(0) != ';') {
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

    private void trailer() throws ProxyException {
        if (line.length() == 0) {
            complete();
            return;
        }
        line.split();
        String value = line.value("");
        trailers = trailers == null ? DefaultHttpHeadersFactory.trailersFactory().withValidation(false).newHeaders() : trailers;
        if (trailers.size() == MAX_TRAILERS) {
            throw malformed("too many trailers");
        }
        String name = line.name("");
        if (EndToEndFields.mayTrail(name)) {
            trailers.add(name, value);
        }
    }

    private void complete() {
        if (body != null) {
            response.setBody(body.take());
            body = null;
        }
        state = State.COMPLETE;
    }

    private static ProxyException malformed(String what) {
        return new ProxyException(Failure.BAD_RESPONSE, what);
    }
}
