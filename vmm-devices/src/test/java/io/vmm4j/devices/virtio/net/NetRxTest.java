package io.vmm4j.devices.virtio.net;

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
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** From the backend to the guest. */
final class NetRxTest {

    private static final long GUEST_CSUM = 1L << 1;
    private static final long MTU = 1L << 3;
    private static final long GUEST_TSO4 = 1L << 7;
    private static final long GUEST_ECN = 1L << 9;
    private static final long MRG_RXBUF = 1L << 15;
    private static final long CTRL_VQ = 1L << 17;
    private static final long MQ = 1L << 22;
    private static final long DATA = VirtioRig.DATA;
    private static final MacAddress ADDRESS = MacAddress.parse("02:00:00:00:00:01");

    private final FakePort port = new FakePort();

    private VirtioRig<VirtioNet> rig(long features) {
        return new VirtioRig<>(loop -> new VirtioNet(loop, NetConfig.of(ADDRESS), port)).start(features, 256, 16);
    }

    private void arrive(VirtioRig<?> rig, byte[] frame) {
        port.arrive(0, frame);
        port.tellReadable(0);
        rig.loop().run();
    }

    @Test
    void aFrameGoesIntoOneBufferHeaderFirst() {
        VirtioRig<VirtioNet> rig = rig(0);
        int id = rig.queue(0).add(Buffer.writable(DATA + 4090, 10), Buffer.writable(DATA + 0x5000, 1516));
        byte[] frame = Frames.plain(60, 7);
        arrive(rig, frame);
        assertEquals(new Used(id, 72), rig.queue(0).takeUsed());
        assertArrayEquals(Arrays.copyOf(Frames.received(frame, 1), 10), GuestRam.get(rig.memory(), DATA + 4090, 10));
        assertArrayEquals(Arrays.copyOfRange(Frames.received(frame, 1), 10, 72), GuestRam.get(rig.memory(), DATA + 0x5000, 62));
        assertEquals(1, rig.line().edges());
        assertEquals(1, rig.device().statistics().rxFrames());
        assertEquals(60, rig.device().statistics().rxBytes());
    }

    @Test
    void aFrameIsSpreadOverMergeableBuffersAndCounted() {
        VirtioRig<VirtioNet> rig = rig(MRG_RXBUF);
        for (int i = 0; i < 4; i++) {
            rig.queue(0).add(Buffer.writable(DATA + 0x1000 * i, 100));
        }
        byte[] frame = Frames.plain(238, 3);
        arrive(rig, frame);
        ByteArrayOutputStream received = new ByteArrayOutputStream();
        for (int length : new int[] {100, 100, 50}) {
            Used used = rig.queue(0).takeUsed();
            assertEquals(length, used.length());
            received.writeBytes(GuestRam.get(rig.memory(), DATA + 0x1000L * used.id(), length));
        }
        assertNull(rig.queue(0).takeUsed(), "the fourth is for the next frame");
        assertArrayEquals(Frames.received(frame, 3), received.toByteArray());
        assertEquals(1, rig.line().edges(), "one interrupt for the frame");
    }

    @Test
    void aFrameWaitsForBuffersAndNothingMoreIsReadMeanwhile() {
        VirtioRig<VirtioNet> rig = rig(MRG_RXBUF);
        rig.queue(0).add(Buffer.writable(DATA, 100));
        arrive(rig, Frames.plain(188, 1));
        port.arrive(0, Frames.plain(50, 1));
        int receives = port.receives();
        port.tellReadable(0);
        port.tellReadable(0);
        rig.loop().run();
        assertEquals(receives, port.receives(), "no frame is read while one waits");
        assertNull(rig.queue(0).takeUsed(), "half a frame is not shown");
        assertEquals(0, rig.line().edges());
        rig.queue(0).add(Buffer.writable(DATA + 0x1000, 100));
        rig.kickIfNeeded(0);
        assertEquals(100, rig.queue(0).takeUsed().length());
        assertEquals(100, rig.queue(0).takeUsed().length());
        assertNull(rig.queue(0).takeUsed());
        rig.queue(0).add(Buffer.writable(DATA, 100));
        rig.kickIfNeeded(0);
        assertEquals(62, rig.queue(0).takeUsed().length(), "the second frame follows without another notification of the backend");
    }

    @Test
    void buffersThatAFrameDidNotNeedServeTheNextInOrder() {
        VirtioRig<VirtioNet> rig = rig(MRG_RXBUF);
        for (int i = 0; i < 255; i++) {
            rig.queue(0).add(Buffer.writable(DATA + 0x100 * i, 12));
        }
        arrive(rig, Frames.plain(4000, 1));
        assertEquals(0, rig.device().statistics().rxDropped());
        rig.queue(0).add(Buffer.writable(DATA + 0x10_0000, 12));
        rig.kick(0);
        assertEquals(1, rig.device().statistics().rxDropped(), "all 256 buffers together are too small for it");
        arrive(rig, Frames.plain(14, 1));
        for (int i = 0; i < 3; i++) {
            Used used = rig.queue(0).takeUsed();
            assertEquals(i, used.id(), "held buffers go back in order");
            assertEquals(i < 2 ? 12 : 2, used.length());
        }
        assertNull(rig.queue(0).takeUsed());
        arrive(rig, Frames.plain(20, 1));
        assertEquals(3, rig.queue(0).takeUsed().id());
    }

    @Test
    void aBufferTooSmallForAFrameKeepsForASmallerOne() {
        VirtioRig<VirtioNet> rig = rig(0);
        int id = rig.queue(0).add(Buffer.writable(DATA, 100));
        arrive(rig, Frames.plain(89, 1));
        assertNull(rig.queue(0).takeUsed());
        assertEquals(1, rig.device().statistics().rxDropped());
        arrive(rig, Frames.plain(88, 1));
        assertEquals(new Used(id, 100), rig.queue(0).takeUsed());
    }

    @Test
    void aMergeableBufferThatCannotHoldTheHeaderNeedsAReset() {
        VirtioRig<VirtioNet> rig = rig(MRG_RXBUF);
        rig.queue(0).add(Buffer.writable(DATA, 11));
        arrive(rig, Frames.plain(60, 1));
        assertTrue(rig.needsReset());
        int receives = port.receives();
        port.tellReadable(0);
        assertEquals(receives, port.receives(), "a broken device reads nothing");
    }

    @Test
    void theLargestFrameFitsAndALargerOneIsDropped() {
        VirtioRig<VirtioNet> rig = rig(MRG_RXBUF | GUEST_CSUM | GUEST_TSO4);
        for (int i = 0; i < 20; i++) {
            rig.queue(0).add(Buffer.writable(DATA + 0x1000 * i, 4096));
        }
        byte[] largest = Frames.with(65550, 1, 1, 1448, 34, 16);
        arrive(rig, largest);
        assertEquals(1, rig.device().statistics().rxFrames());
        long total = 0;
        for (Used used = rig.queue(0).takeUsed(); used != null; used = rig.queue(0).takeUsed()) {
            total += used.length();
        }
        assertEquals(65562, total);
        assertEquals(17, GuestRam.get(rig.memory(), DATA + 10, 1)[0], "num_buffers");
        for (int i = 0; i < 17; i++) {
            rig.queue(0).add(Buffer.writable(DATA + 0x1000 * i, 4096));
        }
        arrive(rig, Frames.with(65551, 1, 1, 1448, 34, 16));
        assertEquals(1, rig.device().statistics().rxDropped());
        assertFalse(rig.needsReset());
    }

    @Test
    void framesWithOffloadsThatTheDriverDidNotAcceptAreDropped() {
        VirtioRig<VirtioNet> rig = rig(GUEST_CSUM);
        rig.queue(0).add(Buffer.writable(DATA, 4096));
        arrive(rig, Frames.with(2000, 1, 1, 1448, 34, 16));
        assertEquals(1, rig.device().statistics().rxDropped(), "TCP that is not segmented");
        arrive(rig, Frames.with(100, 1, 0, 0, 34, 16));
        assertEquals(1, rig.device().statistics().rxFrames(), "a partial checksum is fine");
        VirtioRig<VirtioNet> plain = rig(0);
        plain.queue(0).add(Buffer.writable(DATA, 4096));
        arrive(plain, Frames.with(100, 1, 0, 0, 34, 16));
        assertEquals(1, plain.device().statistics().rxDropped());
        arrive(plain, Frames.with(100, 2, 0, 0, 0, 0));
        assertEquals(0, GuestRam.get(plain.memory(), DATA, 1)[0], "DATA_VALID says nothing to a driver without GUEST_CSUM");
        VirtioRig<VirtioNet> ecn = rig(GUEST_CSUM | GUEST_TSO4);
        ecn.queue(0).add(Buffer.writable(DATA, 4096));
        arrive(ecn, Frames.with(2000, 1, 0x81, 1448, 34, 16));
        assertEquals(1, ecn.device().statistics().rxDropped());
        VirtioRig<VirtioNet> withEcn = rig(GUEST_CSUM | GUEST_TSO4 | GUEST_ECN);
        withEcn.queue(0).add(Buffer.writable(DATA, 4096));
        arrive(withEcn, Frames.with(2000, 1, 0x81, 1448, 34, 16));
        assertEquals(1, withEcn.device().statistics().rxFrames());
    }

    @Test
    void framesAboveTheMtuAreDroppedUnlessTheyAreToBeSegmented() {
        VirtioRig<VirtioNet> rig = new VirtioRig<>(loop -> new VirtioNet(loop,
            new NetConfig(Optional.of(ADDRESS), OptionalInt.of(1000), 1, 256), port)).start(MTU | GUEST_CSUM | GUEST_TSO4, 16, 16);
        for (int i = 0; i < 5; i++) {
            rig.queue(0).add(Buffer.writable(DATA + 0x2000 * i, 4096));
        }
        arrive(rig, Frames.plain(1014, 1));
        assertEquals(1, rig.device().statistics().rxFrames());
        arrive(rig, Frames.plain(1015, 1));
        assertEquals(1, rig.device().statistics().rxDropped());
        byte[] tagged = Frames.plain(1018, 1);
        tagged[24] = (byte) 0x81;
        tagged[25] = 0;
        arrive(rig, tagged);
        assertEquals(2, rig.device().statistics().rxFrames(), "a VLAN tag does not count");
        arrive(rig, Frames.with(3000, 1, 1, 946, 34, 16));
        assertEquals(3, rig.device().statistics().rxFrames());
    }

    @Test
    void runtsAreDropped() {
        VirtioRig<VirtioNet> rig = rig(0);
        rig.queue(0).add(Buffer.writable(DATA, 4096));
        arrive(rig, Frames.plain(13, 1));
        arrive(rig, new byte[5]);
        assertEquals(2, rig.device().statistics().rxDropped());
        assertNull(rig.queue(0).takeUsed());
    }

    @Test
    void framesAreDroppedWhileTheCableIsOut() {
        VirtioRig<VirtioNet> rig = rig(0);
        rig.queue(0).add(Buffer.writable(DATA, 4096));
        rig.device().setLinkUp(false);
        arrive(rig, Frames.plain(60, 1));
        assertEquals(1, rig.device().statistics().linkDropped());
        rig.device().setLinkUp(true);
        arrive(rig, Frames.plain(61, 1));
        assertEquals(73, rig.queue(0).takeUsed().length());
    }

    @Test
    void aFrameThatWaitsWhenTheCableIsPulledDoesNotArrive() {
        VirtioRig<VirtioNet> rig = rig(0);
        arrive(rig, Frames.plain(60, 1));
        rig.device().setLinkUp(false);
        rig.queue(0).add(Buffer.writable(DATA, 4096));
        rig.kick(0);
        assertNull(rig.queue(0).takeUsed());
        assertEquals(1, rig.device().statistics().linkDropped());
        rig.device().setLinkUp(true);
        arrive(rig, Frames.plain(61, 1));
        assertEquals(73, rig.queue(0).takeUsed().length());
    }

    @Test
    void framesAboveTheRateWaitAndTheirPriceIsPaidOnce() {
        VirtioRig<VirtioNet> rig = new VirtioRig<>((loop, clock) -> new VirtioNet(loop, NetConfig.of(ADDRESS), port,
            new RateLimiter(clock, new BucketConfig(1000, 1000), BucketConfig.UNLIMITED), RateLimiter.none())).start(0, 16, 16);
        port.arrive(0, Frames.plain(600, 1));
        port.arrive(0, Frames.plain(500, 1));
        port.tellReadable(0);
        rig.loop().run();
        rig.queue(0).add(Buffer.writable(DATA, 4096));
        rig.queue(0).add(Buffer.writable(DATA, 4096));
        rig.kick(0);
        rig.kick(0);
        assertEquals(612, rig.queue(0).takeUsed().length());
        assertNull(rig.queue(0).takeUsed());
        assertTrue(rig.device().statistics().rxThrottled() > 0);
        rig.loop().advance(Duration.ofMillis(99));
        assertNull(rig.queue(0).takeUsed());
        rig.loop().advance(Duration.ofMillis(1));
        assertEquals(512, rig.queue(0).takeUsed().length());
        port.arrive(0, Frames.plain(900, 1));
        port.tellReadable(0);
        rig.queue(0).add(Buffer.writable(DATA, 4096));
        rig.device().updateRxLimits(Optional.of(BucketConfig.UNLIMITED), Optional.empty());
        rig.loop().run();
        assertEquals(912, rig.queue(0).takeUsed().length());
    }

    @Test
    void aBackendThatFailsIsSurvivedAndNotAskedAgainByItself() {
        VirtioRig<VirtioNet> rig = rig(0);
        rig.queue(0).add(Buffer.writable(DATA, 4096));
        port.setBroken(true);
        int before = port.receives();
        arrive(rig, Frames.plain(60, 1));
        assertEquals(before + 1, port.receives());
        assertFalse(rig.needsReset());
        port.setBroken(false);
        port.tellReadable(0);
        assertEquals(72, rig.queue(0).takeUsed().length());
    }

    @Test
    void eachPairReceivesWhatComesOnIt() {
        FakePort two = new FakePort(2, EnumSet.noneOf(NetOffload.class));
        VirtioRig<VirtioNet> rig = new VirtioRig<>(loop -> new VirtioNet(loop,
            new NetConfig(Optional.of(ADDRESS), OptionalInt.empty(), 2, 64), two)).start(CTRL_VQ | MQ, 16, 16, 16, 16, 16);
        rig.queue(0).add(Buffer.writable(DATA, 4096));
        rig.queue(2).add(Buffer.writable(DATA + 0x2000, 4096));
        rig.kick(2);
        two.arrive(1, Frames.plain(61, 1));
        two.tellReadable(1);
        assertNull(rig.queue(2).takeUsed(), "the second pair is not in use yet");
        GuestRam.put(rig.memory(), 0x8_0000, new byte[] {4, 0, 2, 0});
        rig.queue(4).add(Buffer.readable(0x8_0000, 4), Buffer.writable(0x9_0000, 1));
        rig.kick(4);
        assertEquals(73, rig.queue(2).takeUsed().length(), "it is, and nobody had to notify again");
        two.arrive(0, Frames.plain(60, 1));
        two.tellReadable(0);
        assertEquals(72, rig.queue(0).takeUsed().length());
        assertNull(rig.queue(2).takeUsed());
    }

    @Test
    void aFloodOfFramesIsMovedInTurnsAndCompletely() {
        VirtioRig<VirtioNet> rig = rig(0);
        for (int i = 0; i < 256; i++) {
            rig.queue(0).add(Buffer.writable(DATA + 0x1000 * (i % 16), 2048));
            port.arrive(0, Frames.plain(60, i));
        }
        port.tellReadable(0);
        assertEquals(64, rig.device().statistics().rxFrames(), "a turn is 64 frames");
        rig.loop().run();
        assertEquals(256, rig.device().statistics().rxFrames());
    }

    @Test
    void randomFramesArriveByteForByte() {
        Random random = new Random(VirtioRig.seed("NetRxTest"));
        VirtioRig<VirtioNet> rig = rig(MRG_RXBUF);
        Deque<Long> freeSlots = new ArrayDeque<>();
        Map<Integer, Long> slotOf = new HashMap<>();
        Deque<byte[]> expected = new ArrayDeque<>();
        for (int i = 0; i < 256; i++) {
            freeSlots.add(DATA + 0x800L * i);
        }
        int arrived = 0;
        for (int round = 0; round < 2_000; round++) {
            while (!freeSlots.isEmpty() && random.nextInt(5) > 0) {
                long slot = freeSlots.remove();
                slotOf.put(rig.queue(0).add(Buffer.writable(slot, 12 + random.nextInt(1000))), slot);
            }
            byte[] frame = Frames.plain(14 + random.nextInt(2000), round);
            expected.add(frame);
            port.arrive(0, frame);
            port.tellReadable(0);
            rig.kickIfNeeded(0);
            for (Used used = rig.queue(0).takeUsed(); used != null; used = rig.queue(0).takeUsed()) {
                int buffers = GuestRam.get(rig.memory(), slotOf.get(used.id()) + 10, 1)[0];
                ByteArrayOutputStream received = new ByteArrayOutputStream();
                for (int i = 0; i < buffers; i++) {
                    used = i == 0 ? used : rig.queue(0).takeUsed();
                    long slot = slotOf.remove(used.id());
                    freeSlots.add(slot);
                    received.writeBytes(GuestRam.get(rig.memory(), slot, (int) used.length()));
                }
                assertArrayEquals(Frames.received(expected.remove(), buffers), received.toByteArray());
                arrived++;
            }
        }
        assertEquals(arrived, rig.device().statistics().rxFrames());
        assertTrue(arrived > 1000, arrived + " frames");
        assertEquals(0, rig.device().statistics().rxDropped());
    }

    @Test
    void receivingAllocatesNothing() {
        byte[] frame = Frames.plain(1500, 1);
        VirtioRig<VirtioNet> rig = rig(MRG_RXBUF);
        AllocationMeter.assertNone(() -> {
            rig.queue(0).add(Buffer.writable(DATA, 1024));
            rig.queue(0).add(Buffer.writable(DATA + 0x800, 1024));
            port.arrive(0, frame);
        }, () -> port.tellReadable(0), () -> {
            rig.queue(0).takeUsed();
            rig.queue(0).takeUsed();
        });
        assertEquals(22_000, rig.device().statistics().rxFrames());
    }

    @Test
    void buffersHeldForAFrameAreLeftAloneOnceTheDriverHasTakenTheQueueBack() {
        VirtioRig<VirtioNet> rig = rig(MRG_RXBUF);
        rig.queue(0).add(Buffer.writable(DATA, 100));
        arrive(rig, Frames.plain(188, 1));
        rig.driver().write(0x030, 0);
        rig.driver().write(0x044, 0);
        assertEquals(0, rig.driver().read(0x044));
        rig.device().setLinkUp(false);
        port.tellReadable(0);
        rig.device().setLinkUp(true);
        arrive(rig, Frames.plain(40, 7));
        assertArrayEquals(new byte[100], GuestRam.get(rig.memory(), DATA, 100), "section 4.2.2.2: the memory is the driver's again");
    }

    @Test
    void aFrameThatWouldFillThousandsOfPiecesIsDropped() {
        VirtioRig<VirtioNet> rig = rig(MRG_RXBUF | 1L << 28);
        Buffer[] pieces = new Buffer[256];
        for (int i = 0; i < pieces.length; i++) {
            pieces[i] = Buffer.writable(DATA + i, i == 0 ? 12 : 1);
        }
        for (int i = 0; i < 64; i++) {
            rig.queue(0).addIndirect(DATA + 0x1_0000 + 0x1000 * i, pieces);
        }
        arrive(rig, Frames.plain(10_000, 1));
        assertEquals(1, rig.device().statistics().rxDropped(), "the host keeps no more than a few thousand pieces");
        arrive(rig, Frames.plain(1500, 1));
        assertEquals(1, rig.device().statistics().rxFrames(), "what fits is received");
    }
}
