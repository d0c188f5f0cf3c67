package io.vmm4j.cli.log;

import io.vmm4j.kvm.libc.NativeStruct;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * Writes lines in pieces of whole ones, small enough for a pipe to take each wholly or not at all, and a file that others
 * append to as well to keep their lines and these apart. What is not taken is dropped and counted; the gap is told in a line of its own
 * once there is room again. Thread-safe.
 */
final class LineWriter implements AutoCloseable {

    /** PIPE_BUF of Linux. */
    static final int PIECE_BYTES = 4096;

    private static final byte LINE_END = '\n';

    private final LogDestination destination;
    private final String lineEnd;
    private final NativeStruct piece = NativeStruct.allocate(PIECE_BYTES);
    private int used;
    /** Lines that are missing at the end of what was written. */
    private long gap;
    private String reason;
    /** What was written last is not the end of a line. */
    private boolean isLineOpen;
    private long missing;
    private String firstReason;

    LineWriter(LogDestination destination) {
        this.destination = destination;
        this.lineEnd = destination.isTerminal() ? "\r\n" : "\n";
    }

    /** Takes lines, all with their ends; they are written with the next {@link #flush} at the latest. */
    synchronized void add(String lines) {
        String text = lineEnd.equals("\n") ? lines : lines.replace("\n", lineEnd);
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        if (used + bytes.length > PIECE_BYTES) {
            flush();
        }
        for (int from = 0; from < bytes.length; from += PIECE_BYTES) {
            int length = Math.min(bytes.length - from, PIECE_BYTES);
            piece.bytes().put(used, bytes, from, length);
            used += length;
            if (from + length < bytes.length) {
                flush();
            }
        }
    }

    /** Writes what has been taken, as far as there is room. */
    synchronized void flush() {
        if (used > 0 && isGapTold()) {
            int done = write();
            if (done < used) {
                lose(done);
            }
        }
        used = 0;
    }

    /** Tells of a gap first. False when not even that can be written: the piece has joined the gap then. */
    private boolean isGapTold() {
        if (gap == 0) {
            return true;
        }
        byte[] waiting = new byte[used];
        piece.bytes().get(0, waiting);
        byte[] text = ((isLineOpen ? lineEnd : "") + "(" + lines(gap) + " missing here: " + reason + ")" + lineEnd).getBytes(StandardCharsets.UTF_8);
        piece.bytes().put(0, text);
        used = text.length;
        boolean isTold = write() == used;
        if (isTold) {
            gap = 0;
        }
        piece.bytes().put(0, waiting);
        used = waiting.length;
        if (!isTold) {
            lose(0);
        }
        return isTold;
    }

    /** Returns how many bytes of the piece were taken; where not all were, {@link #reason} says why. */
    private int write() {
        int done = 0;
        try {
            while (done < used) {
                int taken = destination.write(piece, done, used - done);
                if (taken == 0) {
                    reason = "they came faster than they were read";
                    break;
                }
                done += taken;
            }
        } catch (IOException e) {
            reason = e.getMessage();
        }
        isLineOpen = done == 0 ? isLineOpen : piece.bytes().get(done - 1) != LINE_END;
        return done;
    }

    /** What stands in the piece behind {@code done} bytes is lost. */
    private void lose(int done) {
        byte[] rest = new byte[used - done];
        piece.bytes().get(done, rest);
        int lines = 0;
        for (byte octet : rest) {
            lines += octet == LINE_END ? 1 : 0;
        }
        gap += lines;
        missing += lines;
        firstReason = firstReason == null ? reason : firstReason;
    }

    private static String lines(long count) {
        return count == 1 ? "1 line is" : count + " lines are";
    }

    /** How many lines are missing so far. */
    synchronized long missing() {
        return missing;
    }

    /** What is missing, in words; {@code null} when nothing is. */
    synchronized String complaint() {
        return missing == 0 ? null : lines(missing) + " missing: " + firstReason;
    }

    @Override
    public synchronized void close() {
        flush();
        // There may be room again for the last one.
        isGapTold();
        destination.close();
    }
}
