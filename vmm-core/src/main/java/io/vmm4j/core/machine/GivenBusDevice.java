package io.vmm4j.core.machine;

import io.vmm4j.core.vcpu.VcpuEvents;
import io.vmm4j.devices.bus.BusDevice;
import io.vmm4j.devices.irq.InterruptLine;
import io.vmm4j.devices.state.Stateful;
import io.vmm4j.devices.time.EventLoop;
import java.util.Optional;

/**
 * A bus device of the embedder's, guarded: what it throws ends its machine under the device's name and reaches no vCPU. One that
 * has failed is left alone, and reads as all ones.
 */
final class GivenBusDevice implements BusDevice, AutoCloseable {

    private static final long ALL_ONES = -1;

    private final GivenPart part;
    private final BusDevice device;

    private GivenBusDevice(GivenPart part, BusDevice device) {
        this.part = part;
        this.device = device;
    }

    /**
     * Has the embedder make the device.
     *
     * @throws GivenPartException when that gives none
     */
    static GivenBusDevice make(ExtraBusDevice extra, InterruptLine line, EventLoop loop, VcpuEvents events) {
        GivenPart part = new GivenPart(extra.title(), extra.key(), events);
        BusDevice device;
        try {
            device = extra.maker().apply(line, new GivenLoop(loop, part));
        } catch (Throwable e) {
            throw part.refused("its maker", e);
        }
        if (device == null) {
            throw part.refused("its maker gave null");
        }
        return new GivenBusDevice(part, device);
    }

    /** How it is saved with its machine: empty when it cannot be. One without state gives an empty one. */
    Optional<Stateful> stateful() {
        return device instanceof Stateful saved ? Optional.of(new GivenState(part, saved)) : Optional.empty();
    }

    @Override
    public long read(long offset, int width) {
        if (part.hasFailed()) {
            return ALL_ONES;
        }
        try {
            return device.read(offset, width);
        } catch (Throwable e) {
            part.failed("read(" + offset + ", " + width + ")", e);
            return ALL_ONES;
        }
    }

    @Override
    public void write(long offset, int width, long value) {
        if (part.hasFailed()) {
            return;
        }
        try {
            device.write(offset, width, value);
        } catch (Throwable e) {
            part.failed("write(" + offset + ", " + width + ", 0x" + Long.toHexString(value) + ")", e);
        }
    }

    /** Closes a device that can be closed; no vCPU or loop runs any more. */
    @Override
    public void close() {
        if (device instanceof AutoCloseable closeable) {
            try {
                closeable.close();
            } catch (Throwable e) {
                part.failedToEnd("close()", e);
            }
        }
    }
}
