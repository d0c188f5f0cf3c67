package io.vmm4j.core.host;


/** Whether a loop is to stand still, and whether it does. Thread-safe. */
final class LoopHold {

    /** Written under the lock, read before each turn of the loop without it. */
    private volatile boolean isAsked;
    /** Written by the loop, under the lock. */
    private boolean isStill;
    /** The loop has ended. Guarded by this. */
    private boolean isOver;

    synchronized void ask() {
        isAsked = true;
    }

    synchronized void end() {
        isAsked = false;
    }

    /**
     * For the loop's thread: whether it has to stand still now, which it is taken to do until the next call. In one step with
     * {@link #ask} and {@link #end}, so that a hold which follows another finds the loop either still there or gone on.
     *
     * @param isClosing nothing holds a loop that is to end
     */
    boolean isOn(boolean isClosing) {
        if (!isAsked && !isStill) {
            return false;
        }
        synchronized (this) {
            isStill = isAsked && !isClosing;
            notifyAll();
            return isStill;
        }
    }

    /** The loop has ended, and touches nothing any more. */
    synchronized void over() {
        isOver = true;
        notifyAll();
    }

    synchronized boolean isOver() {
        return isOver;
    }

    /** Waits {@code nanos} at most, interrupted or not; returns whether the loop stands still, or has ended. */
    boolean await(long nanos) {
        return Threads.awaitUninterruptibly(this, () -> isStill || isOver, nanos);
    }
}
