package io.vmm4j.devices.virtio.queue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.vmm4j.devices.testing.FuzzDriver;
import java.util.function.LongUnaryOperator;

/** The device's side of either ring under any driver, polled, pushed and put back in any order a device may choose. */
final class VirtQueueFuzzTest {

    private static final long PACKED = 1L << 34;

    private final FuzzDriver<HoldingDevice> driver = new FuzzDriver<>((loop, clock) -> device = new HoldingDevice(), program -> program.bytes(16),
        HoldingDevice::act);
    private HoldingDevice device;

    @FuzzTest
    void split(byte[] program) {
        run(program, features -> features & ~PACKED);
    }

    @FuzzTest
    void packed(byte[] program) {
        run(program, features -> features | PACKED);
    }

    private void run(byte[] program, LongUnaryOperator features) {
        driver.run(program, features);
        if (driver.takenBack() >= 0 && driver.takenBack() != device.pushed()) {
            throw new AssertionError("of " + device.pushed() + " chains given back the driver found " + driver.takenBack());
        }
    }
}
