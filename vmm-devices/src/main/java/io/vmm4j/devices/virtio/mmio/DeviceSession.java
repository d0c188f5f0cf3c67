package io.vmm4j.devices.virtio.mmio;

import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.virtio.VirtioActivation;
import io.vmm4j.devices.virtio.VirtioDevice;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One life of a device, from DRIVER_OK to reset. {@link #active} is written on the event loop; queue loops read it.
 */
final class DeviceSession {

    private static final Logger LOG = LoggerFactory.getLogger(DeviceSession.class);

    private final VirtioDevice device;
    private final VirtioActivation activation;
    private final MmioInterrupt interrupt;
    private final int firstGeneration;
    private volatile boolean active;
    private volatile boolean ended;
    /** Guarded by the transport's lock. */
    private boolean started;

    /** @param firstGeneration of the configuration space, when the driver began to look at it */
    DeviceSession(VirtioDevice device, VirtioActivation activation, MmioInterrupt interrupt, int firstGeneration) {
        this.device = device;
        this.activation = activation;
        this.interrupt = interrupt;
        this.firstGeneration = firstGeneration;
    }

    /** Activates the device on {@code loop}. A kick may have come before that, so every queue is run once. */
    void start(EventLoop loop) {
        started = true;
        try {
            loop.execute(this::activate);
        } catch (RejectedExecutionException e) {
            LOG.debug("device {} is not activated, its loop has ended", device.type());
        }
    }

    /** Whether {@link #start} was called. */
    boolean isStarted() {
        return started;
    }

    private void activate() {
        catchUp();
        runQueues();
    }

    /** Activates the device here when {@link #start} was called and the loop, which stands still or is the caller, has not come to it yet. */
    void catchUp() {
        if (!started || ended || active || !interrupt.isServing()) {
            return;
        }
        device.activate(activation);
        active = true;
        // The device had nobody to tell of a change until now, and the driver may have read what was there before it.
        if (device.configSpace().generation() != firstGeneration) {
            interrupt.configChanged();
        }
    }

    /** Takes the place of a session that began elsewhere; without {@link #takeUp} the device waits for its reset. */
    void takeOver() {
        started = true;
    }

    /** Goes on with what began elsewhere: the driver hears nothing of what the device says about its activation. On the event loop. */
    void takeUp() {
        interrupt.mute(true);
        device.activate(activation);
        interrupt.mute(false);
        active = true;
    }

    /** Has every queue looked at once, by the loop. */
    void kick(EventLoop loop) {
        try {
            loop.execute(this::runQueues);
        } catch (RejectedExecutionException e) {
            LOG.debug("queues of device {} are not looked at, its loop has ended", device.type());
        }
    }

    private void runQueues() {
        for (int i = 0; i < activation.queues().size(); i++) {
            notifyQueue(i);
        }
    }

    /** A device that waits for its reset is left alone, also amid the first run of its queues. */
    void notifyQueue(int index) {
        if (active && interrupt.isServing() && activation.queues().get(index) != null) {
            device.onQueueNotify(index);
        }
    }

    /**
     * Ends the session: from here on nothing is activated or notified, and the device is reset on {@code loop}.
     *
     * @return completes once the device is done with the guest's memory
     */
    CompletableFuture<Void> end(LoopActions actions) {
        ended = true;
        return actions.perform(quiesced -> {
            active = false;
            device.beginReset(quiesced);
        }, interrupt::cutOff);
    }

    /** Ends the session, as {@link #end} does, for another that takes its place at once: the caller is the event loop, and resets the device. */
    void drop() {
        ended = true;
        active = false;
        interrupt.cutOff();
    }

    /**
     * Has the device let go of queue {@code index}, which is stopped.
     *
     * @return completes once no buffer of the queue is touched any more
     */
    CompletableFuture<Void> stopQueue(LoopActions actions, int index) {
        return actions.perform(quiesced -> {
            if (active) {
                device.beginQueueStop(index, quiesced);
            } else {
                quiesced.run();
            }
        }, () -> { });
    }

    /** Undoes what a driver did to a device that it never got to activate. */
    static CompletableFuture<Void> resetIdle(VirtioDevice device, LoopActions actions) {
        return actions.perform(device::beginReset, () -> { });
    }
}
