package io.vmm4j.devices.virtio.rng;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.devices.limit.BucketConfig;
import io.vmm4j.devices.limit.RateLimiter;
import io.vmm4j.devices.testing.AllocationMeter;
import io.vmm4j.devices.testing.DriverQueue.Buffer;
import io.vmm4j.devices.testing.DriverQueue.Used;
import io.vmm4j.devices.testing.GuestRam;
import io.vmm4j.devices.testing.VirtioRig;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class VirtioRngTest {

    private static final long DATA = VirtioRig.DATA;
    private static final int SIZE = 16;

    /** Bytes 1, 2, 3 and so on, never 0. */
    private static final class CountingSource implements RngSource {
        private int next;
        private long given;

        @Override
        public void fill(ByteBuffer target) {
            while (target.hasRemaining()) {
                target.put((byte) (next++ % 255 + 1));
                given++;
            }
        }
    }

    private final CountingSource source = new CountingSource();

    private VirtioRig<VirtioRng> rig(RngSource from) {
        return new VirtioRig<>(loop -> new VirtioRng(loop, from)).start(0, SIZE);
    }

    private VirtioRig<VirtioRng> rig() {
        return rig(source);
    }

    /** A kilobyte a second. */
    private VirtioRig<VirtioRng> limitedRig() {
        return new VirtioRig<>((loop, clock) -> new VirtioRng(loop, source,
            new RateLimiter(clock, new BucketConfig(1000, 1000), BucketConfig.UNLIMITED))).start(0, SIZE);
    }

    @Test
    void isDeviceFourWithOneQueueOf256AndNeitherFeaturesNorConfiguration() {
        VirtioRig<VirtioRng> rig = rig();
        assertEquals(4, rig.driver().read(0x008));
        rig.driver().write(0x030, 0);
        assertEquals(256, rig.driver().read(0x034));
        rig.driver().write(0x030, 1);
        assertEquals(0, rig.driver().read(0x034), "one queue only");
        assertEquals(0, rig.deviceFeatures());
        assertEquals(0, rig.driver().readConfig(0, 4));
    }

    @Test
    void fillsABufferCompletelyAndInterruptsOnce() {
        VirtioRig<VirtioRng> rig = rig();
        int id = rig.queue(0).add(Buffer.writable(DATA + 4090, 12));
        rig.kick(0);
        assertEquals(new Used(id, 12), rig.queue(0).takeUsed());
        assertArrayEquals(new byte[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, GuestRam.get(rig.memory(), DATA + 4090, 12));
        assertEquals(1, rig.line().edges());
    }

    @Test
    void fillsTheBuffersOfAChainInOrder() {
        VirtioRig<VirtioRng> rig = rig();
        rig.queue(0).addIndirect(DATA, Buffer.writable(DATA + 0x1000, 3), Buffer.writable(DATA + 0x2000, 2));
        rig.kick(0);
        assertEquals(5, rig.queue(0).takeUsed().length());
        assertArrayEquals(new byte[] {1, 2, 3, 0}, GuestRam.get(rig.memory(), DATA + 0x1000, 4));
        assertArrayEquals(new byte[] {4, 5, 0}, GuestRam.get(rig.memory(), DATA + 0x2000, 3));
    }

    @Test
    void givesAtMost64KibARequest() {
        VirtioRig<VirtioRng> rig = rig();
        rig.queue(0).add(Buffer.writable(DATA, 70_000), Buffer.writable(DATA + 70_000, 70_000));
        rig.kick(0);
        assertEquals(65_536, rig.queue(0).takeUsed().length());
        assertEquals(65_536, source.given);
        assertEquals(0, GuestRam.get(rig.memory(), DATA + 65_536, 1)[0], "nothing behind the bound is written");
    }

    @Test
    void givesBackAReadableBufferWithoutBytes() {
        VirtioRig<VirtioRng> rig = rig();
        int id = rig.queue(0).add(Buffer.readable(DATA, 64));
        rig.kick(0);
        assertEquals(new Used(id, 0), rig.queue(0).takeUsed());
        assertFalse(rig.needsReset());
    }

    @Test
    void aSourceThatFailsEndsTheRequestWithoutBytes() {
        VirtioRig<VirtioRng> rig = rig(target -> {
            throw new IOException("none");
        });
        int id = rig.queue(0).add(Buffer.writable(DATA, 64));
        rig.kick(0);
        assertEquals(new Used(id, 0), rig.queue(0).takeUsed());
        assertFalse(rig.needsReset(), "the host's failure is not the driver's fault");
    }

    @Test
    void aRequestAboveTheRateWaitsForItsTime() {
        VirtioRig<VirtioRng> rig = limitedRig();
        rig.queue(0).add(Buffer.writable(DATA, 970));
        int id = rig.queue(0).add(Buffer.writable(DATA, 60));
        rig.kick(0);
        assertEquals(970, rig.queue(0).takeUsed().length());
        assertEquals(1, rig.line().takeEdges());
        rig.kick(0);
        rig.loop().advance(Duration.ofMillis(29));
        assertNull(rig.queue(0).takeUsed(), "30 ms are missing for 30 bytes");
        rig.loop().advance(Duration.ofMillis(1));
        assertEquals(new Used(id, 60), rig.queue(0).takeUsed());
        assertEquals(1, rig.line().edges());
    }

    @Test
    void aLiftedLimitServesTheWaitingRequestAtOnce() {
        VirtioRig<VirtioRng> rig = limitedRig();
        rig.queue(0).add(Buffer.writable(DATA, 1000));
        rig.queue(0).add(Buffer.writable(DATA, 1000));
        rig.kick(0);
        assertEquals(1000, source.given);
        rig.device().updateLimits(Optional.of(BucketConfig.UNLIMITED), Optional.empty());
        rig.loop().run();
        assertEquals(2000, source.given);
    }

    @Test
    void theLimitCountsTheBytesThatAreGiven() {
        VirtioRig<VirtioRng> rig = new VirtioRig<>((loop, clock) -> new VirtioRng(loop, source,
            new RateLimiter(clock, new BucketConfig(65_536, 1000), BucketConfig.UNLIMITED))).start(0, SIZE);
        rig.queue(0).add(Buffer.writable(DATA, 0x20_0000));
        rig.kick(0);
        assertEquals(65_536, source.given);
        rig.queue(0).add(Buffer.writable(DATA, 65_536));
        rig.kick(0);
        rig.loop().advance(Duration.ofMillis(1001));
        assertEquals(131_072, source.given, "a second refills what one request of any size takes");
    }

    @Test
    void aResetForgetsTheWaitingRequestAndTheDeviceStartsAgain() {
        VirtioRig<VirtioRng> rig = limitedRig();
        rig.queue(0).add(Buffer.writable(DATA, 1000));
        rig.queue(0).add(Buffer.writable(DATA, 64));
        rig.kick(0);
        rig.driver().reset();
        assertEquals(0, rig.loop().armedTimers());
        rig.loop().advance(Duration.ofSeconds(1));
        assertEquals(1000, source.given, "nothing is written after a reset");
        rig.start(0, SIZE);
        rig.queue(0).add(Buffer.writable(DATA, 8));
        rig.kick(0);
        assertEquals(8, rig.queue(0).takeUsed().length());
    }

    @Test
    void aRequestAllocatesNothing() {
        VirtioRig<VirtioRng> rig = rig();
        AllocationMeter.assertNone(() -> rig.queue(0).add(Buffer.writable(DATA, 100)), () -> rig.device().onQueueNotify(0),
            () -> rig.queue(0).takeUsed());
    }

    @Test
    void aDescriptorLoopAsksForAResetAndServesNothingUntilThen() {
        VirtioRig<VirtioRng> rig = rig();
        rig.queue(0).rawDescriptor(0, DATA, 16, 1 | 2, 0);
        rig.queue(0).publish(0);
        rig.kick(0);
        assertTrue(rig.needsReset());
        rig.kick(0);
        assertEquals(0, source.given);
        rig.start(0, SIZE);
        assertFalse(rig.needsReset());
    }

    @Test
    void aFullQueueIsServedInTurnsAndCompletely() {
        VirtioRig<VirtioRng> rig = new VirtioRig<>(loop -> new VirtioRng(loop, source)).start(0, 256);
        for (int i = 0; i < 256; i++) {
            rig.queue(0).add(Buffer.writable(DATA + 16L * i, 16));
        }
        rig.kick(0);
        for (int i = 0; i < 256; i++) {
            assertEquals(16, rig.queue(0).takeUsed().length());
        }
        assertEquals(256 * 16, source.given);
    }

    @Test
    void theSecureSourceFillsEveryByte() throws IOException {
        ByteBuffer target = ByteBuffer.allocateDirect(10_000).position(1).limit(9_999);
        RngSource.of(new SecureRandom()).fill(target);
        assertFalse(target.hasRemaining());
        int zeroes = 0;
        for (int i = 1; i < 9_999; i++) {
            zeroes += target.get(i) == 0 ? 1 : 0;
        }
        assertTrue(zeroes < 200, zeroes + " of 9998 bytes are zero");
    }

    @Test
    void randomRequestsAreServedExactly() {
        Random random = new Random(VirtioRig.seed("VirtioRngTest"));
        VirtioRig<VirtioRng> rig = rig();
        for (int round = 0; round < 2_000; round++) {
            long first = random.nextInt(40_000);
            long second = random.nextInt(40_000);
            rig.queue(0).add(Buffer.writable(DATA + random.nextInt(0x10_0000), first),
                Buffer.writable(DATA + random.nextInt(0x10_0000), second));
            rig.kickIfNeeded(0);
            assertEquals(Math.min(65_536, first + second), rig.queue(0).takeUsed().length());
        }
    }

    @Test
    void aRequestThatWaitsIsLeftAloneOnceTheDriverHasTakenItsQueueBack() {
        VirtioRig<VirtioRng> rig = limitedRig();
        rig.queue(0).add(Buffer.writable(DATA, 1000));
        rig.queue(0).add(Buffer.writable(DATA, 64));
        rig.kick(0);
        rig.driver().write(0x030, 0);
        rig.driver().write(0x044, 0);
        assertEquals(0, rig.driver().read(0x044));
        rig.loop().advance(Duration.ofSeconds(1));
        assertEquals(1000, source.given, "section 4.2.2.2: the buffer is the driver's again");
    }

    @Test
    void aRequestWithoutRoomIsAnOperationToo() {
        VirtioRig<VirtioRng> rig = new VirtioRig<>((loop, clock) -> new VirtioRng(loop, source,
            new RateLimiter(clock, BucketConfig.UNLIMITED, new BucketConfig(2, 1000)))).start(0, SIZE);
        for (int i = 0; i < 3; i++) {
            rig.queue(0).add(Buffer.readable(DATA, 64));
        }
        rig.kick(0);
        assertEquals(0, rig.queue(0).takeUsed().length());
        assertEquals(0, rig.queue(0).takeUsed().length());
        assertNull(rig.queue(0).takeUsed());
        rig.loop().advance(Duration.ofMillis(500));
        assertEquals(0, rig.queue(0).takeUsed().length());
    }
}
