package io.vmm4j.core.machine;

import io.vmm4j.core.GuestPanic;
import io.vmm4j.core.VmExit;
import io.vmm4j.core.VmExitReason;
import io.vmm4j.core.event.VmEvent;
import io.vmm4j.core.vcpu.VcpuEvents;
import io.vmm4j.devices.pvpanic.PvPanic;
import io.vmm4j.devices.serial.SerialSink;
import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.time.LoopTimer;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds out whether the guest's kernel has panicked, and makes it the reason of the machine's end.
 *
 * <p>A kernel with a driver for {@link PvPanic} says so. It is given {@value #PATIENCE_SECONDS} s to print what it has to and to
 * reset, unless it starts a crash kernel: that may take its time. Of one without the driver only its console tells, where
 * anything in the guest can print the same words; so that is said and changes no reason.
 *
 * <p>Thread-safe.
 */
final class PanicWatch implements PvPanic.Listener {

    private static final Logger LOG = LoggerFactory.getLogger(PanicWatch.class);

    static final long PATIENCE_SECONDS = 5;
    /** Lines in the log about what a console printed: a guest can print it without end. */
    private static final int PRINTED_LOGGED_MAX = 3;
    private static final String PANICKED = "the guest's kernel panicked";

    private final VcpuEvents events;
    private final EventLoop loop;
    private final LoopTimer timer;
    /** The best evidence there is; guarded by this. */
    private GuestPanic.Source source;
    /** Guarded by this. */
    private String text = "";
    /** Guarded by this. */
    private int printedLogged;

    /**
     * @param events hears of the end of a guest that panics and does not end by itself
     * @param loop   not started, or the caller is its thread
     */
    PanicWatch(VcpuEvents events, EventLoop loop) {
        this.events = events;
        this.loop = loop;
        this.timer = loop.timer(this::expired);
    }

    /** {@code console}, with an eye on what the guest prints there. */
    SerialSink watch(SerialSink console) {
        return new PanicText(console, new PanicText.Listener() {
            @Override
            public void printed(String line) {
                PanicWatch.this.printed(line);
            }

            @Override
            public void outlived() {
                PanicWatch.this.outlived();
            }
        });
    }

    private void printed(String line) {
        synchronized (this) {
            note(GuestPanic.Source.CONSOLE);
            text = line.isEmpty() ? text : line;
            if (line.isEmpty() || printedLogged == PRINTED_LOGGED_MAX) {
                return;
            }
            printedLogged++;
        }
        LOG.warn("the guest's console says: Kernel panic - not syncing: {}", line);
    }

    private synchronized void outlived() {
        if (source == GuestPanic.Source.CONSOLE) {
            source = null;
            text = "";
        }
    }

    @Override
    public void panicked() {
        if (!note(GuestPanic.Source.KERNEL)) {
            return;
        }
        tell();
        LOG.warn(PANICKED);
        try {
            loop.execute(() -> timer.arm(TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS)));
        } catch (RejectedExecutionException e) {
            LOG.debug("the machine ends already: {}", e.getMessage());
        }
    }

    @Override
    public void crashLoaded() {
        if (note(GuestPanic.Source.CRASH_KERNEL)) {
            tell();
            LOG.warn(PANICKED + ", and starts its crash kernel");
        }
    }

    private void tell() {
        String known = panic().map(GuestPanic::text).orElse("");
        events.happened(time -> new VmEvent.GuestPanicked(time, known));
    }

    @Override
    public void shutDown() {
        events.end(new VmExit(VmExitReason.POWEROFF, "the guest powered off (pvpanic)"));
    }

    /** True when {@code evidence} is better than what there was. */
    private synchronized boolean note(GuestPanic.Source evidence) {
        if (source != null && source.compareTo(evidence) >= 0) {
            return false;
        }
        source = evidence;
        return true;
    }

    private void expired() {
        String known = panic().map(GuestPanic::text).orElse("");
        events.end(new VmExit(VmExitReason.GUEST_PANIC, PANICKED + inBrackets(known) + ", and did not reset within " + PATIENCE_SECONDS + " s"));
    }

    /** What is known of a panic. */
    synchronized Optional<GuestPanic> panic() {
        return source == null ? Optional.empty() : Optional.of(new GuestPanic(source, text));
    }

    /** The end that {@code exit} is, given what is known. */
    VmExit judge(VmExit exit) {
        GuestPanic panic = panic().orElse(null);
        if (panic == null) {
            return exit;
        }
        boolean isGuests = switch (exit.reason()) {
            case POWEROFF, RESET, TRIPLE_FAULT -> true;
            default -> false;
        };
        if (panic.source() != GuestPanic.Source.CONSOLE && isGuests) {
            return new VmExit(VmExitReason.GUEST_PANIC, PANICKED + inBrackets(panic.text()) + ": " + exit.message(), exit.cause());
        }
        return switch (exit.reason()) {
            // A kernel that panics does not power off.
            case RESET, TRIPLE_FAULT, STOPPED -> new VmExit(exit.reason(), exit.message() + ", after " + told(panic), exit.cause());
            default -> exit;
        };
    }

    private static String told(GuestPanic panic) {
        return panic.source() == GuestPanic.Source.CONSOLE
                ? "its console said \"Kernel panic - not syncing" + (panic.text().isEmpty() ? "" : ": " + panic.text()) + "\""
                : "its kernel panicked" + inBrackets(panic.text());
    }

    private static String inBrackets(String text) {
        return text.isEmpty() ? "" : " (" + text + ")";
    }
}
