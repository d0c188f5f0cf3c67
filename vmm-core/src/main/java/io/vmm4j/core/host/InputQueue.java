package io.vmm4j.core.host;

import io.vmm4j.core.console.SerialPort;
import java.io.IOException;
import java.util.concurrent.TimeUnit;

/**
 * Input on its way to the guest, so that who reads it need not wait for the guest: one thread puts, a thread of the
 * queue's own sends. Bounded: while the queue is full {@link #put} waits, so that nothing is lost, and {@link #offer} does not,
 * so that its caller reads on.
 *
 * <p>Thread-safe.
 */
final class InputQueue implements AutoCloseable {
    /** Bytes that may wait for the guest when who sends them can be made to wait. */
    static final int CAPACITY = 1 << 20;
    /** Bytes that may wait for the guest when they are typed: more than anybody pastes. */
    static final int TYPED_CAPACITY = 1 << 24;

    private static final int FIRST_SIZE = 4096;
    private static final int BATCH = 4096;
    private static final long CLOSE_LIMIT_MILLIS = 1_000;

    private final SerialPort port;
    private final int capacity;

    /* Guarded by this: a ring that doubles up to the capacity. */
    private byte[] ring = new byte[FIRST_SIZE];
    private int first;
    private int count;
    private boolean isSending;
    private boolean closed;
    private final Thread sender;

    /** @param capacity bytes, a power of two of 4096 or more */
    InputQueue(SerialPort port, int capacity) {
        if (capacity < FIRST_SIZE || Integer.bitCount(capacity) != 1) {
            throw new IllegalArgumentException("capacity " + capacity + " is not a power of two from " + FIRST_SIZE);
        }
        this.port = port;
        this.capacity = capacity;
        this.sender = new Thread("console-send") {
            @Override
            public void run() {
                sendUntilClosed();
            }
        };
        sender.setDaemon(true);
    }

    /**
     * Starts sending; once, before the queue is closed.
     *
     * @throws IOException when the host has no thread for it
     */
    void start() throws IOException {
        port.own(sender);
        Threads.start(sender);
    }

    /** Queues bytes, waiting while there is no room; forgets them once the queue is closed. */
    synchronized void put(byte[] data, int offset, int length) throws InterruptedException {
        int done = offer(data, offset, length);
        while (done < length && !closed) {
            wait();
            done += offer(data, offset + done, length - done);
        }
    }

    /** Queues as many bytes as there is room for; returns how many. Takes, and forgets, all once the queue is closed. */
    synchronized int offer(byte[] data, int offset, int length) {
        if (closed) {
            return length;
        }
        int done = 0;
        while (done < length && (count < ring.length || grow())) {
            int at = first + count & ring.length - 1;
            int n = Math.min(Math.min(length - done, ring.length - count), ring.length - at);
            System.arraycopy(data, offset + done, ring, at, n);
            count += n;
            done += n;
        }
        notifyAll();
        return done;
    }

    /** Whether there is room for half of what it holds. */
    synchronized boolean isHalfEmpty() {
        return count <= capacity / 2;
    }

    private boolean grow() {
        if (ring.length == capacity) {
            return false;
        }
        byte[] larger = new byte[ring.length * 2];
        int toEnd = ring.length - first;
        System.arraycopy(ring, first, larger, 0, toEnd);
        System.arraycopy(ring, 0, larger, toEnd, first);
        ring = larger;
        first = 0;
        return true;
    }

    /** Waits {@code millis} at most until all that was queued has been sent; returns whether it has. */
    synchronized boolean awaitSent(long millis) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        for (long left = end - System.nanoTime(); (count > 0 || isSending) && !closed && left > 0; left = end - System.nanoTime()) {
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
        return count == 0 && !isSending;
    }

    private void sendUntilClosed() {
        byte[] batch = new byte[BATCH];
        try {
            int n = take(batch);
            while (n > 0) {
                port.send(batch, 0, n);
                n = take(batch);
            }
        } catch (InterruptedException e) {
            // close() asks for the end this way; what is left has no receiver.
            Thread.currentThread().interrupt();
        }
    }

    /** Moves bytes to {@code batch}, waiting for some; returns how many, 0 once closed. */
    private synchronized int take(byte[] batch) throws InterruptedException {
        isSending = false;
        notifyAll();
        while (count == 0 && !closed) {
            wait();
        }
        if (closed) {
            return 0;
        }
        int n = Math.min(Math.min(count, batch.length), ring.length - first);
        System.arraycopy(ring, first, batch, 0, n);
        first = first + n & ring.length - 1;
        count -= n;
        isSending = true;
        if (count == 0 && ring.length > FIRST_SIZE) {
            ring = new byte[FIRST_SIZE];
            first = 0;
        }
        notifyAll();
        return n;
    }

    /** Ends the sending thread; bytes not yet sent are forgotten. A second call does nothing. */
    @Override
    public void close() {
        synchronized (this) {
            closed = true;
            notifyAll();
        }
        sender.interrupt();
        Threads.joinWithin(sender, CLOSE_LIMIT_MILLIS);
    }
}
