package io.vmm4j.devices.time;

import java.util.concurrent.Executor;

/**
 * The thread that owns a set of devices. Devices see tasks and timers, never file descriptors.
 *
 * <p>{@link #execute} may be called from any thread; tasks run one after another, in the order given, on the loop's
 * thread. A task given from the loop's own thread runs after the current one, never inside it.
 */
public interface EventLoop extends Executor {

    /**
     * Makes a timer, not yet armed. Called on the loop's thread, or before the loop runs.
     *
     * @param onExpiry runs on the loop's thread at each expiry
     */
    LoopTimer timer(Runnable onExpiry);

    /** True when the caller is this loop's thread. */
    boolean inLoop();
}
