package io.vmm4j.core.machine;

import io.vmm4j.core.layout.VirtioMmioSlot;
import io.vmm4j.devices.bus.BusDevice;
import io.vmm4j.devices.virtio.mmio.VirtioMmioRegisters;
import io.vmm4j.devices.virtio.mmio.VirtioMmioTransport;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * A virtio-mmio window that a device can be put into, and taken out of, while the machine runs. Without one it reads as all
 * ones, as where no device is.
 *
 * <p>Thread-safe. Registers are accessed on vCPU threads; only Status, by which a driver starts a device, waits for a device
 * that is being taken out.
 */
final class HotSlot implements BusDevice {

    private static final long NOBODY = -1L;
    private static final int REGISTER_WIDTH = 4;
    private static final long RESET_POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    private final int number;
    private final VirtioMmioSlot window;
    /** Written under this object's lock. */
    private volatile VirtioMmioTransport transport;
    private volatile Runnable onDriven = () -> { };

    /**
     * @param number among the slots, from 0
     * @param window where it is
     */
    HotSlot(int number, VirtioMmioSlot window) {
        this.number = number;
        this.window = window;
    }

    /** Its number among the slots. */
    int number() {
        return number;
    }

    /** Where it is. */
    VirtioMmioSlot window() {
        return window;
    }

    /** Has {@code action} run, on a vCPU's thread, whenever a driver has said that it is ready; before the guest runs. */
    void onDriven(Runnable action) {
        onDriven = action;
    }

    /** Lets the guest see a device. */
    synchronized void plug(VirtioMmioTransport device) {
        transport = device;
    }

    /** Whether a driver is using the device; one that has reset it does not, though its last requests may still be in work. */
    boolean isDriven() {
        VirtioMmioTransport device = transport;
        return device != null && device.isDriven();
    }

    /**
     * Takes the device out of the guest's sight and resets it. Not on a loop of the device's.
     *
     * @param hurry ends the wait when it becomes true
     * @return whether the device has let go of the guest's memory; if not, its requests are still in work
     */
    boolean unplug(BooleanSupplier hurry) {
        VirtioMmioTransport device;
        synchronized (this) {
            device = transport;
            transport = null;
        }
        if (device == null) {
            return true;
        }
        device.write(VirtioMmioRegisters.STATUS, REGISTER_WIDTH, 0);
        while (statusOf(device) != 0) {
            if (hurry.getAsBoolean()) {
                return false;
            }
            LockSupport.parkNanos(RESET_POLL_NANOS);
        }
        return true;
    }

    private static long statusOf(VirtioMmioTransport device) {
        return device.read(VirtioMmioRegisters.STATUS, REGISTER_WIDTH);
    }

    @Override
    public long read(long offset, int width) {
        VirtioMmioTransport device = transport;
        return device == null ? NOBODY : device.read(offset, width);
    }

    @Override
    public void write(long offset, int width, long value) {
        VirtioMmioTransport device = transport;
        if (device == null) {
            return;
        }
        if (offset != VirtioMmioRegisters.STATUS) {
            // What comes too late for a device that was taken out finds it reset, and no way to start it.
            device.write(offset, width, value);
            return;
        }
        synchronized (this) {
            if (transport != device) {
                return;
            }
            device.write(offset, width, value);
        }
        if (isDriven()) {
            onDriven.run();
        }
    }
}
