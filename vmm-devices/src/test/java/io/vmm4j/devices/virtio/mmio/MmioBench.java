package io.vmm4j.devices.virtio.mmio;

import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.testing.DriverQueue;
import io.vmm4j.devices.testing.GuestRam;
import io.vmm4j.devices.testing.ManualClock;
import io.vmm4j.devices.testing.ManualLoop;
import io.vmm4j.devices.testing.MmioDriver;
import io.vmm4j.devices.testing.RecordingLine;

/** A transport in front of a device that writes down what is done to it, with a driver. */
abstract class MmioBench {

    static final long VERSION_1 = 1L << 32;
    static final long OWN_FEATURE = FakeDevice.OWN_FEATURE;

    final GuestMemory memory = GuestRam.of(1 << 18);
    final RecordingLine line = new RecordingLine();
    final ManualLoop loop = new ManualLoop(new ManualClock());
    final FakeDevice device = new FakeDevice();
    final VirtioMmioTransport transport = new VirtioMmioTransport(device, memory, line, loop);
    final MmioDriver driver = new MmioDriver(transport);

    /** Starts the device with queue 0 of 8 elements. */
    DriverQueue start(long features) {
        DriverQueue queue = DriverQueue.of(memory, 0x10000, 8, features);
        driver.start(features, queue);
        loop.run();
        return queue;
    }
}
