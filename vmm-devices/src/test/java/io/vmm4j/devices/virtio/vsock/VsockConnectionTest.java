package io.vmm4j.devices.virtio.vsock;

import static io.vmm4j.devices.virtio.vsock.GuestSocket.CID;
import static io.vmm4j.devices.virtio.vsock.GuestSocket.CREDIT_REQUEST;
import static io.vmm4j.devices.virtio.vsock.GuestSocket.CREDIT_UPDATE;
import static io.vmm4j.devices.virtio.vsock.GuestSocket.REQUEST;
import static io.vmm4j.devices.virtio.vsock.GuestSocket.RESPONSE;
import static io.vmm4j.devices.virtio.vsock.GuestSocket.RST;
import static io.vmm4j.devices.virtio.vsock.GuestSocket.RW;
import static io.vmm4j.devices.virtio.vsock.GuestSocket.SHUTDOWN;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.devices.testing.VirtioRig;
import io.vmm4j.devices.virtio.vsock.GuestSocket.Packet;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How connections begin and end. */
final class VsockConnectionTest extends VsockFixture {

    @Test
    void aConnectionOfTheGuestIsAnsweredWithCredit() {
        VirtioRig<VirtioVsock> rig = rig();
        GuestSocket guest = guest(rig);
        guest.send(REQUEST, 1000, 80);
        Packet packet = guest.takeOne();
        assertEquals(2, packet.srcCid());
        assertEquals(CID, packet.dstCid());
        assertEquals(80, packet.srcPort());
        assertEquals(1000, packet.dstPort());
        assertEquals(1, packet.type());
        assertEquals(RESPONSE, packet.op());
        assertEquals(0, packet.flags());
        assertEquals(256 * 1024, packet.bufAlloc());
        assertEquals(0, packet.fwdCnt());
        assertEquals(1, rig.device().statistics().connections());
    }

    @Test
    void aConnectionThatNobodyListensForIsReset() {
        VirtioRig<VirtioVsock> rig = rig();
        GuestSocket guest = guest(rig);
        guest.send(REQUEST, 1000, 13);
        Packet packet = guest.takeOne();
        assertEquals(RST, packet.op());
        assertEquals(13, packet.srcPort());
        assertEquals(1000, packet.dstPort());
        assertEquals(0, rig.device().statistics().connections());
        assertEquals(1, rig.device().statistics().refused());
    }

    @Test
    void dataOfTheGuestReachesTheHostAndDataOfTheHostTheGuest() {
        GuestSocket guest = guest(rig());
        FakeStream stream = connect(guest);
        byte[] there = bytes(5000, 1);
        guest.send(RW, 1000, 80, 0, there);
        assertArrayEquals(there, stream.taken());
        byte[] back = bytes(3000, 2);
        stream.hostWrites(back);
        Packet packet = guest.takeOne();
        assertEquals(RW, packet.op());
        assertArrayEquals(back, packet.data());
        assertEquals(5000, packet.fwdCnt(), "each packet tells what was consumed");
    }

    @Test
    void moreThanABufferHoldsComesInSeveralPackets() {
        GuestSocket guest = guest(rig());
        FakeStream stream = connect(guest);
        byte[] back = bytes(10_000, 2);
        stream.hostWrites(back);
        List<Packet> packets = guest.take();
        assertEquals(3, packets.size());
        assertEquals(List.of(4052, 4052, 1896), packets.stream().map(packet -> packet.data().length).toList());
    }

    @Test
    void aSecondRequestOnAConnectionResetsIt() {
        GuestSocket guest = guest(rig());
        FakeStream stream = connect(guest);
        guest.send(REQUEST, 1000, 80);
        assertEquals(RST, guest.takeOne().op());
        assertTrue(stream.isClosed());
    }

    @Test
    void aConnectionOfTheHostIsEstablishedByTheGuestsResponse() {
        VirtioRig<VirtioVsock> rig = rig();
        GuestSocket guest = guest(rig);
        FakeStream stream = new FakeStream();
        assertTrue(rig.device().connect(22, stream));
        Packet request = guest.takeOne();
        assertEquals(REQUEST, request.op());
        assertEquals(1L << 30, request.srcPort());
        assertEquals(22, request.dstPort());
        assertEquals(256 * 1024, request.bufAlloc());
        assertEquals(-1, stream.establishedPort());
        guest.send(RESPONSE, 22, request.srcPort());
        assertEquals(request.srcPort(), stream.establishedPort());
        guest.send(RW, 22, request.srcPort(), 0, new byte[] {1, 2, 3});
        assertArrayEquals(new byte[] {1, 2, 3}, stream.taken());
        stream.hostWrites(new byte[] {4});
        assertArrayEquals(new byte[] {4}, guest.takeOne().data());
    }

    @Test
    void aConnectionThatTheGuestRefusesIsClosed() {
        VirtioRig<VirtioVsock> rig = rig();
        GuestSocket guest = guest(rig);
        FakeStream stream = new FakeStream();
        rig.device().connect(22, stream);
        guest.send(RST, 22, guest.takeOne().srcPort());
        assertTrue(stream.isClosed());
        assertEquals(-1, stream.establishedPort());
        assertEquals(List.of(), guest.take(), "a reset is not answered");
        assertEquals(0, rig.loop().armedTimers() > 0 ? advanceAndCount(rig) : 0);
    }

    private static int advanceAndCount(VirtioRig<VirtioVsock> rig) {
        rig.loop().advance(Duration.ofSeconds(1));
        return rig.loop().armedTimers();
    }

    @Test
    void aConnectionThatTheGuestDoesNotAnswerIsGivenUpAfterTwoSeconds() {
        VirtioRig<VirtioVsock> rig = rig();
        GuestSocket guest = guest(rig);
        FakeStream stream = new FakeStream();
        rig.device().connect(22, stream);
        assertEquals(REQUEST, guest.takeOne().op());
        rig.loop().advance(Duration.ofMillis(1999));
        assertFalse(stream.isClosed());
        rig.loop().advance(Duration.ofMillis(501));
        assertTrue(stream.isClosed());
        assertEquals(RST, guest.takeOne().op(), "the guest is told that it is too late");
        assertEquals(0, rig.loop().armedTimers(), "no clock runs for nothing");
    }

    @Test
    void anEstablishedConnectionHasNoTimeout() {
        VirtioRig<VirtioVsock> rig = rig();
        GuestSocket guest = guest(rig);
        FakeStream stream = new FakeStream();
        rig.device().connect(22, stream);
        guest.send(RESPONSE, 22, guest.takeOne().srcPort());
        rig.loop().advance(Duration.ofMinutes(5));
        assertFalse(stream.isClosed());
    }

    @Test
    void portsOfTheHostAreNotUsedAgainSoon() {
        VirtioRig<VirtioVsock> rig = rig();
        GuestSocket guest = guest(rig);
        List<Long> ports = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            rig.device().connect(22, new FakeStream());
            Packet request = guest.takeOne();
            ports.add(request.srcPort());
            guest.send(RST, 22, request.srcPort());
        }
        assertEquals(List.of(1L << 30, (1L << 30) + 1, (1L << 30) + 2), ports);
    }

    @Test
    void aPortOfTheHostThatTheGuestUsesAlreadyIsPassedOver() {
        VirtioRig<VirtioVsock> rig = rig();
        GuestSocket guest = guest(rig);
        guest.send(REQUEST, 22, 1L << 30);
        assertEquals(RESPONSE, guest.takeOne().op());
        rig.device().connect(22, new FakeStream());
        assertEquals((1L << 30) + 1, guest.takeOne().srcPort());
        rig.device().connect(23, new FakeStream());
        assertEquals((1L << 30) + 2, guest.takeOne().srcPort());
    }

    @Test
    void aConnectionIsRefusedWhileThereIsNoDriver() {
        VirtioRig<VirtioVsock> rig = new VirtioRig<>(loop -> new VirtioVsock(loop, CID, this::listen));
        FakeStream stream = new FakeStream();
        assertFalse(rig.device().connect(22, stream));
        assertFalse(stream.isClosed(), "it is still the caller's");
        rig.start(1, 16, 16, 8);
        assertTrue(rig.device().connect(22, stream));
    }

    @Test
    void aHostProgramThatLeavesBeforeTheAnswerEndsTheRequest() {
        VirtioRig<VirtioVsock> rig = rig();
        GuestSocket guest = guest(rig);
        FakeStream stream = new FakeStream();
        rig.device().connect(22, stream);
        assertEquals(REQUEST, guest.takeOne().op());
        stream.hostHangsUp();
        assertTrue(stream.isClosed());
        assertEquals(RST, guest.takeOne().op());
    }

    @Test
    void anAnswerToNoRequestIsReset() {
        GuestSocket guest = guest(rig());
        guest.send(RESPONSE, 22, 1L << 30);
        assertEquals(RST, guest.takeOne().op());
        connect(guest);
        guest.send(RESPONSE, 1000, 80);
        assertEquals(RST, guest.takeOne().op());
        assertTrue(stream(80).isClosed());
    }

    @Test
    void theEndOfTheHostsDataIsAHalfClose() {
        GuestSocket guest = guest(rig());
        FakeStream stream = connect(guest);
        stream.hostWrites(bytes(10, 1));
        stream.hostEnds();
        List<Packet> packets = guest.take();
        assertEquals(10, packets.get(0).data().length);
        assertEquals(SHUTDOWN, packets.get(1).op());
        assertEquals(2, packets.get(1).flags(), "it sends no more");
        guest.send(RW, 1000, 80, 0, new byte[] {7});
        assertArrayEquals(new byte[] {7}, stream.taken(), "the other direction goes on");
        guest.send(SHUTDOWN, 1000, 80, 3, NOTHING);
        assertEquals(RST, guest.takeOne().op());
        assertTrue(stream.isClosed());
    }

    @Test
    void theEndOfTheGuestsDataIsAHalfClose() {
        GuestSocket guest = guest(rig());
        FakeStream stream = connect(guest);
        stream.hostReads(3);
        guest.send(RW, 1000, 80, 0, bytes(10, 1));
        guest.send(SHUTDOWN, 1000, 80, 2, NOTHING);
        assertFalse(stream.isOutputShut(), "the end comes behind the data");
        stream.hostReads(100);
        assertTrue(stream.isOutputShut());
        assertEquals(10, stream.taken().length);
        stream.hostWrites(bytes(20, 1));
        assertEquals(20, guest.take().stream().mapToInt(packet -> packet.data().length).sum(), "the other direction goes on");
        guest.send(RW, 1000, 80, 0, new byte[] {7});
        assertEquals(RST, guest.takeOne().op(), "data behind its end");
    }

    @Test
    void aGuestThatReceivesNoMoreIsSentNothing() {
        GuestSocket guest = guest(rig());
        FakeStream stream = connect(guest);
        guest.send(SHUTDOWN, 1000, 80, 1, NOTHING);
        assertTrue(stream.isInputShut());
        stream.hostWrites(bytes(20, 1));
        assertEquals(List.of(), guest.take());
        guest.send(RW, 1000, 80, 0, new byte[] {7});
        assertArrayEquals(new byte[] {7}, stream.taken());
        guest.send(SHUTDOWN, 1000, 80, 2, NOTHING);
        assertEquals(RST, guest.takeOne().op(), "both said, one after the other");
    }

    @Test
    void aGuestThatClosesIsAnsweredAtOnceAndItsDataStillArrives() {
        VirtioRig<VirtioVsock> rig = rig();
        GuestSocket guest = guest(rig);
        FakeStream stream = connect(guest);
        stream.hostReads(0);
        byte[] last = bytes(50_000, 1);
        guest.send(RW, 1000, 80, 0, last);
        guest.take();
        guest.send(SHUTDOWN, 1000, 80, 3, NOTHING);
        assertEquals(RST, guest.takeOne().op());
        assertFalse(stream.isClosed());
        assertEquals(1, rig.device().statistics().connections());
        rig.loop().advance(Duration.ofMinutes(1));
        guest.send(REQUEST, 1000, 80);
        assertEquals(RESPONSE, guest.takeOne().op(), "the ports are free again for the guest");
        stream.hostReads(20_000);
        stream.hostReads(Long.MAX_VALUE);
        assertArrayEquals(last, stream.taken());
        assertTrue(stream.isClosed());
        assertEquals(1, rig.device().statistics().connections());
    }

    @Test
    void aHostProgramThatHangsUpLeavesItsLastDataToTheGuest() {
        VirtioRig<VirtioVsock> rig = rig();
        GuestSocket guest = guest(rig);
        FakeStream stream = connect(guest);
        stream.hostWrites(bytes(10, 1));
        guest.take();
        stream.hostWrites(bytes(10_000, 1));
        stream.hostHangsUp();
        List<Packet> packets = guest.take();
        assertEquals(10_000, packets.stream().mapToInt(packet -> packet.data().length).sum());
        Packet last = packets.get(packets.size() - 1);
        assertEquals(SHUTDOWN, last.op());
        assertEquals(3, last.flags());
        guest.send(RW, 1000, 80, 0, new byte[100]);
        assertEquals(List.of(), guest.take(), "what the guest had under way is dropped");
        guest.send(RST, 1000, 80);
        assertTrue(stream.isClosed());
        assertEquals(0, rig.device().statistics().connections());
    }

    @Test
    void aGuestThatDoesNotAnswerAShutdownIsResetAfterTwoSeconds() {
        VirtioRig<VirtioVsock> rig = rig();
        GuestSocket guest = guest(rig);
        FakeStream stream = connect(guest);
        stream.hostHangsUp();
        assertEquals(SHUTDOWN, guest.takeOne().op());
        rig.loop().advance(Duration.ofMillis(1999));
        assertFalse(stream.isClosed());
        rig.loop().advance(Duration.ofMillis(501));
        assertEquals(RST, guest.takeOne().op());
        assertTrue(stream.isClosed());
    }

    @Test
    void aDeadConnectionDoesNotWakeTheDeviceAgainAndAgain() {
        VirtioRig<VirtioVsock> rig = rig();
        GuestSocket guest = guest(rig);
        guest.setCredit(0, 0);
        guest.send(REQUEST, 1000, 80);
        assertEquals(CREDIT_REQUEST, guest.take().get(1).op());
        FakeStream stream = stream(80);
        stream.hostWrites(bytes(10, 1));
        stream.hostHangsUp();
        guest.take();
        int reads = stream.reads();
        rig.loop().advance(Duration.ofMinutes(1));
        assertEquals(reads, stream.reads());
        assertEquals(0, rig.loop().pendingTasks());
        assertFalse(stream.isClosed(), "the guest may still want the ten bytes");
        guest.setCredit(100, 0);
        guest.send(CREDIT_UPDATE, 1000, 80);
        List<Packet> packets = guest.take();
        assertEquals(10, packets.get(0).data().length);
        assertEquals(3, packets.get(packets.size() - 1).flags());
    }

    @Test
    void aHostProgramThatReadsNoMoreIsAHalfClose() {
        GuestSocket guest = guest(rig());
        FakeStream stream = connect(guest);
        stream.setWriteFails();
        guest.send(RW, 1000, 80, 0, bytes(100, 1));
        Packet packet = guest.takeOne();
        assertEquals(SHUTDOWN, packet.op());
        assertEquals(1, packet.flags());
        assertEquals(100, packet.fwdCnt());
        stream.hostWrites(bytes(5, 1));
        assertEquals(5, guest.takeOne().data().length);
    }

    @Test
    void aHostConnectionThatBreaksIsReset() {
        GuestSocket guest = guest(rig());
        FakeStream stream = connect(guest);
        stream.setReadFails();
        assertEquals(RST, guest.takeOne().op());
        assertTrue(stream.isClosed());
    }

    @Test
    void aResetOfTheGuestEndsTheConnectionWithoutAnAnswer() {
        VirtioRig<VirtioVsock> rig = rig();
        GuestSocket guest = guest(rig);
        FakeStream stream = connect(guest);
        guest.send(RST, 1000, 80);
        assertTrue(stream.isClosed());
        assertEquals(List.of(), guest.take());
        assertEquals(0, rig.device().statistics().connections());
    }
}
