package io.vmm4j.devices.virtio.rng;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.vmm4j.devices.limit.BucketConfig;
import io.vmm4j.devices.limit.RateLimiter;
import io.vmm4j.devices.testing.ByteProgram;
import io.vmm4j.devices.testing.FuzzDriver;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;

/** The entropy device under any driver, with a source that fails at times and limits that change. */
final class VirtioRngFuzzTest {

    private boolean isBroken;
    private final FuzzDriver<VirtioRng> driver = new FuzzDriver<>(
        (loop, clock) -> new VirtioRng(loop, this::fill, new RateLimiter(clock, BucketConfig.UNLIMITED, BucketConfig.UNLIMITED)),
        program -> program.bytes(8), this::host);

    @FuzzTest
    void rng(byte[] program) {
        isBroken = false;
        driver.run(program);
    }

    private void fill(ByteBuffer target) throws IOException {
        if (isBroken) {
            throw new IOException("no entropy");
        }
        while (target.hasRemaining()) {
            target.put((byte) 0xA5);
        }
    }

    private void host(VirtioRng rng, ByteProgram program) {
        switch (program.below(4)) {
            case 0 -> isBroken = !isBroken;
            case 1 -> rng.updateLimits(Optional.of(BucketConfig.UNLIMITED), Optional.of(BucketConfig.UNLIMITED));
            case 2 -> rng.updateLimits(Optional.of(new BucketConfig(program.u16() + 1, program.u8() + 1)), Optional.empty());
            default -> rng.updateLimits(Optional.empty(), Optional.of(new BucketConfig(program.u8() + 1, program.u8() + 1)));
        }
    }
}
