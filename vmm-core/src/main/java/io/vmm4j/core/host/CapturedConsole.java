package io.vmm4j.core.host;

import io.vmm4j.devices.serial.SerialSink;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;

/**
 * A console that keeps what the guest prints and types what it is told to. Made by {@link StreamConsole#capture()}.
 *
 * <p>Memory is bounded: of more than the limit the newest half at least is kept. Thread-safe; the guest is never held
 * back.
 */
public final class CapturedConsole implements SerialConsole {
    /** Bytes kept unless said otherwise. */
    static final int DEFAULT_LIMIT = 4 << 20;

    private static final int FIRST_SIZE = 4096;

    private final int limit;
    private final SerialSink sink = new SerialSink() {
        @Override
        public boolean hasRoom() {
            return true;
        }

        @Override
        public void write(int octet) {
            append((byte) octet);
        }
    };

    /* Guarded by this. */
    private byte[] bytes = new byte[FIRST_SIZE];
    private int count;
    /** Bytes forgotten, so that positions in the guest's output do not change. */
    private long forgotten;
    /** Position behind the last text that was waited for and came. */
    private long matched;
    private int waiting;
    private SerialPort port;
    private boolean closed;

    /** @param limit bytes to keep, 4096 or more */
    CapturedConsole(int limit) {
        if (limit < FIRST_SIZE) {
            throw new IllegalArgumentException("limit " + limit + " is below " + FIRST_SIZE);
        }
        this.limit = limit;
    }

    private synchronized void append(byte octet) {
        if (count == bytes.length) {
            makeRoom();
        }
        bytes[count++] = octet;
        if (waiting > 0) {
            notifyAll();
        }
    }

    private void makeRoom() {
        if (bytes.length < limit) {
            bytes = Arrays.copyOf(bytes, (int) Math.min(limit, bytes.length * 2L));
            return;
        }
        int newest = count / 2;
        System.arraycopy(bytes, count - newest, bytes, 0, newest);
        forgotten += count - newest;
        count = newest;
    }

    /** What the guest has printed, as far as it is kept, read as UTF-8. */
    public synchronized String text() {
        return new String(bytes, 0, count, StandardCharsets.UTF_8);
    }

    /**
     * Waits until the guest prints {@code text}. Each call looks behind what the last successful one found, so that the
     * same prompt can be waited for again and again; output from before the call counts.
     *
     * @return whether it came; false when the time was up or the console was closed
     * @throws IllegalStateException on a thread that serves the guest, which would wait for itself
     */
    public synchronized boolean awaitText(String text, Duration limitTime) throws InterruptedException {
        if (port != null) {
            port.requireMayWait("awaitText()");
        }
        byte[] wanted = text.getBytes(StandardCharsets.UTF_8);
        long deadline = System.nanoTime() + TimeUnit.NANOSECONDS.convert(limitTime);
        long from = matched;
        waiting++;
        try {
            while (true) {
                long at = find(wanted, from);
                if (at >= 0) {
                    matched = at + wanted.length;
                    return true;
                }
                // Nothing that begins earlier can match any more.
                from = Math.max(from, forgotten + count - wanted.length + 1);
                long leftNanos = deadline - System.nanoTime();
                if (closed || leftNanos <= 0) {
                    return false;
                }
                wait(leftNanos / 1_000_000, (int) (leftNanos % 1_000_000));
            }
        } finally {
            waiting--;
        }
    }

    private long find(byte[] wanted, long from) {
        int first = (int) (Math.max(from, forgotten) - forgotten);
        for (int i = first; i + wanted.length <= count; i++) {
            if (Arrays.equals(bytes, i, i + wanted.length, wanted, 0, wanted.length)) {
                return forgotten + i;
            }
        }
        return -1;
    }

    /**
     * Types {@code text}, in UTF-8, waiting while the guest does not read.
     *
     * @throws IllegalStateException when the console is not attached to a machine; on a thread that serves the guest, which
     *     would wait for itself
     */
    public void type(String text) throws InterruptedException {
        SerialPort to;
        synchronized (this) {
            to = port;
        }
        if (to == null) {
            throw new IllegalStateException("the console is not attached to a machine yet");
        }
        byte[] typed = text.getBytes(StandardCharsets.UTF_8);
        to.send(typed, 0, typed.length);
    }

    @Override
    public SerialSink output() {
        return sink;
    }

    @Override
    public synchronized void attach(SerialPort serialPort) {
        if (port != null || closed) {
            throw new IllegalStateException("this console was attached or closed before");
        }
        port = serialPort;
    }

    /** Ends waits for text that has not come. What was captured stays readable. */
    @Override
    public synchronized void close() {
        closed = true;
        notifyAll();
    }
}
