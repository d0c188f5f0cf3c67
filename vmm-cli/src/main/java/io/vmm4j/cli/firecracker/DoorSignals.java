package io.vmm4j.cli.firecracker;

import io.vmm4j.core.host.Threads;
import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.ProcessEnd;
import io.vmm4j.kvm.libc.TakenSignal;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Signals that end the process: with Firecracker's exit codes where it has some (SIGHUP, SIGXCPU, SIGXFSZ), and SIGINT and SIGTERM by the
 * signal itself, as whoever has sent it to Firecracker finds it. Before that what is open is ended, within a bounded time, on a thread that has
 * been there from the start: the host may have none left to give by then, not even for a shutdown hook. SIGPIPE is counted and
 * logged. Signals by which the JVM itself learns of faults (SIGBUS, SIGSEGV, SIGILL) stay its own. Thread-safe.
 */
final class DoorSignals implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(DoorSignals.class);
    private static final int SIGNAL_STATUS = 128;
    private static final long END_SECONDS = 5;

    private static final int SIGHUP = 1;
    private static final int SIGINT = 2;
    private static final int SIGPIPE = 13;
    private static final int SIGTERM = 15;
    private static final int SIGXCPU = 24;
    private static final int SIGXFSZ = 25;

    private static final long PIPE_QUIET_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Consumer<String> noted;
    private final Consumer<String> counted;
    private final List<TakenSignal> taken = new ArrayList<>();
    private final CountDownLatch asked = new CountDownLatch(1);
    private final CountDownLatch ended = new CountDownLatch(1);
    /** The exit code that a signal has the process end with; 0 before that. */
    private volatile int code;
    /** The number of the signal that the process is to end by; 0 where it ends by an exit code. */
    private volatile int last;
    /** When a broken pipe was logged last; 0 when none was. */
    private long lastPipe;

    /**
     * @param noted   takes the metrics' field of a signal that ends the process, if there is one
     * @param counted takes that of one that does not, at each
     */
    DoorSignals(Consumer<String> noted, Consumer<String> counted) {
        this.noted = noted;
        this.counted = counted;
    }

    /**
     * Takes the signals from now on.
     *
     * @param end what the process's end by one of them begins with
     * @throws IOException when the host has no thread for it
     */
    void arm(Runnable end) throws IOException {
        Thread work = new Thread(() -> endWhenAsked(end), "fc_end-work");
        work.setDaemon(true);
        Threads.start(work);
        // For an end that none of these signals has begun.
        Runtime.getRuntime().addShutdownHook(new Thread(() -> endInOrder(0), "fc_end"));
        take(SIGHUP, () -> exit(SIGHUP, FirecrackerExit.HUP, "sighup"));
        take(SIGXCPU, () -> exit(SIGXCPU, FirecrackerExit.XCPU, "sigxcpu"));
        take(SIGXFSZ, () -> exit(SIGXFSZ, FirecrackerExit.XFSZ, "sigxfsz"));
        take(SIGPIPE, this::brokenPipe);
        take(SIGINT, () -> endBy(SIGINT));
        take(SIGTERM, () -> endBy(SIGTERM));
    }

    private synchronized void take(int signal, Runnable action) {
        try {
            if (TakenSignal.isIgnored(signal) && (signal == SIGHUP || signal == SIGINT)) {
                // nohup, or a script's background.
                return;
            }
            taken.add(TakenSignal.take(signal, action));
        } catch (LinuxException e) {
            LOG.debug("signal {} is not taken: {}", signal, e.getMessage());
        }
    }

    private void exit(int signal, int status, String field) {
        noted.accept(field);
        exit(signal, status);
    }

    /** The line may be what breaks the pipe next: there is one a second at most. */
    private synchronized void brokenPipe() {
        counted.accept("sigpipe");
        long now = System.nanoTime();
        if (lastPipe == 0 || now - lastPipe >= PIPE_QUIET_NANOS) {
            lastPipe = Math.max(1, now);
            LOG.error("Received signal {}, code 0.", SIGPIPE);
        }
    }

    private void endBy(int signal) {
        last = signal;
        exit(signal, SIGNAL_STATUS + signal);
    }

    private void exit(int signal, int status) {
        code = status;
        LOG.error("Shutting down VM after intercepting signal {}, code 0.", signal);
        Runtime.getRuntime().exit(endInOrder(status));
    }

    /** Lets go of the signals, so that the process's end need not wait for who reads them. */
    @Override
    public synchronized void close() {
        taken.forEach(TakenSignal::close);
        taken.clear();
    }

    private void endWhenAsked(Runnable end) {
        try {
            asked.await();
            end.run();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            ended.countDown();
        }
    }

    /**
     * Ends what is open, or waits for the end that has begun, for a bounded time. Where a signal is to end the process, it does.
     *
     * @param status what the process is to end with where no signal says so
     * @return what it is to end with
     */
    int endInOrder(int status) {
        asked.countDown();
        try {
            if (!ended.await(END_SECONDS, TimeUnit.SECONDS)) {
                LOG.debug("not all was closed within {} s", END_SECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        int signal = last;
        if (signal != 0) {
            try {
                ProcessEnd.by(signal);
            } catch (LinuxException e) {
                LOG.debug("the process ends by an exit code: {}", e.getMessage());
            }
        }
        return code == 0 ? status : code;
    }
}
