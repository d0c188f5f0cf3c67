package io.vmm4j.devices.virtio.mmio;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.vmm4j.devices.testing.FuzzDriver;

/** The transport in front of devices that take any chain and those that take none. */
final class VirtioMmioFuzzTest {

    private final FuzzDriver<Taker> taker = new FuzzDriver<>((loop, clock) -> new Taker(), program -> program.bytes(16), (device, program) -> {
        int offset = program.below(8);
        if (device.config.put(offset, 1, program.u8())) {
            device.tellConfigChanged();
        }
    });

    @FuzzTest
    void mmio(byte[] program) {
        taker.run(program);
    }
}
