package io.vmm4j.devices.virtio.vsock;

import static io.vmm4j.devices.virtio.vsock.GuestSocket.CID;
import static io.vmm4j.devices.virtio.vsock.GuestSocket.REQUEST;
import static io.vmm4j.devices.virtio.vsock.GuestSocket.RESPONSE;
import static io.vmm4j.devices.virtio.vsock.GuestSocket.RST;
import static io.vmm4j.devices.virtio.vsock.GuestSocket.RW;
import static io.vmm4j.devices.virtio.vsock.GuestSocket.SHUTDOWN;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.devices.testing.DriverQueue.Buffer;
import io.vmm4j.devices.testing.DriverQueue.Used;
import io.vmm4j.devices.testing.GuestRam;
import io.vmm4j.devices.testing.ManualClock;
import io.vmm4j.devices.testing.ManualLoop;
import io.vmm4j.devices.testing.VirtioRig;
import io.vmm4j.devices.virtio.vsock.GuestSocket.Packet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Registers, queues, events and resets of the socket device. */
final class VirtioVsockTest extends VsockFixture {

    @Test
    void theConfigurationIsLaidOutAsSpecified() {
        VirtioRig<VirtioVsock> rig = new VirtioRig<>(loop -> new VirtioVsock(loop, 0xFFFFFFFEL, this::listen));
        assertEquals(19, rig.driver().read(0x008));
        assertEquals(1, rig.deviceFeatures(), "VIRTIO_VSOCK_F_STREAM");
        assertEquals(0xFFFFFFFEL, rig.driver().readConfig(0, 8));
        rig.driver().writeConfig(0, 4, 7);
        assertEquals(0xFFFFFFFEL, rig.driver().readConfig(0, 8), "read-only");
        for (int i = 0; i < 4; i++) {
            rig.driver().write(0x030, i);
            assertEquals(i < 3 ? 256 : 0, rig.driver().read(0x034));
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 2, 0xFFFFFFFFL, -1, 1L << 32})
    void reservedContextIdsAreRefused(long cid) {
        assertThrows(IllegalArgumentException.class, () -> new VirtioVsock(new ManualLoop(
            new ManualClock()), cid, this::listen));
    }

    @Test
    void packetsWaitForReceiveBuffersAndComeWithThem() {
        VirtioRig<VirtioVsock> rig = rig();
        GuestSocket guest = new GuestSocket(rig, 2, 4096);
        guest.send(REQUEST, 1000, 80);
        guest.send(REQUEST, 1001, 80);
        guest.send(REQUEST, 1002, 13);
        assertEquals(List.of(), guest.take(false));
        guest.fillRx();
        assertEquals(2, guest.take(false).size());
        guest.fillRx();
        assertEquals(1, guest.take(false).size());
    }

    @Test
    void aGuestThatTakesNoResetsIsNotListenedToForEver() {
        VirtioRig<VirtioVsock> rig = rig();
        GuestSocket guest = new GuestSocket(rig, 16, 4096);
        for (int i = 0; i < 256; i++) {
            guest.send(RW, i, 6);
        }
        rig.queue(1).add(Buffer.readable(VirtioRig.DATA, 44));
        rig.kick(1);
        assertNull(rig.queue(1).takeUsed(), "its packets wait");
        int resets = 0;
        for (int i = 0; i < 20; i++) {
            guest.fillRx();
            resets += guest.take(false).size();
        }
        assertEquals(257, resets, "none was lost, and the packet that waited was answered");
    }

    @Test
    void aReceiveBufferThatCannotHoldDataNeedsAResetAndEndsAllConnections() {
        VirtioRig<VirtioVsock> rig = rig();
        GuestSocket guest = new GuestSocket(rig, 1, 4096).fillRx();
        FakeStream stream = connect(guest);
        guest.take();
        rig.queue(0).add(Buffer.writable(VirtioRig.DATA, 44));
        stream.hostWrites(bytes(5000, 1));
        assertTrue(rig.needsReset());
        assertTrue(stream.isClosed());
        assertFalse(rig.device().connect(22, new FakeStream()));
    }

    @Test
    void headersAndDataMayBeCutUpInAnyWay() {
        VirtioRig<VirtioVsock> rig = rig();
        FakeStream stream = new FakeStream();
        rig.device().connect(22, stream);
        long at = VirtioRig.DATA + 4090;
        rig.queue(0).add(Buffer.writable(at, 3), Buffer.writable(at + 3, 0), Buffer.writable(at + 3, 30), Buffer.writable(at + 33, 67));
        rig.kick(0);
        assertEquals(new Used(0, 44), rig.queue(0).takeUsed());
        byte[] header = GuestRam.get(rig.memory(), at, 44);
        assertEquals(2, header[0]);
        assertEquals(42, header[8]);
        assertEquals(0x40, header[19]);
        assertEquals(22, header[20]);
        assertEquals(1, header[28]);
        assertEquals(1, header[30]);
    }

    @Test
    void manyConnectionsTakeTurns() {
        VirtioRig<VirtioVsock> rig = rig();
        GuestSocket guest = guest(rig);
        for (int i = 0; i < 1023; i++) {
            guest.send(REQUEST, i, 80 + i % 7 * 100);
            assertEquals(RESPONSE, guest.takeOne().op());
        }
        guest.send(REQUEST, 5000, 80);
        assertEquals(RST, guest.takeOne().op(), "1023 is all there is");
        assertFalse(rig.device().connect(22, new FakeStream()));
        assertEquals(1023, rig.device().statistics().connections());
        List<FakeStream> streams = connected.values().stream().flatMap(List::stream).toList();
        int got = 0;
        for (FakeStream stream : streams) {
            stream.hostWrites(bytes(100, 1));
            got += guest.take().size();
        }
        assertEquals(1023, got);
        for (int i = 0; i < 1023; i++) {
            guest.send(RST, i, 80 + i % 7 * 100);
        }
        assertEquals(0, rig.device().statistics().connections());
        assertTrue(streams.stream().allMatch(FakeStream::isClosed));
        guest.send(REQUEST, 5000, 80);
        assertEquals(RESPONSE, guest.takeOne().op());
    }

    @Test
    void aBusyConnectionDoesNotKeepOthersFromTheirTurn() {
        VirtioRig<VirtioVsock> rig = rig();
        GuestSocket guest = new GuestSocket(rig, 4, 4096).fillRx();
        FakeStream busy = connect(guest);
        guest.send(REQUEST, 1001, 81);
        guest.take();
        busy.hostWrites(bytes(100_000, 1));
        stream(81).hostWrites(bytes(10, 1));
        List<Packet> first = guest.take(false);
        first.addAll(guest.fillRx().take(false));
        assertTrue(first.stream().anyMatch(packet -> packet.srcPort() == 81), "within the first buffers: " + first);
    }

    @Test
    void buffersAreSmallerOnceThereAreManyConnections() {
        GuestSocket guest = guest(rig());
        for (int i = 0; i < 32; i++) {
            guest.send(REQUEST, i, 80);
            assertEquals(256 * 1024, guest.takeOne().bufAlloc());
        }
        guest.send(REQUEST, 32, 80);
        assertEquals(64 * 1024, guest.takeOne().bufAlloc());
    }

    @Test
    void nothingIsSentUntilTheDriverHasHeardOfTheTransportReset() {
        VirtioRig<VirtioVsock> rig = rig();
        GuestSocket guest = guest(rig);
        FakeStream stream = connect(guest);
        rig.device().resetTransport();
        assertTrue(stream.isClosed());
        guest.send(RW, 1000, 80, 0, new byte[3]);
        assertEquals(List.of(), guest.take(), "no buffer for the event yet");
        int id = rig.queue(2).add(Buffer.writable(VirtioRig.DATA, 4));
        rig.queue(2).add(Buffer.writable(VirtioRig.DATA + 16, 4));
        rig.line().takeEdges();
        rig.kickIfNeeded(2);
        assertEquals(new Used(id, 4), rig.queue(2).takeUsed());
        assertArrayEquals(new byte[4], GuestRam.get(rig.memory(), VirtioRig.DATA, 4));
        assertEquals(1, rig.line().edges());
        assertEquals(List.of(), guest.take(), "it has not answered");
        rig.queue(2).add(Buffer.writable(VirtioRig.DATA, 4));
        rig.kickIfNeeded(2);
        assertEquals(RST, guest.takeOne().op(), "the answer to its data");
        connect(guest);
    }

    @Test
    void aDriverWithManyEventBuffersIsHeardToo() {
        VirtioRig<VirtioVsock> rig = rig();
        GuestSocket guest = guest(rig);
        for (int i = 0; i < 7; i++) {
            rig.queue(2).add(Buffer.writable(VirtioRig.DATA + 16 * i, 4));
        }
        rig.kickIfNeeded(2);
        connect(guest);
        rig.device().resetTransport();
        assertEquals(4, rig.queue(2).takeUsed().length());
        guest.send(REQUEST, 1000, 80);
        assertEquals(List.of(), guest.take());
        rig.queue(2).add(Buffer.writable(VirtioRig.DATA, 4));
        rig.kickIfNeeded(2);
        assertEquals(RESPONSE, guest.takeOne().op());
    }

    @Test
    void aTransportResetWithoutADriverHoldsNothingBackLater() {
        VirtioRig<VirtioVsock> rig = new VirtioRig<>(loop -> new VirtioVsock(loop, CID, this::listen));
        rig.device().resetTransport();
        rig.start(1, 64, 64, 8);
        connect(guest(rig));
    }

    @Test
    void packetsFromBeforeAResetOfTheTransportAreAnsweredOnceTheDriverHasHeard() {
        VirtioRig<VirtioVsock> rig = rig();
        GuestSocket guest = guest(rig);
        connect(guest);
        rig.queue(2).add(Buffer.writable(VirtioRig.DATA, 4));
        rig.kickIfNeeded(2);
        rig.device().resetTransport();
        guest.send(REQUEST, 2000, 80);
        assertEquals(List.of(), guest.take());
        rig.device().resetTransport();
        rig.queue(2).add(Buffer.writable(VirtioRig.DATA, 4));
        rig.kickIfNeeded(2);
        assertEquals(List.of(), guest.take(), "the second reset is on its way, and the request was before it");
        rig.queue(2).add(Buffer.writable(VirtioRig.DATA, 4));
        rig.kickIfNeeded(2);
        connect(guest);
    }

    @Test
    void aNotificationWithoutAnEventChangesNothing() {
        VirtioRig<VirtioVsock> rig = rig();
        GuestSocket guest = guest(rig);
        rig.queue(2).add(Buffer.writable(VirtioRig.DATA, 4));
        rig.kick(2);
        assertNull(rig.queue(2).takeUsed());
        connect(guest);
    }

    @Test
    void aResetClosesAllStreamsAndTheDeviceStartsAgain() {
        VirtioRig<VirtioVsock> rig = rig();
        GuestSocket guest = guest(rig);
        FakeStream open = connect(guest);
        FakeStream requested = new FakeStream();
        rig.device().connect(22, requested);
        FakeStream draining = lingering(guest);
        rig.driver().reset();
        assertTrue(open.isClosed() && requested.isClosed() && draining.isClosed());
        assertEquals(0, rig.loop().armedTimers());
        assertEquals(0, rig.device().statistics().connections());
        assertFalse(rig.device().isActive());
        rig.start(1, 64, 64, 8);
        GuestSocket again = guest(rig);
        connect(again);
        assertEquals(List.of(), again.take(), "nothing of the time before");
    }

    private FakeStream lingering(GuestSocket guest) {
        guest.send(REQUEST, 1001, 81);
        FakeStream stream = stream(81);
        stream.hostReads(0);
        guest.send(RW, 1001, 81, 0, new byte[10]);
        guest.send(SHUTDOWN, 1001, 81, 3, NOTHING);
        return stream;
    }

    @Test
    void anEventBufferIsLeftAloneOnceTheDriverHasTakenTheQueueBack() {
        VirtioRig<VirtioVsock> rig = rig();
        guest(rig);
        GuestRam.put(rig.memory(), VirtioRig.DATA, new byte[] {7, 7, 7, 7});
        rig.queue(2).add(Buffer.writable(VirtioRig.DATA, 4));
        rig.kick(2);
        rig.driver().write(0x030, 2);
        rig.driver().write(0x044, 0);
        assertEquals(0, rig.driver().read(0x044));
        rig.device().resetTransport();
        rig.loop().run();
        assertArrayEquals(new byte[] {7, 7, 7, 7}, GuestRam.get(rig.memory(), VirtioRig.DATA, 4));
    }

    @Test
    void anEventBufferThatCannotHoldAnEventNeedsAReset() {
        VirtioRig<VirtioVsock> rig = rig();
        guest(rig);
        rig.queue(2).add(Buffer.writable(VirtioRig.DATA, 3));
        rig.kick(2);
        assertFalse(rig.needsReset());
        rig.device().resetTransport();
        assertTrue(rig.needsReset());
    }
}
