package io.vmm4j.cli.firecracker;

import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.ProcessEnd;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import sun.misc.Signal;
import sun.misc.SignalHandler;

/**
 * Signals that end the process: with Firecracker's exit codes where it has some (SIGHUP, SIGXCPU, SIGXFSZ), and SIGINT and SIGTERM by the
 * signal itself, as whoever has sent it to Firecracker finds it. Before that a hook ends what is open, within a bounded time. Those by which
 * the JVM itself learns of faults (SIGBUS, SIGSEGV, SIGILL) stay its own.
 */
final class DoorSignals {

    private static final Logger LOG = LoggerFactory.getLogger(DoorSignals.class);
    private static final int SIGNAL_STATUS = 128;
    private static final long END_SECONDS = 5;

    private final Consumer<String> noted;
    /** What the process is to end by; {@code null} where it ends by an exit code. */
    private volatile Signal last;

    /**
     * @param noted takes the metrics' field of a signal that has one
     */
    DoorSignals(Consumer<String> noted) {
        this.noted = noted;
    }

    /** Takes the signals from now on; {@code end} is what the process's end by one of them begins with. */
    void arm(Runnable end) {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> endInOrder(end), "fc_end"));
        take("HUP", signal -> exit(signal, FirecrackerExit.HUP, "sighup"));
        take("XCPU", signal -> exit(signal, FirecrackerExit.XCPU, "sigxcpu"));
        take("XFSZ", signal -> exit(signal, FirecrackerExit.XFSZ, "sigxfsz"));
        take("INT", this::endBy);
        take("TERM", this::endBy);
    }

    private void exit(Signal signal, int status, String field) {
        noted.accept(field);
        exit(signal, status);
    }

    private void endBy(Signal signal) {
        last = signal;
        exit(signal, SIGNAL_STATUS + signal.getNumber());
    }

    private static void exit(Signal signal, int status) {
        LOG.error("Shutting down VM after intercepting signal {}, code 0.", signal.getNumber());
        Runtime.getRuntime().exit(status);
    }

    private static void take(String name, SignalHandler handler) {
        try {
            Signal.handle(new Signal(name), handler);
        } catch (IllegalArgumentException e) {
            LOG.debug("SIG{} is not taken: {}", name, e.getMessage());
        }
    }

    private void endInOrder(Runnable end) {
        runBounded(end);
        Signal signal = last;
        if (signal == null) {
            return;
        }
        try {
            ProcessEnd.by(signal.getNumber());
        } catch (LinuxException e) {
            LOG.debug("the process ends by an exit code: {}", e.getMessage());
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
