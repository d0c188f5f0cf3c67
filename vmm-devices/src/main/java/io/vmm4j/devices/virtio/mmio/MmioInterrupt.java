package io.vmm4j.devices.virtio.mmio;

import io.vmm4j.devices.irq.InterruptLine;
import io.vmm4j.devices.virtio.DeviceStatus;
import io.vmm4j.devices.virtio.VirtioInterrupt;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntBinaryOperator;

/**
 * The device's way to its driver: status bits, InterruptStatus (virtio 1.2, section 4.2.2) and the line. Lock-free, so
 * that a device that reports while a vCPU waits for its reset cannot deadlock. One object per activation: once it is
 * cut off, a late report of the device that was reset reaches nobody.
 */
final class MmioInterrupt implements VirtioInterrupt {

    /** Captures nothing, so that an interrupt allocates nothing. */
    private static final IntBinaryOperator ADD_CAUSE = (causes, cause) -> causes | cause;

    private final AtomicInteger status;
    private final AtomicInteger causes;
    private final AtomicInteger configGeneration;
    private final InterruptLine line;
    private volatile boolean cut;
    private volatile boolean muted;

    MmioInterrupt(AtomicInteger status, AtomicInteger causes, AtomicInteger configGeneration, InterruptLine line) {
        this.status = status;
        this.causes = causes;
        this.configGeneration = configGeneration;
        this.line = line;
    }

    @Override
    public void usedBuffer(int queueIndex) {
        raise(VirtioMmioRegisters.INT_VRING);
    }

    @Override
    public void configChanged() {
        if (muted) {
            return;
        }
        configGeneration.incrementAndGet();
        raise(VirtioMmioRegisters.INT_CONFIG);
    }

    @Override
    public void needsReset() {
        if (cut || muted) {
            return;
        }
        status.getAndUpdate(old -> old == 0 ? 0 : old | DeviceStatus.DEVICE_NEEDS_RESET);
        raise(VirtioMmioRegisters.INT_CONFIG);
    }

    /** Whether neither side has given up on the other. */
    boolean isServing() {
        return (status.get() & (DeviceStatus.DEVICE_NEEDS_RESET | DeviceStatus.FAILED)) == 0;
    }

    /** While it is muted, nothing that the device says reaches anybody. */
    void mute(boolean isMuted) {
        muted = isMuted;
    }

    void cutOff() {
        cut = true;
    }

    private void raise(int cause) {
        if (cut || muted) {
            return;
        }
        // The cause before the edge; pairs with the driver, which reads InterruptStatus only after the edge.
        causes.getAndAccumulate(cause, ADD_CAUSE);
        line.trigger();
    }
}
