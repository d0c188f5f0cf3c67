package io.vmm4j.devices.virtio.vsock;

import static io.vmm4j.devices.virtio.vsock.GuestSocket.CREDIT_REQUEST;
import static io.vmm4j.devices.virtio.vsock.GuestSocket.CREDIT_UPDATE;
import static io.vmm4j.devices.virtio.vsock.GuestSocket.REQUEST;
import static io.vmm4j.devices.virtio.vsock.GuestSocket.RESPONSE;
import static io.vmm4j.devices.virtio.vsock.GuestSocket.RST;
import static io.vmm4j.devices.virtio.vsock.GuestSocket.RW;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.devices.testing.DriverQueue.Buffer;
import io.vmm4j.devices.testing.GuestRam;
import io.vmm4j.devices.testing.VirtioRig;
import io.vmm4j.devices.virtio.vsock.GuestSocket.Packet;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Credit both ways, virtio 1.2 section 5.10.6.3. */
final class VsockCreditTest extends VsockFixture {

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
    void aPacketWithoutDataChangesNothing() {
        GuestSocket guest = guest(rig());
        FakeStream stream = connect(guest);
        guest.send(RW, 1000, 80, 0, new byte[0]);
        assertEquals(0, stream.taken().length);
        assertEquals(List.of(), guest.take());
        guest.send(RW, 1000, 80, 0, new byte[] {5});
        assertArrayEquals(new byte[] {5}, stream.taken());
    }

    @Test
    void aRequestForCreditIsAnswered() {
        GuestSocket guest = guest(rig());
        connect(guest);
        guest.send(CREDIT_REQUEST, 1000, 80);
        assertEquals(CREDIT_UPDATE, guest.takeOne().op());
    }

    @Test
    void aConnectionWithLittleCreditAndNothingToSayLeavesThePacketToTheNext() {
        VirtioRig<VirtioVsock> rig = rig();
        // Just enough buffers for the two answers.
        GuestSocket guest = new GuestSocket(rig, 2, 4096).fillRx();
        guest.send(REQUEST, 1001, 81);
        guest.setCredit(100, 0);
        guest.send(REQUEST, 1000, 80);
        byte[] data = bytes(500, 7);
        stream(81).hostWrites(data);
        long at = VirtioRig.DATA + 0x8000;
        // The first connection in turn finds nothing to read; the second fills two pieces behind the header.
        rig.queue(0).add(Buffer.writable(at, 44), Buffer.writable(at + 44, 200), Buffer.writable(at + 244, 4096 - 244));
        rig.kick(0);
        assertArrayEquals(data, GuestRam.get(rig.memory(), at + 44, data.length), "without a gap between the pieces");
    }
}
