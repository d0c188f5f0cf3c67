package io.vmm4j.bench.devices;

import io.vmm4j.devices.memory.BufferGuestMemory;
import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.memory.MemoryRegion;
import io.vmm4j.devices.testing.MmioDriver;
import io.vmm4j.devices.virtio.VirtioDevice;
import io.vmm4j.devices.virtio.mmio.VirtioMmioTransport;
import java.nio.ByteBuffer;
import java.util.List;

/** A guest of 4 MiB with one virtio device, started. */
final class BenchGuest {

    /** Queues lie from here on, {@link #QUEUE_STRIDE} apart; buffers from 2 MiB on. */
    static final long QUEUES = 0x10_0000;
    static final long QUEUE_STRIDE = 0x8000;
    static final long BUFFERS = 0x20_0000;

    private static final int RAM = 4 << 20;
    private static final int PAGE = 4096;

    private final GuestMemory memory = memory();
    private final BenchLoop loop = new BenchLoop();
    private VirtioMmioTransport transport;
    private long interrupts;

    /** As in a machine its pages are the host's: the kernel copies to what lies otherwise at half the speed. */
    static GuestMemory memory() {
        ByteBuffer ram = ByteBuffer.allocateDirect(RAM + PAGE).alignedSlice(PAGE).limit(RAM).slice();
        return new BufferGuestMemory(List.of(MemoryRegion.of(0, ram)));
    }

    /** Starts {@code device} with {@code queues}, of which null ones are left out. */
    BenchGuest start(VirtioDevice device, long features, BenchRing... queues) {
        transport = new VirtioMmioTransport(device, memory, () -> interrupts++, loop);
        MmioDriver driver = new MmioDriver(transport);
        if (!driver.negotiate(features)) {
            throw new IllegalStateException("the device refused features 0x" + Long.toHexString(features));
        }
        for (int i = 0; i < queues.length; i++) {
            if (queues[i] != null) {
                driver.setUpQueue(i, queues[i].addresses());
            }
        }
        driver.driverOk();
        loop.run();
        return this;
    }

    BenchRing ring(int index, long features) {
        return new BenchRing(memory, QUEUES + QUEUE_STRIDE * index, features);
    }

    GuestMemory ram() {
        return memory;
    }

    BenchLoop loop() {
        return loop;
    }

    /** Notifies a queue on its loop, and runs the loop dry. */
    void notifyQueue(int index) {
        transport.notifyQueue(index);
        loop.run();
    }

    long interrupts() {
        return interrupts;
    }
}
