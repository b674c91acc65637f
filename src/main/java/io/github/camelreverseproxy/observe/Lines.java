package io.github.camelreverseproxy.observe;

import java.io.Closeable;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.locks.LockSupport;

/**
 * Where whole lines are written, to a file or to standard output; what is written at once stays together. A disk that is full
 * may take a part: a line that was cut off there ends before the next one begins. Thread-safe.
 */
final class Lines implements Closeable {
    private static final long PAUSE_NANOS = 1_000_000;

    private final FileChannel to;
    private boolean cutOff;

    private Lines(FileChannel to) {
        this.to = to;
    }

    /** @throws IOException if it cannot be written */
    static Lines appendedTo(Path file) throws IOException {
        return new Lines(FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND));
    }

    static Lines ofStandardOutput() {
        return new Lines(new FileOutputStream(FileDescriptor.out).getChannel());
    }

    /**
     * Waits for the disk, or for whoever reads.
     *
     * @return how many of the lines were not written, or not wholly
     */
    synchronized int write(byte[] bytes, int size) {
        ByteBuffer left = ByteBuffer.wrap(bytes, 0, size);
        try {
            if (cutOff) {
                writeAll(ByteBuffer.wrap(new byte[] {'\n'}));
                cutOff = false;
            }
            writeAll(left);
            return 0;
        } catch (IOException e) {
            int written = left.position();
            cutOff |= written > 0 && bytes[written - 1] != '\n';
            int lost = 0;
            while (left.hasRemaining()) {
                lost += left.get() == '\n' ? 1 : 0;
            }
            return lost;
        }
    }

    private void writeAll(ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            if (to.write(bytes) == 0) {
                // Standard output that somebody has set not to block.
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        }
    }

    @Override
    public void close() throws IOException {
        to.close();
    }
}
