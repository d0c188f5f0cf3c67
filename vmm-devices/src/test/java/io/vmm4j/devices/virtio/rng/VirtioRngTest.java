package io.vmm4j.devices.virtio.rng;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.devices.testing.DriverQueue.Buffer;
import io.vmm4j.devices.testing.DriverQueue.Used;
import io.vmm4j.devices.testing.GuestRam;
import io.vmm4j.devices.testing.VirtioRig;
import io.vmm4j.devices.virtio.RequestGate;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Duration;
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

    private VirtioRig<VirtioRng> rig(RngSource from, RequestGate gate) {
        return new VirtioRig<>(loop -> new VirtioRng(loop, from, gate)).start(0, SIZE);
    }

    private VirtioRig<VirtioRng> rig() {
        return rig(source, RequestGate.OPEN);
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
        }, RequestGate.OPEN);
        int id = rig.queue(0).add(Buffer.writable(DATA, 64));
        rig.kick(0);
        assertEquals(new Used(id, 0), rig.queue(0).takeUsed());
        assertFalse(rig.needsReset(), "the host's failure is not the driver's fault");
    }

    @Test
    void aRequestAboveTheRateWaitsForItsTime() {
        long[] delay = {Duration.ofMillis(30).toNanos()};
        VirtioRig<VirtioRng> rig = rig(source, bytes -> delay[0]);
        int id = rig.queue(0).add(Buffer.writable(DATA, 64));
        rig.kick(0);
        assertNull(rig.queue(0).takeUsed());
        delay[0] = 0;
        rig.loop().advance(Duration.ofMillis(29));
        assertNull(rig.queue(0).takeUsed());
        rig.loop().advance(Duration.ofMillis(1));
        assertEquals(new Used(id, 64), rig.queue(0).takeUsed());
        assertEquals(1, rig.line().edges());
    }

    @Test
    void aLiftedLimitServesTheWaitingRequestAtOnce() {
        long[] delay = {Duration.ofHours(1).toNanos()};
        VirtioRig<VirtioRng> rig = rig(source, bytes -> delay[0]);
        rig.queue(0).add(Buffer.writable(DATA, 64));
        rig.kick(0);
        delay[0] = 0;
        rig.device().limitChanged();
        rig.loop().run();
        assertEquals(64, rig.queue(0).takeUsed().length());
    }

    @Test
    void theLimitIsAskedForTheBytesThatAreGiven() {
        long[] asked = new long[1];
        VirtioRig<VirtioRng> rig = rig(source, bytes -> {
            asked[0] = bytes;
            return 0;
        });
        rig.queue(0).add(Buffer.writable(DATA, 0x20_0000));
        rig.kick(0);
        assertEquals(65_536, asked[0]);
    }

    @Test
    void aResetForgetsTheWaitingRequestAndTheDeviceStartsAgain() {
        long[] delay = {1000};
        VirtioRig<VirtioRng> rig = rig(source, bytes -> delay[0]);
        rig.queue(0).add(Buffer.writable(DATA, 64));
        rig.kick(0);
        rig.driver().reset();
        assertEquals(0, rig.loop().armedTimers());
        delay[0] = 0;
        rig.loop().advance(Duration.ofSeconds(1));
        assertEquals(0, source.given, "nothing is written after a reset");
        rig.start(0, SIZE);
        rig.queue(0).add(Buffer.writable(DATA, 8));
        rig.kick(0);
        assertEquals(8, rig.queue(0).takeUsed().length());
    }

    @Test
    void aDescriptorLoopAsksForAResetAndServesNothingUntilThen() {
        VirtioRig<VirtioRng> rig = rig();
        rig.queue(0).rawDescriptor(0, DATA, 16, 1 | 2, 0);
        rig.queue(0).publish(0);
        rig.kick(0);
        assertTrue(rig.needsReset());
        rig.device().limitChanged();
        rig.loop().run();
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
        long seed = System.nanoTime();
        System.out.println("VirtioRngTest seed " + seed);
        Random random = new Random(seed);
        VirtioRig<VirtioRng> rig = rig();
        for (int round = 0; round < 2_000; round++) {
            long first = random.nextInt(40_000);
            long second = random.nextInt(40_000);
            rig.queue(0).add(Buffer.writable(DATA + random.nextInt(0x10_0000), first),
                Buffer.writable(DATA + random.nextInt(0x10_0000), second));
            rig.kickIfNeeded(0);
            assertEquals(Math.min(65_536, first + second), rig.queue(0).takeUsed().length(), "seed " + seed);
        }
    }
}
