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

import io.vmm4j.devices.testing.DriverQueue.Buffer;
import io.vmm4j.devices.testing.VirtioRig;
import io.vmm4j.devices.virtio.vsock.GuestSocket.Packet;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Packets that are answered with a reset, or not at all. */
final class VsockResetTest extends VsockFixture {

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
    void theResetOfAConnectionSaysTheSameOfItsBufferAsItsOtherPackets() {
        GuestSocket guest = guest(rig());
        connect(guest);
        guest.send(RW, 1000, 80, 0, bytes(100, 1));
        guest.send(99, 1000, 80);
        Packet packet = guest.takeOne();
        assertEquals(RST, packet.op());
        assertEquals(256 * 1024, packet.bufAlloc());
        assertEquals(100, packet.fwdCnt(), "the host's side has taken it all");
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
}
