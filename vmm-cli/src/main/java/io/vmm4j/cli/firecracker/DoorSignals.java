package io.vmm4j.cli.firecracker;

import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import sun.misc.Signal;

/**
 * Signals that end the process, with Firecracker's exit codes where it has some (SIGHUP, SIGXCPU, SIGXFSZ) and 128 plus the number else. A
 * hook then ends what is open, within a bounded time. Those by which the JVM itself learns of faults (SIGBUS, SIGSEGV, SIGILL) stay its own.
 */
final class DoorSignals {

    private static final Logger LOG = LoggerFactory.getLogger(DoorSignals.class);
    private static final int SIGNAL_STATUS = 128;
    private static final long END_SECONDS = 5;

    private final Consumer<String> noted;

    /**
     * @param noted takes the metrics' field of a signal that has one
     */
    DoorSignals(Consumer<String> noted) {
        this.noted = noted;
    }

    /** Takes the signals from now on; {@code end} is what the process's end by one of them begins with. */
    void arm(Runnable end) {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> runBounded(end), "fc_end"));
        take("HUP", FirecrackerExit.HUP, "sighup");
        take("XCPU", FirecrackerExit.XCPU, "sigxcpu");
        take("XFSZ", FirecrackerExit.XFSZ, "sigxfsz");
        take("INT", SIGNAL_STATUS + new Signal("INT").getNumber(), null);
        take("TERM", SIGNAL_STATUS + new Signal("TERM").getNumber(), null);
    }

    private void take(String name, int status, String field) {
        try {
            Signal.handle(new Signal(name), signal -> {
                if (field != null) {
                    noted.accept(field);
                }
                LOG.error("Shutting down VM after intercepting signal {}, code 0.", signal.getNumber());
                Runtime.getRuntime().exit(status);
            });
        } catch (IllegalArgumentException e) {
            LOG.debug("SIG{} is not taken: {}", name, e.getMessage());
        }
    }

    private static void runBounded(Runnable end) {
        Thread thread = new Thread(end, "fc_end-work");
        thread.setDaemon(true);
        thread.start();
        try {
            thread.join(TimeUnit.SECONDS.toMillis(END_SECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
