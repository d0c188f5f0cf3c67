package io.vmm4j.core.control;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The lines that wait for one client which listens: put by a thread of the machine's, which waits where too many do, taken by the
 * server's. Thread-safe.
 */
final class ControlStream implements AutoCloseable {

    static final int LINES_MAX = 64;

    private static final Logger LOG = LoggerFactory.getLogger(ControlStream.class);

    private final Runnable wake;
    /* Guarded by this. */
    private final Deque<String> lines = new ArrayDeque<>();
    private AutoCloseable subscription;
    private boolean isEnded;
    private boolean isClosed;

    /** @param wake called when there is something for the client; does not wait */
    ControlStream(Runnable wake) {
        this.wake = wake;
    }

    /** @param source closed with this stream */
    void of(AutoCloseable source) {
        synchronized (this) {
            if (!isClosed) {
                subscription = source;
                return;
            }
        }
        unsubscribe(source);
    }

    /** Puts a line, as soon as there is room; forgets it once the stream is closed. */
    void offer(String line) {
        synchronized (this) {
            boolean interrupted = false;
            while (lines.size() >= LINES_MAX && !isClosed) {
                try {
                    wait();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
            if (isClosed) {
                return;
            }
            lines.add(line);
        }
        wake.run();
    }

    /** Puts a line if there is room, and else forgets it: one that a later one says too. */
    void offerUnlessFull(String line) {
        synchronized (this) {
            if (isClosed || lines.size() >= LINES_MAX) {
                return;
            }
            lines.add(line);
        }
        wake.run();
    }

    /** Nothing comes behind what was put. */
    void end() {
        synchronized (this) {
            isEnded = true;
        }
        wake.run();
    }

    /** The next line with its end; null when none waits. */
    synchronized ByteBuffer next() {
        String line = lines.poll();
        notifyAll();
        return line == null ? null : ByteBuffer.wrap((line + "\n").getBytes(StandardCharsets.UTF_8));
    }

    /** Whether no line comes any more. */
    synchronized boolean isOver() {
        return isEnded && lines.isEmpty();
    }

    @Override
    public void close() {
        AutoCloseable source;
        synchronized (this) {
            isClosed = true;
            isEnded = true;
            lines.clear();
            notifyAll();
            source = subscription;
            subscription = null;
        }
        if (source != null) {
            unsubscribe(source);
        }
    }

    private static void unsubscribe(AutoCloseable source) {
        try {
            source.close();
        } catch (Exception e) {
            LOG.warn("a client that has left is still being told: {}", e.toString());
        }
    }
}
