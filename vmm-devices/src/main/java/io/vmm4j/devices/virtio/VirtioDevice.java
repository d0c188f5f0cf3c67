package io.vmm4j.devices.virtio;

import io.vmm4j.devices.state.Stateful;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A virtio device without its transport (virtio 1.2, section 5). What is common to all devices, status, queue set-up,
 * feature negotiation, interrupt status, is the transport's.
 *
 * <p>{@link #activate}, {@link #onQueueNotify}, {@link #reset} and the two that begin an end run on the event loop that owns the
 * device; the other methods return constants or guard themselves. {@link DeviceContract} looks at what can be looked at beforehand.
 */
public interface VirtioDevice {

    /** Device type, virtio 1.2 section 5. */
    VirtioDeviceType type();

    /**
     * Features offered, section 2.2; bit i = feature i, of 0 to 23 and 50 to 63. The transport adds the bits that are its own
     * (VERSION_1 and the ring's).
     */
    long deviceFeatures();

    /**
     * Largest size of each virtqueue, in elements, a power of two up to 32768, 0 for none; index = virtqueue number of section
     * 5.x.2. At least one queue is there.
     */
    int[] queueSizeMax();

    /** The device's configuration space, section 2.5. */
    ConfigSpace configSpace();

    /**
     * How the device is saved with its machine and brought back: itself when it implements {@link Stateful}, and empty for a device that
     * cannot be in a snapshot. Between activation and reset the calls are these, all on the event loop, with the guest standing still:
     * {@link Stateful#saveState} of a device that has nothing in work; {@link #beginReset} of one that is to become another, which ends with
     * the call; {@link #activate} where the saved device was active, with queues that are where the saved ones were;
     * {@link Stateful#restoreState}; and {@link Stateful#afterRestore}, followed by {@link #onQueueNotify} for each queue.
     *
     * <p>Chains that the device has polled and not given back when it is saved are polled once more, in their order: it forgets them, and
     * keeps of them only what serving them again would do twice. They are those it has polled last. That a driver broke a rule is kept by
     * the transport, which does not activate the device then.
     */
    default Optional<Stateful> stateful() {
        return this instanceof Stateful saved ? Optional.of(saved) : Optional.empty();
    }

    /**
     * Of a device whose queues another process serves, the features of rings that the process knows: some of the transport's
     * (INDIRECT_DESC, EVENT_IDX, RING_PACKED), bit i = feature i. Such a device learns by
     * {@link io.vmm4j.devices.virtio.queue.VirtQueue#addresses} where its queues are, and polls none of them. The process may raise the
     * interrupt without a word to {@link VirtioInterrupt}, so while the device is in use InterruptStatus has the bit of used buffers set
     * whenever it is read: the driver then looks at all queues, as it has to in any case. Empty for a device that serves its queues itself.
     */
    default OptionalLong ringFeaturesElsewhere() {
        return OptionalLong.empty();
    }

    /** Starts work at DRIVER_OK: memory, queues, interrupt and acknowledged features, all at once. */
    void activate(VirtioActivation activation);

    /** The driver notified a queue (section 2.3); also called once for each queue right after activation. */
    void onQueueNotify(int queueIndex);

    /**
     * Drops the activation: when it returns, no queue or buffer of the guest is touched any more, and the device can
     * be activated again. Called also on a device that is not active, and a last time at the end of a machine that an
     * embedder's device is in.
     */
    void reset();

    /**
     * What the transport calls for {@link #reset}. A device that has requests in work on threads besides the loop's overrides it, for
     * the loop has other devices to serve meanwhile: it takes up nothing more and returns.
     *
     * @param quiesced to be run once, on any thread, when no queue or buffer of the guest is touched any more. Until then the driver
     *                 sees that the reset goes on (section 4.2.2, Status), and the device is not activated again
     */
    default void beginReset(Runnable quiesced) {
        reset();
        quiesced.run();
    }

    /**
     * The driver takes one queue back (section 4.2.2.2, QueueReady), while the others go on: its polls find nothing and what is given
     * back to it reaches no ring from now on. A device overrides it that has requests in work on threads besides the loop's, or
     * that writes to buffers which it has kept from earlier calls without asking {@link io.vmm4j.devices.virtio.queue.VirtQueue#isStopped};
     * the pumps of this package ask. On the event loop.
     *
     * @param quiesced to be run once, on any thread, when no buffer of that queue is touched any more
     */
    default void beginQueueStop(int queueIndex, Runnable quiesced) {
        quiesced.run();
    }
}
