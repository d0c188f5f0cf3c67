package io.vmm4j.devices.virtio.mmio;

import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.virtio.LoopBarrier;
import io.vmm4j.devices.virtio.VirtioActivation;
import io.vmm4j.devices.virtio.VirtioDevice;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
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
        if (ended) {
            return;
        }
        device.activate(activation);
        active = true;
        // The device had nobody to tell of a change until now, and the driver may have read what was there before it.
        if (device.configSpace().generation() != firstGeneration) {
            interrupt.configChanged();
        }
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
    CompletableFuture<Void> end(EventLoop loop) {
        ended = true;
        return perform(loop, quiesced -> {
            active = false;
            device.beginReset(quiesced);
        }, interrupt::cutOff);
    }

    /**
     * Has the device let go of queue {@code index}, which is stopped.
     *
     * @return completes once no buffer of the queue is touched any more
     */
    CompletableFuture<Void> stopQueue(EventLoop loop, int index) {
        return perform(loop, quiesced -> {
            if (active) {
                device.beginQueueStop(index, quiesced);
            } else {
                quiesced.run();
            }
        }, () -> { });
    }

    /** Undoes what a driver did to a device that it never got to activate. */
    static CompletableFuture<Void> resetIdle(VirtioDevice device, EventLoop loop) {
        return perform(loop, device::beginReset, () -> { });
    }

    /** @param last what is done before the result completes */
    private static CompletableFuture<Void> perform(EventLoop loop, Consumer<Runnable> action, Runnable last) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        Runnable quiesced = () -> {
            last.run();
            done.complete(null);
        };
        LoopBarrier.run(loop, () -> {
            try {
                action.accept(quiesced);
            } catch (RuntimeException | Error e) {
                quiesced.run(); // a fault of the device's: no vCPU shall wait for it
                throw e;
            }
        });
        return done;
    }
}
