package io.vmm4j.core.host;

import io.vmm4j.core.console.SerialPort;
import io.vmm4j.devices.serial.SerialSink;
import io.vmm4j.devices.time.NanoClock;
import java.io.IOException;
import java.io.OutputStream;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A bounded ring between the vCPU threads, which must not block, and an output stream that may.
 *
 * <p>One writer thread empties the ring. While the ring is full {@link #hasRoom()} is false, so the serial device holds
 * the guest back and a slow reader loses nothing; when there is room again the port hears of it. A reader that takes
 * nothing at all for a bound does not hold the guest for good: bytes that find the ring full are then dropped and
 * counted until the reader moves again. A stream that fails (its reader has gone) ends the writer; from then on all
 * output is dropped. One that throws anything but an {@link IOException} ends the machine.
 *
 * <p>Bytes appear at once: a byte that finds the writer idle wakes it. After each burst the writer looks once more after
 * {@value #LINGER_NANOS} ns before it goes idle, so that during a flow of output the vCPU threads need not wake it.
 *
 * <p>{@link #hasRoom()} and {@link #write} are called by one thread at a time (the device's lock sees to it); the other
 * methods are for any thread. {@code head}, {@code starved} and {@code idle} on one side and {@code tail} on the other
 * are volatile on purpose: each side stores its own field first and reads the other's after, so no wake-up is lost.
 */
final class OutputBuffer implements SerialSink, AutoCloseable {
    /** Bytes that the console keeps for a slow reader. */
    static final int CAPACITY = 64 * 1024;
    /** How long a reader may take nothing before output is dropped. */
    static final long STUCK_NANOS = 1_000_000_000L;
    /** In place of such a time: a reader may take nothing for as long as it likes, and the guest waits. */
    static final long PATIENT = Long.MAX_VALUE;

    /** Bytes a write to the stream: so few that a terminal of 9600 baud shows progress twice a second. */
    private static final int CHUNK = 512;
    private static final long LINGER_NANOS = 500_000;
    /** Looks that must find the reader unmoved, so that a process stopped for a while does not blame its reader. */
    private static final int LOOKS = 4;
    private static final long FLUSH_STEP_MILLIS = 20;
    private static final long FLUSH_LIMIT_MILLIS = 5_000;

    private final String name;
    private final OutputStream stream;
    private final NanoClock clock;
    private final long stuckNanos;
    private final Runnable failed;
    private final byte[] ring;
    private final Thread writer;
    /** Whose timer looks at a reader that takes nothing; there from the start on, and shared by all consoles. */
    private volatile HelperThreads helpers;
    private volatile SerialPort port;

    /** Bytes ever taken from the guest. Stored by the guest's side only. */
    private volatile long head;
    /** Bytes ever given to the stream. Stored by the writer only. */
    private volatile long tail;
    /** Bytes dropped. Stored by the guest's side only. */
    private volatile long dropped;
    /** The writer sleeps without bound, or is about to. */
    private volatile boolean idle;
    /** The guest was told that there is no room and has not been told of room since. */
    private volatile boolean starved;
    /** The value of {@link #tail} at which the reader was found stuck: it is stuck for as long as they are equal. */
    private volatile long stuckAt = -1;
    /** Text of our own for the reader, written between two chunks of the guest's. */
    private volatile byte[] notice;
    private final AtomicBoolean isToLook = new AtomicBoolean();
    private volatile boolean closing;
    private volatile boolean ended;

    /* Confined to the timer. */
    private long watchedTail = -1;
    private long waitedNanos;
    private long lastLookNanos;

    /** Loaded when there is something to say: a logging back end is not for the start path. */
    private static final class Log {
        static final Logger LOG = LoggerFactory.getLogger(OutputBuffer.class);
    }

    /**
     * @param name for thread names and the log, such as {@code stdout}
     * @param capacity bytes, a power of two
     * @param stuckNanos how long the reader may take nothing before output is dropped
     */
    OutputBuffer(String name, OutputStream stream, int capacity, NanoClock clock, long stuckNanos) {
        this(name, stream, capacity, clock, stuckNanos, () -> { });
    }

    /** @param failed called once when the stream takes no more, on the writer's thread */
    OutputBuffer(String name, OutputStream stream, int capacity, NanoClock clock, long stuckNanos, Runnable failed) {
        if (Integer.bitCount(capacity) != 1) {
            throw new IllegalArgumentException("capacity " + capacity + " is not a power of two");
        }
        this.name = name;
        this.stream = stream;
        this.clock = clock;
        this.stuckNanos = stuckNanos;
        this.failed = failed;
        this.ring = new byte[capacity];
        this.writer = new Thread("console-out") {
            @Override
            public void run() {
                writeUntilEnd();
            }
        };
        writer.setDaemon(true);
    }

    /**
     * Starts writing. What came before is written first.
     *
     * @throws IOException when the host has no thread for it, or for what looks at a reader that takes nothing; to be closed then
     */
    void start(SerialPort tellRoomTo) throws IOException {
        port = tellRoomTo;
        helpers = HelperThreads.start();
        tellRoomTo.own(writer);
        Threads.start(writer);
    }

    @Override
    public boolean hasRoom() {
        if (canTake()) {
            return true;
        }
        if (!starved) {
            starved = true;
            watch(0);
        }
        return canTake();
    }

    /** Looks after so long, on the timer's thread, unless it is to look already. */
    private void watch(long nanos) {
        HelperThreads timer = helpers;
        if (timer != null && stuckNanos != PATIENT && !ended && isToLook.compareAndSet(false, true)) {
            timer.schedule(this::look, nanos);
        }
    }

    private boolean canTake() {
        long writtenOut = tail;
        return head - writtenOut < ring.length || writtenOut == stuckAt || ended;
    }

    @Override
    public void write(int octet) {
        long position = head;
        if (position - tail >= ring.length || ended) {
            dropped++;
            return;
        }
        ring[(int) position & ring.length - 1] = (byte) octet;
        head = position + 1;
        if (idle) {
            wakeWriter();
        }
    }

    /** Shows a text of our own, as soon as the stream takes it; one that is still waiting is replaced. */
    void show(byte[] text) {
        notice = text;
        if (idle) {
            wakeWriter();
        }
    }

    /** Bytes of the guest's that nobody will see. */
    long droppedBytes() {
        return dropped;
    }

    private void wakeWriter() {
        idle = false;
        LockSupport.unpark(writer);
    }

    private boolean hasWork() {
        return head != tail || notice != null || closing;
    }

    private void writeUntilEnd() {
        try {
            boolean last;
            do {
                // Asked before the look for bytes: what was there when close() came is written.
                last = closing;
                if (!writeSome() && !last) {
                    awaitWork();
                }
            } while (!last);
        } catch (Throwable e) { // the stream may be anybody's
            ended = true;
            releaseGuest();
            if (e instanceof IOException) {
                Log.LOG.warn("{}, {}: output has nowhere to go ({}); it is dropped from here on, the machine goes on", port.name(), name, e.getMessage());
            } else {
                port.failed("output.write()", e);
            }
            failed.run();
        }
    }

    /** Writes everything there is. Returns whether there was something. */
    private boolean writeSome() throws IOException {
        boolean wrote = showNotice();
        while (head != tail) {
            int from = (int) tail & ring.length - 1;
            int length = (int) Math.min(Math.min(head - tail, CHUNK), ring.length - from);
            stream.write(ring, from, length);
            if (head == tail + length) {
                stream.flush();
            }
            tail += length;
            releaseGuest();
            showNotice();
            wrote = true;
        }
        return wrote;
    }

    private boolean showNotice() throws IOException {
        byte[] text = notice;
        if (text == null) {
            return false;
        }
        notice = null;
        stream.write(text);
        stream.flush();
        return true;
    }

    private void awaitWork() {
        if (!hasWork()) {
            LockSupport.parkNanos(this, LINGER_NANOS);
        }
        idle = true;
        while (idle && !hasWork()) {
            LockSupport.park(this);
            // An interrupt would make every further park return at once; nobody has a use for one here.
            Thread.interrupted();
        }
        idle = false;
    }

    private void releaseGuest() {
        if (starved) {
            starved = false;
            port.outputReady();
        }
    }

    /** One look at a reader that the guest waits for; lets the guest go when it has not moved for the bound. Does not wait. */
    private void look() {
        // First: who is starved from here on has another look asked for.
        isToLook.set(false);
        if (!starved || ended) {
            return;
        }
        long interval = Math.max(stuckNanos / LOOKS, 1);
        long now = clock.nanoTime();
        long seen = tail;
        waitedNanos = seen == watchedTail ? waitedNanos + Math.min(now - lastLookNanos, interval) : 0;
        watchedTail = seen;
        lastLookNanos = now;
        if (waitedNanos < stuckNanos) {
            watch(interval);
            return;
        }
        if (stuckAt < 0) {
            // The log may wait, and others' timers do not wait for it.
            helpers.answers().execute(() -> Log.LOG.warn("{}: the reader takes nothing; output that does not fit is dropped until it does", name));
        }
        stuckAt = seen;
        releaseGuest();
    }

    /**
     * Writes out what is there, for as long as the reader takes it, at most 5 s unless it is {@link #PATIENT}. Output given later is dropped. The
     * stream stays open. A second call does nothing.
     */
    @Override
    public void close() {
        if (closing) {
            return;
        }
        closing = true;
        try {
            awaitFlush();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        ended = true;
        HelperThreads timer = helpers;
        if (timer != null) {
            timer.close();
        }
        long lost = dropped + (head - tail);
        if (lost > 0) {
            Log.LOG.warn("{}: {} bytes of output were dropped", name, lost);
        }
    }

    /** Whether nothing is written any more, so that whoever closed this may write to the stream. */
    boolean isDone() {
        return !writer.isAlive();
    }

    private void awaitFlush() throws InterruptedException {
        LockSupport.unpark(writer);
        long seen = tail;
        long quietMillis = 0;
        long waitedMillis = 0;
        boolean isPatient = stuckNanos == PATIENT;
        while (writer.isAlive() && (isPatient || waitedMillis < FLUSH_LIMIT_MILLIS && quietMillis * 1_000_000 < stuckNanos)) {
            writer.join(FLUSH_STEP_MILLIS);
            waitedMillis += FLUSH_STEP_MILLIS;
            quietMillis = tail == seen ? quietMillis + FLUSH_STEP_MILLIS : 0;
            seen = tail;
        }
    }
}
