package io.github.camelreverseproxy.forwarding;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.function.Consumer;

import io.github.camelreverseproxy.message.Failure;
import io.github.camelreverseproxy.message.ProxyException;
import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.ReferenceCountUtil;
import org.apache.camel.Exchange;
import org.apache.camel.support.SynchronizationAdapter;

/**
 * A body that is on its way from the connection that it comes by to the one that it goes by, and is nowhere as a whole. To
 * a route it is a thing that can be handed on, once; {@link WholeBody} makes bytes of it.
 *
 * <pre>
 *   Source                          BodyStream                       Sink
 *   a connection that is read       nothing, once there is a sink;   a connection that is written
 *                                   before, what had been read
 *          piece, end, fail  ------------------------------->  piece, end, failed
 *          read, abandon     &lt;-------------------------------  full, cancel
 * </pre>
 *
 * <p>Both connections are of one event loop: no thread waits, and nothing is handed from one to another. The source is read
 * only while the sink is not full. Ends once: with its last piece, by a failure, or because nobody wants the rest.
 * Confined to its event loop, but for what says otherwise.
 */
public final class BodyStream {
    /** The connection that a body comes by. */
    public interface Source {
        /** @param more whether it is to be read from now on; it is not until this was said */
        void read(boolean more);

        /** Nobody wants the rest. */
        void abandon();
    }

    /** Where a body goes. */
    public interface Sink {
        /** @param bytes which are the sink's to release from now on */
        void piece(ByteBuf bytes);

        /** There are no further pieces for now. */
        void flush();

        /** That was all. */
        void end(HttpHeaders trailers);

        /** There is no more, though there should be. */
        void failed(ProxyException why);
    }

    private final EventLoop loop;
    private final Source source;
    private final long length;
    private final int wholeLimit;
    private final Failure tooLarge;
    private final Queue<ByteBuf> early = new ArrayDeque<>(2);
    private List<Consumer<ProxyException>> watchers = List.of();
    private Consumer<BodyStream> back;
    private volatile Exchange owner;
    private volatile boolean taken;
    private volatile boolean left;
    private volatile byte[] whole;
    private Sink sink;
    private boolean full;
    private boolean ended;
    private HttpHeaders trailers = EmptyHttpHeaders.INSTANCE;
    private ProxyException failure;
    private long moved = System.nanoTime();

    /**
     * @param length     in bytes, or -1 if nobody has said it
     * @param wholeLimit the most that may be made a whole of it, in bytes
     * @param tooLarge   what it is if there is more
     */
    public BodyStream(EventLoop loop, Source source, long length, int wholeLimit, Failure tooLarge) {
        this.loop = loop;
        this.source = source;
        this.length = length;
        this.wholeLimit = wholeLimit;
        this.tooLarge = tooLarge;
    }

    public EventLoop eventLoop() {
        return loop;
    }

    /** In bytes; -1 if nobody has said it. */
    public long length() {
        return length;
    }

    int wholeLimit() {
        return wholeLimit;
    }

    Failure tooLarge() {
        return tooLarge;
    }

    /** Belongs to this exchange alone from now on; copies of it cannot have the body too. */
    public void belongsTo(Exchange exchange) {
        owner = exchange;
    }

    /** Whether somebody has it. May be asked on any thread. */
    public boolean isTaken() {
        return taken;
    }

    /**
     * May be called on any thread.
     *
     * @throws IllegalStateException if it is not there for this exchange
     */
    public void requireFor(Exchange exchange) {
        if (taken || left || owner != null && owner != exchange) {
            throw new IllegalStateException("the body is a stream, which is there once and not for copies of the exchange; "
                    + "to use it more often put the step wholeBody before");
        }
    }

    /** It has been made a whole, and can be used as often as one likes. */
    void keep(byte[] bytes) {
        whole = bytes;
    }

    /** All of it, once it has been made a whole; or null. */
    public byte[] whole() {
        return whole;
    }

    /** Gives it to whoever takes it; once. */
    public void to(Sink taker) {
        if (taken) {
            throw new IllegalStateException("the body is a stream, which is there once");
        }
        taken = true;
        sink = taker;
        boolean some = !early.isEmpty();
        for (ByteBuf piece = early.poll(); piece != null; piece = early.poll()) {
            sink.piece(piece);
        }
        if (some) {
            sink.flush();
        }
        if (failure != null) {
            sink.failed(failure);
        } else if (ended) {
            sink.end(trailers);
        } else if (!full) {
            source.read(true);
        }
    }

    /** The source has read some of it. */
    public void piece(ByteBuf bytes) {
        moved = System.nanoTime();
        if (ended) {
            bytes.release();
        } else if (sink == null) {
            early.add(bytes);
        } else {
            sink.piece(bytes);
        }
    }

    /** The source has read all that there is for now. */
    public void flush() {
        if (sink != null && !ended) {
            sink.flush();
        }
    }

    /** That was all. */
    public void end(HttpHeaders last) {
        if (!ended) {
            ended = true;
            trailers = last;
            if (sink != null) {
                sink.end(last);
            }
            tell();
        }
    }

    /** The source has no more of it, though there should be. */
    public void fail(ProxyException why) {
        if (!ended) {
            ended = true;
            failure = why;
            drop();
            if (sink != null) {
                sink.failed(why);
            }
            tell();
        }
    }

    /** The sink, or nobody at all, wants the rest. */
    public void cancel(ProxyException why) {
        if (!ended) {
            ended = true;
            failure = why;
            drop();
            source.abandon();
            tell();
        } else if (sink == null) {
            drop();
        }
    }

    /** If nobody has taken it, nobody will any more. */
    public void leave(ProxyException why) {
        if (!taken) {
            left = true;
            cancel(why);
        }
    }

    /** Whether the sink takes no more for now. */
    public void full(boolean now) {
        if (full != now) {
            full = now;
            moved = System.nanoTime();
            if (!ended) {
                source.read(!now);
            }
        }
    }

    private void drop() {
        early.forEach(ReferenceCountUtil::release);
        early.clear();
    }

    private void tell() {
        List<Consumer<ProxyException>> all = watchers;
        watchers = List.of();
        all.forEach(one -> one.accept(failure));
    }

    /** @param watcher is told the end, and why if it was not the last piece; at once if it has ended. May be said on any thread. */
    public void whenEnded(Consumer<ProxyException> watcher) {
        if (!loop.inEventLoop()) {
            loop.execute(() -> whenEnded(watcher));
        } else if (ended) {
            watcher.accept(failure);
        } else {
            watchers = watchers.isEmpty() ? new ArrayList<>(2) : watchers;
            watchers.add(watcher);
        }
    }

    /** Nobody gets it when this exchange is over, unless it has been taken by then. */
    public void leaveWith(Exchange exchange) {
        exchange.getExchangeExtension().addOnCompletion(new SynchronizationAdapter() {
            @Override
            public void onDone(Exchange over) {
                if (loop.inEventLoop()) {
                    leave(new ProxyException(Failure.CLIENT_GONE));
                } else {
                    loop.execute(() -> leave(new ProxyException(Failure.CLIENT_GONE)));
                }
            }
        });
    }

    public boolean isEnded() {
        return ended;
    }

    /** When the last piece came, or was wanted again, by {@link System#nanoTime}: a source that is held up is not idle. */
    public long moved() {
        return moved;
    }

    /** @param taker of the bytes that go the other way, once the connections have become a tunnel (RFC 9110, section 7.8) */
    public void tunnel(Consumer<BodyStream> taker) {
        back = taker;
    }

    /** Takes the bytes that go the other way; null if this is no tunnel. */
    public Consumer<BodyStream> back() {
        return back;
    }

    @Override
    public String toString() {
        return "a body on its way" + (length < 0 ? "" : " of " + length + " bytes");
    }
}
