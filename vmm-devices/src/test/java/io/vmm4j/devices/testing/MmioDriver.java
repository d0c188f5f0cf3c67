package io.vmm4j.devices.testing;

import io.vmm4j.devices.bus.BusDevice;
import io.vmm4j.devices.virtio.queue.QueueAddresses;

/**
 * A guest's virtio-mmio driver, over any window (virtio 1.2, sections 3.1.1 and 4.2). Register offsets are written out a second
 * time here, so that a wrong constant of the device's side shows.
 */
public final class MmioDriver {

    private static final int ACKNOWLEDGE = 1;
    private static final int DRIVER = 2;
    private static final int DRIVER_OK = 4;
    private static final int FEATURES_OK = 8;
    private static final long MASK = 0xFFFF_FFFFL;

    private final BusDevice window;

    /** @param window the 4 KiB of a device */
    public MmioDriver(BusDevice window) {
        this.window = window;
    }

    /** Reads the 32-bit register at {@code offset}. */
    public long read(int offset) {
        return window.read(offset, 4) & MASK;
    }

    /** Writes the 32-bit register at {@code offset}. */
    public void write(int offset, long value) {
        window.write(offset, 4, value & MASK);
    }

    /** Reads a field of the configuration space, {@code width} bytes at {@code offset} from its start. */
    public long readConfig(int offset, int width) {
        return window.read(0x100 + offset, width);
    }

    /** Writes a field of the configuration space. */
    public void writeConfig(int offset, int width, long value) {
        window.write(0x100 + offset, width, value);
    }

    /** The Status register. */
    public int status() {
        return (int) read(0x070);
    }

    /** Writes the Status register. */
    public void writeStatus(int status) {
        write(0x070, status);
    }

    /** Writes 0 to Status. */
    public void reset() {
        writeStatus(0);
    }

    /** The features offered. */
    public long deviceFeatures() {
        write(0x014, 0);
        long low = read(0x010);
        write(0x014, 1);
        return read(0x010) << 32 | low;
    }

    /**
     * Steps 1 to 6 of the set-up: reset, ACKNOWLEDGE, DRIVER, features, FEATURES_OK.
     *
     * @return whether the device kept FEATURES_OK
     */
    public boolean negotiate(long features) {
        reset();
        writeStatus(ACKNOWLEDGE);
        writeStatus(ACKNOWLEDGE | DRIVER);
        write(0x024, 0);
        write(0x020, features);
        write(0x024, 1);
        write(0x020, features >>> 32);
        writeStatus(ACKNOWLEDGE | DRIVER | FEATURES_OK);
        return (status() & FEATURES_OK) != 0;
    }

    /** Step 7: tells where queue {@code index} is and makes it ready. */
    public void setUpQueue(int index, QueueAddresses queue) {
        write(0x030, index);
        write(0x038, queue.size());
        write(0x080, queue.desc());
        write(0x084, queue.desc() >>> 32);
        write(0x090, queue.driver());
        write(0x094, queue.driver() >>> 32);
        write(0x0a0, queue.device());
        write(0x0a4, queue.device() >>> 32);
        write(0x044, 1);
    }

    /** Step 8: DRIVER_OK. */
    public void driverOk() {
        writeStatus(ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
    }

    /**
     * The whole set-up, with {@code queues} as queues 0, 1 and on.
     *
     * @throws IllegalStateException when the device refuses the features
     */
    public void start(long features, DriverQueue... queues) {
        if (!negotiate(features)) {
            throw new IllegalStateException("the device refused features 0x" + Long.toHexString(features));
        }
        for (int i = 0; i < queues.length; i++) {
            setUpQueue(i, queues[i].addresses());
        }
        driverOk();
    }

    /** Notifies queue {@code index}. */
    public void notifyQueue(int index) {
        write(0x050, index);
    }

    /** What an interrupt handler does first: reads InterruptStatus and acknowledges what it says. */
    public int takeInterrupts() {
        int causes = (int) read(0x060);
        write(0x064, causes);
        return causes;
    }
}
