package io.vmm4j.cli;

import io.vmm4j.core.Vm;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Ends the machine in order when a signal ends the process, which has the exit status 128 plus the signal's number then.
 *
 * <p>The first SIGTERM presses the guest's power button. A guest that is not off within the time it is given is stopped, and one
 * that has not even noticed within an eighth of that. SIGINT, SIGHUP, SIGQUIT, SIGABRT, SIGXCPU and a second SIGTERM stop it at
 * once: whoever gets the signal asks the machine to stop and waits a bounded time while the main thread closes it, and begins the JVM's
 * shutdown then (see {@link NativeWarmUp}). It is done before, since the host may have no thread for a hook; a hook does the same for a
 * shutdown that something else began. The main thread may then sit in
 * {@code System.exit} for good: the hook does not wait for that. Thread-safe.
 */
final class SignalGuard implements AutoCloseable {

    /** The part of a guest's time to power off in which it has to notice the button. */
    private static final int NOTICE_PART = 8;
    private static final long STOP_SECONDS = 5;
    /** What ended the machine, in words. */
    static final String WHY = "a signal ended the process";
    private static final int SIGTERM = 15;
    private static final int SIGNAL_STATUS = 128;
    private static final int TERM_STATUS = SIGNAL_STATUS + SIGTERM;

    private final CountDownLatch closed = new CountDownLatch(1);
    private final NativeWarmUp signals;
    private Duration patience = Duration.ZERO;
    private Thread hook;
    private Vm vm;
    private boolean isShutDown;
    private int status;

    /**
     * @param signals has them
     */
    SignalGuard(NativeWarmUp signals) {
        this.signals = signals;
    }

    /**
     * Works from now until it is closed.
     *
     * @param stopTimeout how long a guest may take to power off at SIGTERM
     */
    void arm(Duration stopTimeout) {
        signals.await();
        synchronized (this) {
            patience = stopTimeout;
            hook = new Thread(this::shutDown, "vmm-signal");
            try {
                Runtime.getRuntime().addShutdownHook(hook);
            } catch (IllegalStateException e) {
                isShutDown = true;
                return;
            }
        }
        signals.onTerminate(this::terminate);
        signals.onExit(this::endBy);
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

    /** The exit status due to a signal; 0 when none has come. */
    synchronized int status() {
        return status;
    }

    private void terminate() {
        if (!isFirstForMachine()) {
            signals.exit(SIGTERM);
        }
    }

    private synchronized boolean isFirstForMachine() {
        if (vm == null || status != 0) {
            return false;
        }
        status = TERM_STATUS;
        vm.shutdown(patience.dividedBy(NOTICE_PART), patience);
        return true;
    }

    private void endBy(int signal) {
        synchronized (this) {
            status = SIGNAL_STATUS + signal;
        }
        shutDown();
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
        if (hook != null && !isShutDown) {
            try {
                Runtime.getRuntime().removeShutdownHook(hook);
            } catch (IllegalStateException e) {
                isShutDown = true;
            }
        }
    }
}
