package io.vmm4j.cli;

import io.vmm4j.core.Vm;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.LoggerFactory;
import sun.misc.Signal;
import sun.misc.SignalHandler;

/**
 * Ends the machine in order when a signal ends the process, which has the exit status 128 plus the signal's number then.
 *
 * <p>The first SIGTERM presses the guest's power button. A guest that is not off within the time it is given is stopped, and one
 * that has not even noticed within an eighth of that. SIGINT, SIGHUP, SIGQUIT, SIGABRT, SIGXCPU and a second SIGTERM stop it at
 * once: they begin the JVM's shutdown, and a hook asks the
 * machine to stop and waits a bounded time while the main thread closes it. The main thread may then sit in
 * {@code System.exit} for good: the hook does not wait for that. Thread-safe.
 */
final class SignalGuard implements AutoCloseable {

    /** The part of a guest's time to power off in which it has to notice the button. */
    private static final int NOTICE_PART = 8;
    private static final long STOP_SECONDS = 5;
    /** What ended the machine, in words. */
    static final String WHY = "a signal ended the process";
    private static final int SIGNAL_STATUS = 128;

    private final CountDownLatch closed = new CountDownLatch(1);
    private final Map<Signal, SignalHandler> before = new HashMap<>();
    private Duration patience = Duration.ZERO;
    private Thread hook;
    private Vm vm;
    private boolean isShutDown;
    private int status;

    /**
     * Works from now until it is closed.
     *
     * @param stopTimeout how long a guest may take to power off at SIGTERM
     */
    synchronized void arm(Duration stopTimeout) {
        patience = stopTimeout;
        hook = new Thread(this::shutDown, "vmm-signal");
        try {
            Runtime.getRuntime().addShutdownHook(hook);
        } catch (IllegalStateException e) {
            isShutDown = true;
            return;
        }
        take("TERM", this::terminate);
        // Java takes INT and HUP itself, and QUIT is taken where system calls are.
        take("ABRT", this::exit);
        take("XCPU", this::exit);
    }

    private void take(String name, SignalHandler handler) {
        try {
            Signal signal = new Signal(name);
            before.put(signal, Signal.handle(signal, handler));
        } catch (IllegalArgumentException e) {
            // The JVM was told to leave signals alone (-Xrs), so this one ends it as the kernel does.
            LoggerFactory.getLogger(SignalGuard.class).debug("SIG{} is not taken: {}", name, e.getMessage());
        }
    }

    private void exit(Signal signal) {
        Runtime.getRuntime().exit(SIGNAL_STATUS + signal.getNumber());
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
            exit(signal);
        }
    }

    private synchronized boolean isFirstForMachine(int signalStatus) {
        if (vm == null || status != 0) {
            return false;
        }
        status = signalStatus;
        vm.shutdown(patience.dividedBy(NOTICE_PART), patience);
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
        before.forEach(Signal::handle);
        if (hook != null && !isShutDown) {
            try {
                Runtime.getRuntime().removeShutdownHook(hook);
            } catch (IllegalStateException e) {
                isShutDown = true;
            }
        }
    }
}
