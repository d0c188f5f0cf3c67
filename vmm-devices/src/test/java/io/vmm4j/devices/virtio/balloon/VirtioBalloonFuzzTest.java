package io.vmm4j.devices.virtio.balloon;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.vmm4j.devices.testing.ByteProgram;
import io.vmm4j.devices.testing.FuzzDriver;
import java.io.IOException;
import java.nio.ByteBuffer;

/** The balloon with all its queues under any driver, with a host that refuses at times. */
final class VirtioBalloonFuzzTest {

    private static final BalloonConfig CONFIG = new BalloonConfig(64, true, 1, true, true);

    private boolean isBroken;
    private final FuzzDriver<VirtioBalloon> driver = new FuzzDriver<>(
        (loop, clock) -> new VirtioBalloon(loop, CONFIG, this::discard), VirtioBalloonFuzzTest::request, this::host);

    @FuzzTest
    void balloon(byte[] program) {
        isBroken = false;
        driver.run(program);
    }

    /** Some page numbers, most of them of RAM, or statistics. */
    private static byte[] request(ByteProgram program) {
        int count = program.below(16) + 1;
        if (program.flag()) {
            ByteBuffer pages = ByteBuffer.allocate(4 * count);
            for (int i = 0; i < count; i++) {
                pages.putInt(Integer.reverseBytes(program.flag() ? program.below(64) : (int) program.number()));
            }
            return pages.array();
        }
        ByteBuffer statistics = ByteBuffer.allocate(10 * count);
        for (int i = 0; i < count; i++) {
            statistics.put((byte) program.below(20)).put((byte) program.below(2)).putLong(program.number());
        }
        return statistics.array();
    }

    private void discard(ByteBuffer range) throws IOException {
        if (!range.hasRemaining()) {
            throw new AssertionError("an empty range was discarded");
        }
        if (isBroken) {
            throw new IOException("EINVAL");
        }
    }

    private void host(VirtioBalloon balloon, ByteProgram program) {
        switch (program.below(7)) {
            case 0 -> isBroken = !isBroken;
            case 1 -> balloon.setTargetPages(program.number() & 0xFFFF_FFFFL);
            case 2 -> balloon.startHinting(program.flag());
            case 3 -> balloon.stopHinting();
            case 4 -> {
                if (balloon.hasStatistics()) {
                    balloon.setStatisticsInterval(1 + program.u8());
                }
            }
            case 5 -> balloon.statistics();
            default -> balloon.hintingStatus();
        }
    }
}
