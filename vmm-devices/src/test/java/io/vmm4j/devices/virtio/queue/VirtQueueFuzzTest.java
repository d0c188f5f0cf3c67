package io.vmm4j.devices.virtio.queue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.vmm4j.devices.testing.FuzzDriver;

/** The device's side of either ring under any driver, polled, pushed and put back in any order a device may choose. */
final class VirtQueueFuzzTest {

    private static final long PACKED = 1L << 34;

    private final FuzzDriver<HoldingDevice> driver = new FuzzDriver<>((loop, clock) -> new HoldingDevice(), program -> program.bytes(16),
        HoldingDevice::act);

    @FuzzTest
    void split(byte[] program) {
        driver.run(program, features -> features & ~PACKED);
    }

    @FuzzTest
    void packed(byte[] program) {
        driver.run(program, features -> features | PACKED);
    }
}
