package io.vmm4j.core.machine;

import io.vmm4j.devices.time.NanoClock;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes the lines that a guest prints on its second serial port into the log, at info. A guest that prints without end
 * does not flood it: after a burst, lines pass at a steady rate and the others are counted.
 *
 * <p>Called under the serial device's lock, so single-threaded.
 */
final class GuestLog implements Consumer<String> {

    private static final Logger LOG = LoggerFactory.getLogger("guest.console");

    /** Lines that pass at once: several times what a kernel prints while it boots. */
    private static final long BURST_LINES = 5_000;
    private static final long NANOS_PER_LINE = 10_000_000;

    private final NanoClock clock;
    private final Consumer<String> log;
    private long credit = BURST_LINES * NANOS_PER_LINE;
    private long creditedAt;
    private long suppressed;

    GuestLog(NanoClock clock) {
        this(clock, line -> LOG.info("{}", line));
    }

    GuestLog(NanoClock clock, Consumer<String> log) {
        this.clock = clock;
        this.log = log;
        this.creditedAt = clock.nanoTime();
    }

    @Override
    public void accept(String line) {
        long now = clock.nanoTime();
        credit = Math.min(BURST_LINES * NANOS_PER_LINE, credit + (now - creditedAt));
        creditedAt = now;
        if (credit < NANOS_PER_LINE) {
            suppressed++;
            return;
        }
        credit -= NANOS_PER_LINE;
        if (suppressed > 0) {
            log.accept("(" + suppressed + " lines of the guest left out)");
            suppressed = 0;
        }
        log.accept(line);
    }
}
