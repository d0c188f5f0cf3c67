package io.vmm4j.core.console;

import io.vmm4j.devices.serial.SerialSink;
import io.vmm4j.devices.text.Printable;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A console that keeps what the guest prints and types what it is told to, for tests and scripts.
 *
 * <p>Memory is bounded: of more than the limit the newest half at least is kept. Thread-safe; the guest is never held
 * back.
 *
 * <pre>{@code
 * CapturedConsole console = CapturedConsole.create();
 * ... // give it to the machine, start the machine
 * console.expect("login: ", Duration.ofSeconds(10));
 * console.type("root\n");
 * }</pre>
 */
public class CapturedConsole implements SerialConsole {
    /** Bytes kept unless said otherwise. */
    public static final int DEFAULT_LIMIT = 4 << 20;

    private static final int FIRST_SIZE = 4096;

    /** A pattern is looked for this often, and not at each byte: looking takes as long as there is text. */
    private static final long PATTERN_MILLIS = 10;

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
    protected CapturedConsole(int limit) {
        if (limit < FIRST_SIZE) {
            throw new IllegalArgumentException("limit " + limit + " is below " + FIRST_SIZE);
        }
        this.limit = limit;
    }

    /** A console that keeps {@link #DEFAULT_LIMIT} bytes. */
    public static CapturedConsole create() {
        return new CapturedConsole(DEFAULT_LIMIT);
    }

    /**
     * A console that keeps up to {@code limit} bytes.
     *
     * @param limit 4096 or more
     */
    public static CapturedConsole create(int limit) {
        return new CapturedConsole(limit);
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
    public boolean awaitText(String text, Duration limitTime) throws InterruptedException {
        return await("awaitText()", text, limitTime) != null;
    }

    /**
     * As {@link #awaitText}, for those who cannot go on without the text.
     *
     * @return what the guest has printed behind what was found before, up to and with {@code text}, as far as it is kept
     * @throws ConsoleExpectationException when it has not come in time, or the console was closed; the message has what came instead
     * @throws IllegalStateException       on a thread that serves the guest, which would wait for itself
     */
    public String expect(String text, Duration limitTime) throws InterruptedException {
        String seen = await("expect()", text, limitTime);
        if (seen == null) {
            throw missing('"' + Printable.escape(text) + '"', limitTime);
        }
        return seen;
    }

    /**
     * As {@link #expect(String, Duration)}, for what a pattern finds; what the guest has printed is read as UTF-8. A match is taken as
     * soon as there is one: a pattern with {@code +} at its end may match less than what is still to come.
     *
     * @return the match; what it is in begins behind what was found before
     * @throws ConsoleExpectationException when there is none in time, or the console was closed; the message has what came instead
     * @throws IllegalStateException       on a thread that serves the guest, which would wait for itself
     */
    public synchronized MatchResult expect(Pattern pattern, Duration limitTime) throws InterruptedException {
        requireMayWait("expect()");
        long deadline = System.nanoTime() + TimeUnit.NANOSECONDS.convert(limitTime);
        long tried = -1;
        while (true) {
            if (tried != forgotten + count) {
                tried = forgotten + count;
                Matcher matcher = pattern.matcher(unmatched());
                if (matcher.find()) {
                    matched = Math.max(matched, forgotten) + bytesOf(matcher.end());
                    return matcher.toMatchResult();
                }
            }
            long leftNanos = deadline - System.nanoTime();
            if (closed || leftNanos <= 0) {
                throw missing("/" + pattern + "/", limitTime);
            }
            wait(Math.min(PATTERN_MILLIS, leftNanos / 1_000_000 + 1));
        }
    }

    private void requireMayWait(String call) {
        if (port != null) {
            port.requireMayWait(call);
        }
    }

    /** What was printed from the last match to {@code text}; {@code null} when that has not come. */
    private synchronized String await(String call, String text, Duration limitTime) throws InterruptedException {
        requireMayWait(call);
        byte[] wanted = text.getBytes(StandardCharsets.UTF_8);
        long deadline = System.nanoTime() + TimeUnit.NANOSECONDS.convert(limitTime);
        long from = matched;
        waiting++;
        try {
            while (true) {
                long at = find(wanted, from);
                if (at >= 0) {
                    int begin = firstUnmatched();
                    matched = at + wanted.length;
                    return new String(bytes, begin, (int) (matched - forgotten) - begin, StandardCharsets.UTF_8);
                }
                // Nothing that begins earlier can match any more.
                from = Math.max(from, forgotten + count - wanted.length + 1);
                long leftNanos = deadline - System.nanoTime();
                if (closed || leftNanos <= 0) {
                    return null;
                }
                wait(leftNanos / 1_000_000, (int) (leftNanos % 1_000_000));
            }
        } finally {
            waiting--;
        }
    }

    private int firstUnmatched() {
        return (int) (Math.max(matched, forgotten) - forgotten);
    }

    private String unmatched() {
        int begin = firstUnmatched();
        return new String(bytes, begin, count - begin, StandardCharsets.UTF_8);
    }

    /** How many bytes the first {@code characters} of what is unmatched were, also where they are no UTF-8. */
    private int bytesOf(int characters) {
        int begin = firstUnmatched();
        ByteBuffer read = ByteBuffer.wrap(bytes, begin, count - begin);
        StandardCharsets.UTF_8.newDecoder().onMalformedInput(CodingErrorAction.REPLACE)
                .decode(read, CharBuffer.allocate(characters), false);
        return read.position() - begin;
    }

    private synchronized ConsoleExpectationException missing(String what, Duration limitTime) {
        return ExpectationText.missing(what, limitTime, closed, unmatched());
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
     * What the guest has printed, as far as it is kept, and goes on to print: a stream of its own at each call, and untouched by what is
     * waited for. Its end is that of the console. A read waits for output, and an interrupt ends that with an
     * {@link java.io.InterruptedIOException}; one that comes so late that output was forgotten meanwhile fails, and the next goes on
     * with what is left.
     */
    public synchronized InputStream guestOutput() {
        return new CapturedOutput(this, forgotten);
    }

    /** A stream whose bytes are typed to the guest, as by {@link #type}. Closing it does nothing. */
    public OutputStream guestInput() {
        return new TypedInput(this);
    }

    /** Position of the first byte that is kept. */
    synchronized long oldest() {
        return forgotten;
    }

    /** Bytes that are there behind {@code position}. */
    synchronized int available(long position) {
        return (int) (forgotten + count - Math.max(position, forgotten));
    }

    /** Bytes from {@code position} on, one at least; -1 when there will be none. */
    synchronized int read(long position, byte[] into, int offset, int length) throws InterruptedException {
        requireMayWait("a read of the guest's output");
        waiting++;
        try {
            while (forgotten + count <= position) {
                if (closed) {
                    return -1;
                }
                wait();
            }
        } finally {
            waiting--;
        }
        int begin = (int) (Math.max(position, forgotten) - forgotten);
        int read = Math.min(length, count - begin);
        System.arraycopy(bytes, begin, into, offset, read);
        return read;
    }

    /**
     * Types {@code text}, in UTF-8, waiting while the guest does not read.
     *
     * @throws IllegalStateException when the console is not attached to a machine; on a thread that serves the guest, which
     *     would wait for itself
     */
    public void type(String text) throws InterruptedException {
        byte[] typed = text.getBytes(StandardCharsets.UTF_8);
        type(typed, 0, typed.length);
    }

    void type(byte[] typed, int offset, int length) throws InterruptedException {
        SerialPort to;
        synchronized (this) {
            to = port;
        }
        if (to == null) {
            throw new IllegalStateException("the console is not attached to a machine yet");
        }
        to.send(typed, offset, length);
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
