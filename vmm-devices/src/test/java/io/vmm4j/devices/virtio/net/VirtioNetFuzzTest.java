package io.vmm4j.devices.virtio.net;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.vmm4j.devices.limit.BucketConfig;
import io.vmm4j.devices.limit.RateLimiter;
import io.vmm4j.devices.testing.ByteProgram;
import io.vmm4j.devices.testing.FuzzDriver;
import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.time.NanoClock;
import java.util.EnumSet;
import java.util.Optional;
import java.util.OptionalInt;

/** The network device with two pairs of queues under any driver, with frames of any length from a port that fails at times. */
final class VirtioNetFuzzTest {

    private static final int PAIRS = 2;
    private static final int[] FRAMES = {12, 13, 26, 72, 1526, 4096, 9012, 65547};

    private final FuzzDriver<VirtioNet> driver = new FuzzDriver<>(this::make, VirtioNetFuzzTest::request, this::host);
    private FakePort port;

    @FuzzTest
    void net(byte[] program) {
        driver.run(program);
    }

    private VirtioNet make(EventLoop loop, NanoClock clock) {
        port = new FakePort(PAIRS, EnumSet.allOf(NetOffload.class));
        NetConfig config = new NetConfig(Optional.of(MacAddress.parse("02:00:00:00:00:01")), OptionalInt.of(1500), PAIRS, 16);
        return new VirtioNet(loop, config, port, limiter(clock), limiter(clock));
    }

    private static RateLimiter limiter(NanoClock clock) {
        return new RateLimiter(clock, BucketConfig.UNLIMITED, BucketConfig.UNLIMITED);
    }

    /** A frame with a header whose offloads may make sense, or a control command. */
    private static byte[] request(ByteProgram program) {
        if (program.flag()) {
            return new byte[] {(byte) program.below(6), (byte) program.below(4), (byte) program.u8(), (byte) program.u8()};
        }
        byte[] frame = new byte[12 + 1 + program.u8() * 8];
        frame[0] = (byte) program.below(4);
        frame[1] = (byte) program.of(0, 1, 3, 4, 5, 0x81, program.u8());
        frame[2] = (byte) program.of(54, 14, 0, program.u8());
        frame[4] = (byte) program.of(0xB4, 0, program.u8());
        frame[6] = (byte) program.of(34, 14, program.u8());
        frame[8] = (byte) program.of(16, 6, program.u8());
        return frame;
    }

    private void host(VirtioNet net, ByteProgram program) {
        int pair = program.below(PAIRS);
        switch (program.below(10)) {
            case 0, 1, 2 -> {
                port.arrive(pair, new byte[program.of(FRAMES) + program.below(2)]);
                tell(pair);
            }
            case 3 -> {
                byte[] frame = new byte[12 + program.u8()];
                System.arraycopy(program.bytes(12), 0, frame, 0, 12);
                port.arrive(pair, frame);
                tell(pair);
            }
            case 4 -> port.setRoom(program.below(3));
            case 5 -> {
                port.setRoom(Integer.MAX_VALUE);
                if (port.isStarted()) {
                    port.tellWritable(pair);
                }
            }
            case 6 -> port.setBroken(program.flag());
            case 7 -> net.setLinkUp(program.flag());
            case 8 -> net.requestAnnounce();
            default -> {
                Optional<BucketConfig> limit = Optional.of(program.flag() ? BucketConfig.UNLIMITED : new BucketConfig(program.u16() + 1, program.u8() + 1));
                net.updateRxLimits(limit, Optional.empty());
                net.updateTxLimits(limit, limit);
            }
        }
    }

    private void tell(int pair) {
        if (port.isStarted()) {
            port.tellReadable(pair);
        }
    }
}
