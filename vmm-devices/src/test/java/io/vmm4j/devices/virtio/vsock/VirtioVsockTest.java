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
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.devices.testing.DriverQueue.Buffer;
import io.vmm4j.devices.testing.DriverQueue.Used;
import io.vmm4j.devices.testing.GuestRam;
import io.vmm4j.devices.testing.Hostile;
import io.vmm4j.devices.testing.ManualClock;
import io.vmm4j.devices.testing.ManualLoop;
import io.vmm4j.devices.testing.VirtioRig;
import io.vmm4j.devices.virtio.vsock.GuestSocket.Packet;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

final class VirtioVsockTest {

    private static final byte[] NOTHING = new byte[0];

    private final Map<Long, List<FakeStream>> connected = new HashMap<>();

    /** Listens on every port but 13. */
    private VsockStream listen(long port) throws IOException {
        if (port == 13) {
            throw new IOException("ECONNREFUSED");
        }
        FakeStream stream = new FakeStream();
        connected.computeIfAbsent(port, key -> new ArrayList<>()).add(stream);
        return stream;
    }

    private FakeStream stream(long port) {
        List<FakeStream> streams = connected.get(port);
        return streams.get(streams.size() - 1);
    }

    private VirtioRig<VirtioVsock> rig() {
        return new VirtioRig<>(loop -> new VirtioVsock(loop, CID, this::listen)).start(1, 64, 64, 8);
    }

    private static GuestSocket guest(VirtioRig<VirtioVsock> rig) {
        return new GuestSocket(rig, 32, 4096).fillRx();
    }

    private static byte[] bytes(int length, int seed) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    /** Connects the guest's port 1000 to the host's port 80. */
    private FakeStream connect(GuestSocket guest) {
        guest.send(REQUEST, 1000, 80);
        assertEquals(RESPONSE, guest.takeOne().op());
        return stream(80);
    }

    // Registers

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

    // Connections of the guest

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

    // Connections of the host

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

    // Credit

    @Test
    void theGuestIsSentNoMoreThanItsCredit() {
        GuestSocket guest = guest(rig());
        guest.setCredit(1000, 0);
        FakeStream stream = connect(guest);
        stream.hostWrites(bytes(1500, 1));
        List<Packet> packets = guest.take();
        assertEquals(2, packets.size());
        assertEquals(1000, packets.get(0).data().length);
        assertEquals(CREDIT_REQUEST, packets.get(1).op(), "asked for once");
        int reads = stream.reads();
        stream.notifyForNothing();
        assertEquals(reads, stream.reads(), "data that cannot be sent is not read, so nobody is woken for it");
        assertEquals(List.of(), guest.take());
        guest.setCredit(1000, 400);
        guest.send(CREDIT_UPDATE, 1000, 80);
        packets = guest.take();
        assertEquals(400, packets.get(0).data().length);
        assertEquals(CREDIT_REQUEST, packets.get(1).op());
        guest.setCredit(1000, 1400);
        guest.send(CREDIT_UPDATE, 1000, 80);
        assertEquals(100, guest.takeOne().data().length);
    }

    @Test
    void creditThatCannotBeIsNone() {
        GuestSocket guest = guest(rig());
        guest.setCredit(1000, 5);
        guest.send(REQUEST, 1000, 80);
        List<Packet> packets = guest.take();
        assertEquals(RESPONSE, packets.get(0).op());
        assertEquals(CREDIT_REQUEST, packets.get(1).op(), "the guest says that it consumed what it was never sent");
        stream(80).hostWrites(bytes(100, 1));
        for (int i = 0; i < 5; i++) {
            guest.send(CREDIT_UPDATE, 1000, 80);
        }
        assertEquals(List.of(), guest.take(), "and is not asked over and over");
    }

    @Test
    void theGuestIsToldOfRoomBeforeItRunsOut() {
        GuestSocket guest = guest(rig());
        FakeStream stream = connect(guest);
        guest.send(RW, 1000, 80, 0, bytes(60_000, 1));
        guest.send(RW, 1000, 80, 0, bytes(60_000, 2));
        assertEquals(List.of(), guest.take(), "half of the 256 KiB is left");
        guest.send(RW, 1000, 80, 0, bytes(60_000, 3));
        Packet update = guest.takeOne();
        assertEquals(CREDIT_UPDATE, update.op());
        assertEquals(180_000, update.fwdCnt());
        assertEquals(180_000, stream.taken().length);
    }

    @Test
    void aHostProgramThatDoesNotReadFillsTheBufferAndThenTheGuestWaits() {
        VirtioRig<VirtioVsock> rig = rig();
        GuestSocket guest = guest(rig);
        FakeStream stream = connect(guest);
        stream.hostReads(1000);
        byte[] first = bytes(65_536, 1);
        guest.send(RW, 1000, 80, 0, first);
        for (int i = 2; i <= 4; i++) {
            guest.send(RW, 1000, 80, 0, bytes(65_536, i));
        }
        assertEquals(1000, stream.taken().length);
        guest.send(CREDIT_REQUEST, 1000, 80);
        assertEquals(1000, guest.take().get(0).fwdCnt());
        stream.hostReads(100_000);
        assertEquals(101_000, guest.takeOne().fwdCnt(), "told of room at once: it had none left");
        stream.hostReads(Long.MAX_VALUE);
        assertEquals(4 * 65_536, stream.taken().length);
        assertArrayEquals(first, Arrays.copyOf(stream.taken(), 65_536));
        assertEquals(4 * 65_536, guest.takeOne().fwdCnt());
    }

    @Test
    void moreThanTheCreditResetsTheConnection() {
        GuestSocket guest = guest(rig());
        FakeStream stream = connect(guest);
        stream.hostReads(0);
        for (int i = 0; i < 4; i++) {
            guest.send(RW, 1000, 80, 0, bytes(65_536, i));
        }
        guest.take();
        guest.send(RW, 1000, 80, 0, new byte[1]);
        assertEquals(RST, guest.takeOne().op());
        assertTrue(stream.isClosed());
    }

    @Test
    void aRequestForCreditIsAnswered() {
        GuestSocket guest = guest(rig());
        connect(guest);
        guest.send(CREDIT_REQUEST, 1000, 80);
        assertEquals(CREDIT_UPDATE, guest.takeOne().op());
    }

    // Half close and the end

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

    // Reset rules

    @ParameterizedTest
    @ValueSource(ints = {RESPONSE, SHUTDOWN, RW, CREDIT_UPDATE, CREDIT_REQUEST, 0, 8, 0xFFFF})
    void aPacketForNoConnectionIsReset(int op) {
        GuestSocket guest = guest(rig());
        guest.send(op, 5, 6);
        Packet packet = guest.takeOne();
        assertEquals(RST, packet.op());
        assertEquals(6, packet.srcPort());
        assertEquals(5, packet.dstPort());
    }

    @Test
    void aResetForNoConnectionIsNotAnswered() {
        GuestSocket guest = guest(rig());
        guest.send(RST, 5, 6);
        assertEquals(List.of(), guest.take());
    }

    @Test
    void anUnknownTypeIsResetUnlessItIsAReset() {
        GuestSocket guest = guest(rig());
        connect(guest);
        guest.sendRaw(CID, 2, 1000, 80, 2, REQUEST, 0, 0, NOTHING);
        Packet packet = guest.takeOne();
        assertEquals(RST, packet.op());
        assertEquals(2, packet.type());
        guest.sendRaw(CID, 2, 1000, 80, 2, RST, 0, 0, NOTHING);
        assertEquals(List.of(), guest.take());
        assertFalse(stream(80).isClosed(), "the stream connection of the same ports is another one");
    }

    @Test
    void anUnknownOperationResetsTheConnection() {
        GuestSocket guest = guest(rig());
        FakeStream stream = connect(guest);
        guest.send(99, 1000, 80);
        assertEquals(RST, guest.takeOne().op());
        assertTrue(stream.isClosed());
    }

    @Test
    void foreignAddressesAreIgnored() {
        VirtioRig<VirtioVsock> rig = rig();
        GuestSocket guest = guest(rig);
        guest.sendRaw(CID + 1, 2, 1000, 80, 1, REQUEST, 0, 0, NOTHING);
        guest.sendRaw(CID, 3, 1000, 80, 1, REQUEST, 0, 0, NOTHING);
        guest.sendRaw(CID | 1L << 32, 2, 1000, 80, 1, REQUEST, 0, 0, NOTHING);
        assertEquals(List.of(), guest.take());
        assertEquals(3, rig.device().statistics().malformed());
        assertEquals(Map.of(), connected);
    }

    @Test
    void aPacketShorterThanItsHeaderIsIgnored() {
        VirtioRig<VirtioVsock> rig = rig();
        rig.queue(1).add(Buffer.readable(VirtioRig.DATA, 43));
        rig.kick(1);
        assertEquals(0, rig.queue(1).takeUsed().length());
        assertEquals(1, rig.device().statistics().malformed());
        assertFalse(rig.needsReset());
    }

    @ParameterizedTest
    @ValueSource(longs = {11, 65_537, 0xFFFFFFFFL})
    void aLengthBeyondThePacketResetsTheConnection(long length) {
        GuestSocket guest = guest(rig());
        FakeStream stream = connect(guest);
        guest.sendRaw(CID, 2, 1000, 80, 1, RW, 0, length, new byte[10]);
        assertEquals(RST, guest.takeOne().op());
        assertEquals(0, stream.taken().length);
    }

    @Test
    void aBufferLongerThanTheLengthCountsUpToTheLength() {
        GuestSocket guest = guest(rig());
        FakeStream stream = connect(guest);
        guest.sendRaw(CID, 2, 1000, 80, 1, RW, 0, 4, new byte[] {1, 2, 3, 4, 5, 6});
        assertArrayEquals(new byte[] {1, 2, 3, 4}, stream.taken());
    }

    // Queues

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

    // Transport reset

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
    void aNotificationWithoutAnEventChangesNothing() {
        VirtioRig<VirtioVsock> rig = rig();
        GuestSocket guest = guest(rig);
        rig.queue(2).add(Buffer.writable(VirtioRig.DATA, 4));
        rig.kick(2);
        assertNull(rig.queue(2).takeUsed());
        connect(guest);
    }

    // Resets of the device

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

    static List<Hostile.Attack> attacks() {
        return Hostile.all(VirtioRig.seed("VirtioVsockTest attacks"));
    }

    @ParameterizedTest
    @MethodSource("attacks")
    void survivesHostileDrivers(Hostile.Attack attack) {
        VirtioRig.survive(attack, 1, loop -> new VirtioVsock(loop, CID, this::listen), device -> { });
        VirtioRig.survive(attack, 2, loop -> new VirtioVsock(loop, CID, this::listen), device -> { });
    }
}
