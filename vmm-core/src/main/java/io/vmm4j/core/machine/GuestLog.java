package io.vmm4j.core.machine;

import io.vmm4j.devices.time.NanoClock;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes the lines that a guest prints on its second serial port into the log, at info. A guest that prints without end
 * does not fill the host's disk: a burst of {@value #BURST_BYTES} bytes passes, and {@value #BYTES_PER_SECOND} bytes a
 * second after that, as they are in the file with what the log puts in front of each line. The others are counted, in one line
 * when there is room for {@value #RESUME_BYTES} bytes again, or at the end.
 *
 * <p>Called under the serial device's lock, so single-threaded.
 */
final class GuestLog implements Consumer<String>, AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger("guest.console");
    /** Not the guest's: a log that is short of room keeps it rather than a guest's line. */
    private static final Logger LOSSES = LoggerFactory.getLogger(GuestLog.class);

    /** Several times what a kernel and its services print while they boot. */
    private static final long BURST_BYTES = 1 << 20;
    /** 84 MiB a day. */
    private static final long BYTES_PER_SECOND = 1024;
    /** Passing begins again with so much, so that what passes is worth reading and not half of it is about the loss. */
    private static final long RESUME_BYTES = BURST_BYTES / 16;
    /** Time, level, thread, name and line end, and somewhat more. */
    private static final int OVERHEAD_BYTES = 96;

    private static final long NANOS_PER_BYTE = 1_000_000_000 / BYTES_PER_SECOND;
    private static final int TWO_BYTES_FROM = 0x80;
    private static final int THREE_BYTES_FROM = 0x800;

    private final NanoClock clock;
    private final Consumer<String> log;
    private final Consumer<String> losses;
    private long creditNanos = BURST_BYTES * NANOS_PER_BYTE;
    private long creditedAt;
    private long leftOut;

    GuestLog(NanoClock clock) {
        this(clock, line -> LOG.info("{}", line), loss -> LOSSES.warn("{}", loss));
    }

    /**
     * @param log    takes the guest's lines
     * @param losses takes a line for each time that some were left out
     */
    GuestLog(NanoClock clock, Consumer<String> log, Consumer<String> losses) {
        this.clock = clock;
        this.log = log;
        this.losses = losses;
        this.creditedAt = clock.nanoTime();
    }

    @Override
    public void accept(String line) {
        long now = clock.nanoTime();
        creditNanos = Math.min(BURST_BYTES * NANOS_PER_BYTE, creditNanos + (now - creditedAt));
        creditedAt = now;
        long bytes = bytesOf(line) + (leftOut > 0 ? RESUME_BYTES : 0);
        if (creditNanos < bytes * NANOS_PER_BYTE) {
            leftOut++;
            return;
        }
        tellLoss();
        creditNanos -= bytesOf(line) * NANOS_PER_BYTE;
        log.accept(line);
    }

    private void tellLoss() {
        if (leftOut > 0) {
            String loss = leftOut + " lines of the guest were left out: more than " + BYTES_PER_SECOND + " bytes a second";
            creditNanos -= bytesOf(loss) * NANOS_PER_BYTE;
            losses.accept(loss);
            leftOut = 0;
        }
    }

    /** How many bytes the line takes in the file, which is UTF-8; a character beyond the basic plane is two here, and four there. */
    private static long bytesOf(String line) {
        long bytes = OVERHEAD_BYTES;
        for (int i = 0; i < line.length(); i++) {
            char c = line.charAt(i);
            bytes += c < TWO_BYTES_FROM ? 1 : c < THREE_BYTES_FROM || Character.isSurrogate(c) ? 2 : 3;
        }
        return bytes;
    }

    /** Tells what was left out at last; called when nothing comes any more. */
    @Override
    public void close() {
        tellLoss();
    }
}
