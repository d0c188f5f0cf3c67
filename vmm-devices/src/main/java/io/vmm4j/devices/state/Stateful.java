package io.vmm4j.devices.state;

/**
 * What has guest-visible state, gives it and takes it back; nothing else is needed to go on.
 *
 * <p>All are called while the guest stands still: no vCPU runs, and nothing that the guest has asked for is in work. For a virtio device
 * they run on the loop that owns it; for others on any thread, one call at a time.
 */
public interface Stateful {

    /** All that is needed to go on. The same state comes out again after {@link #restoreState} of it: a test of the kit holds that. */
    State saveState();

    /**
     * Becomes what gave {@code state}; also on one that has been in use. The state may be anybody's: what is out of range is refused
     * before anything is changed as far as that can be told, and after a refusal this one is not used any more.
     *
     * @throws StateException naming the value that cannot be
     */
    void restoreState(State state) throws StateException;

    /**
     * Makes good what may have been lost between the guest and this one on the way: interrupts that were raised and not taken are raised
     * again, and what waits is looked at. Called once after {@link #restoreState}, when all else of the machine is back too, its interrupt
     * controllers and its memory among it, and before its guest goes on.
     */
    default void afterRestore() {
        // Nothing can be lost of what only answers the guest.
    }
}
