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
     * As {@link #execute}, for what the host's side asks of a device: it runs also while the loop stands still for a guest that is paused, so
     * it touches neither the guest's memory nor what the device is on.
     */
    default void executeCommand(Runnable command) {
        execute(command);
    }

    /**
     * Makes a timer, not yet armed. Called on the loop's thread, or before the loop runs.
     *
     * @param onExpiry runs on the loop's thread at each expiry
     */
    LoopTimer timer(Runnable onExpiry);

    /** True when the caller is this loop's thread. */
    boolean inLoop();
}
