package io.vmm4j.devices.virtio.net;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.vmm4j.devices.limit.BucketConfig;
import io.vmm4j.devices.limit.RateLimiter;
import io.vmm4j.devices.testing.AllocationMeter;
import io.vmm4j.devices.testing.DriverQueue.Buffer;
import io.vmm4j.devices.testing.DriverQueue.Used;
import io.vmm4j.devices.testing.GuestRam;
import io.vmm4j.devices.testing.PlainPort;
import io.vmm4j.devices.testing.VirtioRig;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** From the guest to the backend. */
final class NetTxTest {

    private static final long CSUM = 1;
    private static final long HOST_TSO4 = 1L << 11;
    private static final long HOST_TSO6 = 1L << 12;
    private static final long HOST_ECN = 1L << 13;
    private static final long HOST_UFO = 1L << 14;
    private static final long HOST_USO = 1L << 56;
    private static final long ALL = CSUM | HOST_TSO4 | HOST_TSO6 | HOST_ECN | HOST_UFO | HOST_USO;
    private static final long CTRL_VQ = 1L << 17;
    private static final long MQ = 1L << 22;
    private static final long DATA = VirtioRig.DATA;
    private static final MacAddress ADDRESS = MacAddress.parse("02:00:00:00:00:01");

    private final FakePort port = new FakePort();

    private VirtioRig<VirtioNet> rig(long features) {
        return new VirtioRig<>(loop -> new VirtioNet(loop, NetConfig.of(ADDRESS), port)).start(features, 16, 256);
    }

    private static void send(VirtioRig<?> rig, byte[] frame) {
        GuestRam.put(rig.memory(), DATA, frame);
        int id = rig.queue(1).add(Buffer.readable(DATA, frame.length));
        rig.kick(1);
        assertEquals(new Used(id, 0), rig.queue(1).takeUsed());
    }

    @Test
    void aFrameLeavesWithItsHeader() {
        VirtioRig<VirtioNet> rig = rig(0);
        byte[] frame = Frames.plain(60, 9);
        send(rig, frame);
        assertArrayEquals(frame, port.sent().get(0));
        assertEquals(1, rig.line().edges());
        assertEquals(1, rig.device().statistics().txFrames());
        assertEquals(60, rig.device().statistics().txBytes());
    }

    @Test
    void headerAndFrameMayBeCutUpInAnyWay() {
        VirtioRig<VirtioNet> rig = rig(0);
        byte[] frame = Frames.plain(100, 9);
        GuestRam.put(rig.memory(), DATA, frame);
        rig.queue(1).add(Buffer.readable(DATA, 5), Buffer.readable(DATA + 5, 0), Buffer.readable(DATA + 5, 10),
            Buffer.readable(DATA + 15, 97));
        rig.kick(1);
        assertArrayEquals(frame, port.sent().get(0));
    }

    @Test
    void aFrameInVeryManyPiecesLeavesInTwo() {
        VirtioRig<VirtioNet> rig = rig(0);
        byte[] frame = Frames.plain(200, 9);
        GuestRam.put(rig.memory(), DATA, frame);
        Buffer[] pieces = new Buffer[212];
        for (int i = 0; i < pieces.length; i++) {
            pieces[i] = Buffer.readable(DATA + i, 1);
        }
        rig.queue(1).add(pieces);
        rig.kick(1);
        assertArrayEquals(frame, port.sent().get(0));
        assertEquals(List.of(2), port.pieceCounts());
    }

    @Test
    void theLargestFrameLeavesAndALargerOneIsDroppedAndCounted() {
        VirtioRig<VirtioNet> rig = rig(ALL);
        send(rig, Frames.with(65550, 1, 1, 1448, 34, 16));
        assertEquals(65562, port.sent().get(0).length);
        send(rig, Frames.with(65551, 1, 1, 1448, 34, 16));
        assertEquals(1, port.sent().size());
        assertEquals(1, rig.device().statistics().txOversize());
        send(rig, Frames.plain(60, 1));
        assertEquals(2, port.sent().size(), "the queue goes on");
        assertFalse(rig.needsReset());
    }

    @Test
    void runtsAndChainsWithoutAFrameAreDroppedAndCounted() {
        VirtioRig<VirtioNet> rig = rig(0);
        send(rig, Frames.plain(13, 1));
        send(rig, new byte[11]);
        rig.queue(1).add(Buffer.writable(DATA, 100));
        rig.kick(1);
        assertNotNull(rig.queue(1).takeUsed());
        assertEquals(3, rig.device().statistics().txMalformed());
        assertEquals(0, port.sent().size());
    }

    @ParameterizedTest
    @CsvSource({
        // flags, gso type, gso size, csum start, csum offset, sendable
        "0, 0, 0, 0, 0, true",
        "1, 0, 0, 34, 16, true",
        "1, 1, 1448, 34, 16, true",
        "1, 4, 1428, 54, 16, true",
        "1, 3, 1480, 34, 6, true",
        "1, 5, 1472, 34, 6, true",
        "1, 129, 1448, 34, 16, true",
        "0, 1, 1448, 34, 16, false",
        "1, 1, 0, 34, 16, false",
        "1, 2, 1448, 34, 16, false",
        "1, 6, 1448, 34, 16, false",
        "1, 128, 1448, 34, 16, false",
        "1, 0, 0, 198, 0, true",
        "1, 0, 0, 199, 0, false",
        "1, 0, 0, 65535, 65535, false",
        "0, 0, 0, 65535, 65535, true",
    })
    void onlyHeadersThatTheSpecificationAllowsLeave(int flags, int gsoType, int gsoSize, int csumStart, int csumOffset, boolean sendable) {
        VirtioRig<VirtioNet> rig = rig(ALL);
        send(rig, Frames.with(200, flags, gsoType, gsoSize, csumStart, csumOffset));
        assertEquals(sendable ? 1 : 0, port.sent().size());
        assertEquals(sendable ? 0 : 1, rig.device().statistics().txMalformed());
    }

    @ParameterizedTest
    @CsvSource({
        "0, 1, 0", // a checksum without CSUM
        "1, 1, 1", // TSO4 without HOST_TSO4
        "2049, 1, 4", // TSO6 with HOST_TSO4 only
        "2049, 1, 129", // ECN without HOST_ECN
        "2049, 1, 3", // UFO without HOST_UFO
        "2049, 1, 5", // USO without HOST_USO
    })
    void offloadsThatWereNotNegotiatedDoNotLeave(long features, int flags, int gsoType) {
        VirtioRig<VirtioNet> rig = rig(features);
        send(rig, Frames.with(200, flags, gsoType, 1000, 34, 16));
        assertEquals(1, rig.device().statistics().txMalformed());
        assertEquals(0, port.sent().size());
    }

    @Test
    void meaninglessBitsDoNotLeave() {
        VirtioRig<VirtioNet> rig = rig(ALL);
        byte[] frame = Frames.received(Frames.with(200, 0xFF, 0, 0, 34, 16), 0x1234);
        send(rig, frame);
        assertEquals(1, port.sent().get(0)[0], "of the flags, NEEDS_CSUM is left");
        assertEquals(0, port.sent().get(0)[10], "num_buffers is unused");
        assertEquals(0, port.sent().get(0)[11]);
    }

    @Test
    void aBackendWithoutRoomKeepsFramesInTheQueueInOrder() {
        VirtioRig<VirtioNet> rig = rig(0);
        port.setRoom(1);
        for (int i = 0; i < 3; i++) {
            GuestRam.put(rig.memory(), DATA + 0x1000 * i, Frames.plain(60 + i, i));
            rig.queue(1).add(Buffer.readable(DATA + 0x1000 * i, 72 + i));
        }
        rig.kick(1);
        rig.kick(1);
        assertEquals(1, port.sent().size());
        assertEquals(0, rig.queue(1).takeUsed().id());
        assertNull(rig.queue(1).takeUsed(), "what was not sent is not given back");
        port.setRoom(10);
        port.tellWritable(0);
        assertEquals(3, port.sent().size());
        assertArrayEquals(Frames.plain(61, 1), port.sent().get(1));
        assertArrayEquals(Frames.plain(62, 2), port.sent().get(2));
    }

    @Test
    void aFrameThatWaitsIsPaidForOnce() {
        VirtioRig<VirtioNet> rig = new VirtioRig<>((loop, clock) -> new VirtioNet(loop, NetConfig.of(ADDRESS), port, RateLimiter.none(),
            new RateLimiter(clock, BucketConfig.UNLIMITED, new BucketConfig(2, 1000)))).start(0, 16, 16);
        port.setRoom(0);
        GuestRam.put(rig.memory(), DATA, Frames.plain(60, 1));
        for (int i = 0; i < 3; i++) {
            rig.queue(1).add(Buffer.readable(DATA, 72));
        }
        rig.kick(1);
        for (int i = 0; i < 10; i++) {
            port.tellWritable(0);
        }
        port.setRoom(10);
        port.tellWritable(0);
        assertEquals(2, port.sent().size(), "two operations, whatever it took");
        rig.loop().advance(Duration.ofMillis(500));
        assertEquals(3, port.sent().size());
        assertEquals(1, rig.device().statistics().txThrottled());
    }

    @Test
    void theLimitChangesLive() {
        VirtioRig<VirtioNet> rig = new VirtioRig<>((loop, clock) -> new VirtioNet(loop, NetConfig.of(ADDRESS), port, RateLimiter.none(),
            new RateLimiter(clock, BucketConfig.UNLIMITED, new BucketConfig(1, 1_000_000)))).start(0, 16, 16);
        GuestRam.put(rig.memory(), DATA, Frames.plain(60, 1));
        rig.queue(1).add(Buffer.readable(DATA, 72));
        rig.queue(1).add(Buffer.readable(DATA, 72));
        rig.kick(1);
        assertEquals(1, port.sent().size());
        rig.device().updateTxLimits(Optional.empty(), Optional.of(BucketConfig.UNLIMITED));
        rig.loop().run();
        assertEquals(2, port.sent().size());
    }

    @Test
    void aFrameThatTheBackendRefusesIsDroppedAndTheQueueGoesOn() {
        VirtioRig<VirtioNet> rig = rig(0);
        port.setBroken(true);
        send(rig, Frames.plain(60, 1));
        port.setBroken(false);
        send(rig, Frames.plain(60, 1));
        assertEquals(1, rig.device().statistics().txFailed());
        assertEquals(1, port.sent().size());
    }

    @Test
    void framesAreDroppedWhileTheCableIsOut() {
        VirtioRig<VirtioNet> rig = rig(0);
        rig.device().setLinkUp(false);
        send(rig, Frames.plain(60, 1));
        assertEquals(0, port.sent().size());
        assertEquals(1, rig.device().statistics().linkDropped());
    }

    @Test
    void aFrameThatWaitsWhenTheCableIsPulledIsNotSent() {
        VirtioRig<VirtioNet> rig = rig(0);
        port.setRoom(0);
        GuestRam.put(rig.memory(), DATA, Frames.plain(60, 1));
        rig.queue(1).add(Buffer.readable(DATA, 72));
        rig.kick(1);
        rig.device().setLinkUp(false);
        port.setRoom(10);
        port.tellWritable(0);
        assertEquals(0, port.sent().size());
        assertEquals(1, rig.device().statistics().linkDropped());
    }

    @Test
    void eachPairSendsOnItsOwnQueue() {
        FakePort two = new FakePort(2, EnumSet.noneOf(NetOffload.class));
        VirtioRig<VirtioNet> rig = new VirtioRig<>(loop -> new VirtioNet(loop,
            new NetConfig(Optional.of(ADDRESS), OptionalInt.empty(), 2, 64), two)).start(CTRL_VQ | MQ, 16, 16, 16, 16, 16);
        GuestRam.put(rig.memory(), DATA, Frames.plain(60, 1));
        rig.queue(3).add(Buffer.readable(DATA, 72));
        rig.kick(3);
        rig.queue(1).add(Buffer.readable(DATA, 72));
        rig.kick(1);
        assertEquals(List.of(1, 0), two.sentOn());
    }

    @Test
    void aResetForgetsTheFrameThatWaits() {
        VirtioRig<VirtioNet> rig = rig(0);
        port.setRoom(0);
        GuestRam.put(rig.memory(), DATA, Frames.plain(60, 1));
        rig.queue(1).add(Buffer.readable(DATA, 72));
        rig.kick(1);
        rig.driver().reset();
        port.setRoom(10);
        rig.start(0, 16, 16);
        assertEquals(0, port.sent().size());
        send(rig, Frames.plain(70, 1));
        assertEquals(82, port.sent().get(0).length);
    }

    /** Takes every frame and keeps none. */
    private static final class Sink extends PlainPort {

        private long frames;

        @Override
        public int receive(int pair, ByteBuffer frame) {
            return 0;
        }

        @Override
        public boolean send(int pair, ByteBuffer[] pieces, int count) {
            frames++;
            return true;
        }
    }

    @Test
    void sendingAllocatesNothing() {
        Sink sink = new Sink();
        VirtioRig<VirtioNet> rig = new VirtioRig<>(loop -> new VirtioNet(loop, NetConfig.of(ADDRESS), sink)).start(0, 16, 16);
        List<Buffer> buffers = new ArrayList<>(List.of(Buffer.readable(DATA, 12), Buffer.readable(DATA + 0x1000, 1500)));
        Buffer[] chain = buffers.toArray(new Buffer[0]);
        AllocationMeter.assertNone(() -> rig.queue(1).add(chain), () -> rig.device().onQueueNotify(1), () -> rig.queue(1).takeUsed());
        assertEquals(22_000, sink.frames);
    }

    @Test
    void aFrameThatWaitsIsLeftAloneOnceTheDriverHasTakenTheQueueBack() {
        VirtioRig<VirtioNet> rig = rig(0);
        port.setRoom(0);
        GuestRam.put(rig.memory(), DATA, Frames.plain(60, 1));
        rig.queue(1).add(Buffer.readable(DATA, 72));
        rig.kick(1);
        rig.driver().write(0x030, 1);
        rig.driver().write(0x044, 0);
        assertEquals(0, rig.driver().read(0x044));
        port.setRoom(10);
        port.tellWritable(0);
        assertEquals(0, port.sent().size());
    }

    @Test
    void aFrameThatIsDroppedIsAnOperationToo() {
        VirtioRig<VirtioNet> rig = new VirtioRig<>((loop, clock) -> new VirtioNet(loop, NetConfig.of(ADDRESS), port, RateLimiter.none(),
            new RateLimiter(clock, new BucketConfig(60, 3_600_000), new BucketConfig(3, 1000)))).start(0, 16, 256);
        GuestRam.put(rig.memory(), DATA, Frames.plain(60, 1));
        rig.queue(1).add(Buffer.readable(DATA, 20));
        rig.queue(1).add(Buffer.readable(DATA, 70_000));
        rig.queue(1).add(Buffer.readable(DATA, 72));
        rig.queue(1).add(Buffer.readable(DATA, 20));
        rig.kick(1);
        assertEquals(1, port.sent().size(), "those before it took no bytes");
        for (int i = 0; i < 3; i++) {
            assertNotNull(rig.queue(1).takeUsed());
        }
        assertNull(rig.queue(1).takeUsed(), "three operations are all there are");
        rig.loop().advance(Duration.ofMillis(400));
        assertNotNull(rig.queue(1).takeUsed());
        assertEquals(2, rig.device().statistics().txMalformed());
        assertEquals(1, rig.device().statistics().txOversize());
    }
}
