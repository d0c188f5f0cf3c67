package io.vmm4j.core.metrics;

import io.vmm4j.devices.bus.BusDevice;
import java.util.concurrent.atomic.LongAdder;

/** A device with a count of the bytes that are read from it and written to it. As thread-safe as the device. */
public final class CountingPort implements BusDevice {

    private final BusDevice device;
    private final LongAdder reads;
    private final LongAdder writes;

    /** Counts for {@code device}, into counts that several devices may share. */
    public CountingPort(BusDevice device, LongAdder reads, LongAdder writes) {
        this.device = device;
        this.reads = reads;
        this.writes = writes;
    }

    @Override
    public long read(long offset, int width) {
        reads.add(width);
        return device.read(offset, width);
    }

    @Override
    public void write(long offset, int width, long value) {
        writes.add(width);
        device.write(offset, width, value);
    }
}
