package io.vmm4j.cli;

import io.vmm4j.core.Vm;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Ends the machine in order when a signal (SIGTERM, SIGINT, SIGHUP) ends the process. The JVM turns the signal into its
 * shutdown and gives the exit status 128 plus the signal's number; a hook asks the machine to stop and waits a bounded
 * time while the main thread closes it. The main thread may then sit in {@code System.exit} for good: the hook does not
 * wait for that. Thread-safe.
 */
final class SignalGuard implements AutoCloseable {

    private static final long STOP_SECONDS = 5;
    private static final String WHY = "a signal ended the process";

    private final CountDownLatch closed = new CountDownLatch(1);
    private Thread hook;
    private Vm vm;
    private boolean isShutDown;

    /** Works from now until it is closed. */
    synchronized void arm() {
        hook = new Thread(this::shutDown, "vmm-signal");
        try {
            Runtime.getRuntime().addShutdownHook(hook);
        } catch (IllegalStateException e) {
            isShutDown = true;
        }
    }

    /** Says which machine to stop. */
    synchronized void watch(Vm machine) {
        vm = machine;
        if (isShutDown) {
            machine.stop(WHY);
        }
    }

    /** True once a signal has come. */
    synchronized boolean isShutDown() {
        return isShutDown;
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
