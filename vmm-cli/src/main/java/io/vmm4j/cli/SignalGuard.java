package io.vmm4j.cli;

import io.vmm4j.core.Vm;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.LoggerFactory;
import sun.misc.Signal;
import sun.misc.SignalHandler;

/**
 * Ends the machine in order when a signal ends the process, which has the exit status 128 plus the signal's number then.
 *
 * <p>The first SIGTERM presses the guest's power button. A guest that has not noticed within {@value #NOTICE_SECONDS} s, or
 * is not off within {@value #POWER_OFF_SECONDS} s, is stopped: less than the ten seconds after which container engines lose
 * patience. SIGINT, SIGHUP and a second SIGTERM stop it at once: the JVM turns them into its shutdown, and a hook asks the
 * machine to stop and waits a bounded time while the main thread closes it. The main thread may then sit in
 * {@code System.exit} for good: the hook does not wait for that. Thread-safe.
 */
final class SignalGuard implements AutoCloseable {

    static final int NOTICE_SECONDS = 1;
    static final int POWER_OFF_SECONDS = 8;

    private static final long STOP_SECONDS = 5;
    /** What ended the machine, in words. */
    static final String WHY = "a signal ended the process";
    private static final Signal SIGTERM = new Signal("TERM");
    private static final int SIGNAL_STATUS = 128;

    private final CountDownLatch closed = new CountDownLatch(1);
    private Thread hook;
    private SignalHandler before;
    private Vm vm;
    private boolean isShutDown;
    private int status;

    /** Works from now until it is closed. */
    synchronized void arm() {
        hook = new Thread(this::shutDown, "vmm-signal");
        try {
            Runtime.getRuntime().addShutdownHook(hook);
            before = Signal.handle(SIGTERM, this::terminate);
        } catch (IllegalStateException e) {
            isShutDown = true;
        } catch (IllegalArgumentException e) {
            // The JVM was told to leave signals alone (-Xrs), so SIGTERM ends it as the kernel does.
            LoggerFactory.getLogger(SignalGuard.class).debug("SIGTERM is not taken: {}", e.getMessage());
        }
    }

    /** Says which machine to stop. */
    synchronized void watch(Vm machine) {
        vm = machine;
        if (isShutDown) {
            machine.stop(WHY);
        }
    }

    /** True once a signal has begun to end the process at once. */
    synchronized boolean isShutDown() {
        return isShutDown;
    }

    /** The exit status due to a signal that had the machine end in order; 0 when none has come. */
    synchronized int status() {
        return status;
    }

    /** On a thread of the JVM for this signal. */
    private void terminate(Signal signal) {
        if (!isFirstForMachine(SIGNAL_STATUS + signal.getNumber())) {
            Runtime.getRuntime().exit(SIGNAL_STATUS + signal.getNumber());
        }
    }

    private synchronized boolean isFirstForMachine(int signalStatus) {
        if (vm == null || status != 0) {
            return false;
        }
        status = signalStatus;
        vm.shutdown(Duration.ofSeconds(NOTICE_SECONDS), Duration.ofSeconds(POWER_OFF_SECONDS));
        return true;
    }

    private void shutDown() {
        stop();
        try {
            closed.await(STOP_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            // Nobody interrupts a shutdown hook; if somebody did, the process ends a little sooner.
            Thread.currentThread().interrupt();
        }
    }

    private synchronized void stop() {
        isShutDown = true;
        if (vm != null) {
            vm.stop(WHY);
        }
    }

    /** Everything is closed, in order or not: the hook need not wait. */
    @Override
    public synchronized void close() {
        closed.countDown();
        if (before != null) {
            Signal.handle(SIGTERM, before);
        }
        if (hook != null && !isShutDown) {
            try {
                Runtime.getRuntime().removeShutdownHook(hook);
            } catch (IllegalStateException e) {
                isShutDown = true;
            }
        }
    }
}
