package io.vmm4j.devices.virtio.vsock;

import io.vmm4j.devices.testing.DriverQueue.Buffer;
import io.vmm4j.devices.testing.DriverQueue.Used;
import io.vmm4j.devices.testing.GuestRam;
import io.vmm4j.devices.testing.VirtioRig;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A guest's socket driver: makes and reads packets, whose layout is written out a second time here. */
final class GuestSocket {

    static final int REQUEST = 1;
    static final int RESPONSE = 2;
    static final int RST = 3;
    static final int SHUTDOWN = 4;
    static final int RW = 5;
    static final int CREDIT_UPDATE = 6;
    static final int CREDIT_REQUEST = 7;
    static final long CID = 42;

    private static final long TX = VirtioRig.DATA;
    private static final long RX = VirtioRig.DATA + 0x10_0000;
    private static final int RX_STRIDE = 0x4000;

    /** A packet that came from the device. */
    record Packet(long srcCid, long dstCid, long srcPort, long dstPort, int type, int op, int flags, long bufAlloc, long fwdCnt, byte[] data) {
    }

    private final VirtioRig<VirtioVsock> rig;
    private final int rxLength;
    private final Map<Integer, Long> rxAddresses = new HashMap<>();
    private final List<Long> freeSlots = new ArrayList<>();
    /** What the guest says of itself in each packet. */
    private long bufAlloc = 1 << 18;
    private long fwdCnt;
    private int txOutstanding;

    GuestSocket(VirtioRig<VirtioVsock> rig, int rxBuffers, int rxLength) {
        this.rig = rig;
        this.rxLength = rxLength;
        for (int i = 0; i < rxBuffers; i++) {
            freeSlots.add(RX + (long) RX_STRIDE * i);
        }
    }

    /** Makes all free receive buffers available, and notifies as a driver does. */
    GuestSocket fillRx() {
        for (long slot : freeSlots) {
            rxAddresses.put(rig.queue(0).add(Buffer.writable(slot, rxLength)), slot);
        }
        freeSlots.clear();
        rig.kickIfNeeded(0);
        return this;
    }

    void setCredit(long newBufAlloc, long newFwdCnt) {
        bufAlloc = newBufAlloc;
        fwdCnt = newFwdCnt;
    }

    /** Sends a packet of a connection between {@code guestPort} and {@code hostPort}. */
    void send(int op, long guestPort, long hostPort, int flags, byte[] data) {
        sendRaw(CID, 2, guestPort, hostPort, 1, op, flags, data.length, data);
    }

    void send(int op, long guestPort, long hostPort) {
        send(op, guestPort, hostPort, 0, new byte[0]);
    }

    void sendRaw(long srcCid, long dstCid, long srcPort, long dstPort, int type, int op, int flags, long length, byte[] data) {
        ByteBuffer bytes = ByteBuffer.allocate(44 + data.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(srcCid).putLong(dstCid).putInt((int) srcPort).putInt((int) dstPort).putInt((int) length);
        bytes.putShort((short) type).putShort((short) op).putInt(flags).putInt((int) bufAlloc).putInt((int) fwdCnt).put(data);
        GuestRam.put(rig.memory(), TX, bytes.array());
        if (data.length > 0) {
            rig.queue(1).add(Buffer.readable(TX, 44), Buffer.readable(TX + 44, data.length));
        } else {
            rig.queue(1).add(Buffer.readable(TX, 44));
        }
        txOutstanding++;
        rig.kickIfNeeded(1);
        while (rig.queue(1).takeUsed() != null) {
            txOutstanding--;
        }
    }

    /** Whether the device leaves so many packets lying that no more should be sent. */
    boolean isTxFull() {
        while (rig.queue(1).takeUsed() != null) {
            txOutstanding--;
        }
        return txOutstanding > 30;
    }

    /** Takes the packets that have come, and makes their buffers available again if asked. */
    List<Packet> take(boolean refill) {
        List<Packet> packets = new ArrayList<>();
        for (Used used = rig.queue(0).takeUsed(); used != null; used = rig.queue(0).takeUsed()) {
            long slot = rxAddresses.remove(used.id());
            freeSlots.add(slot);
            ByteBuffer bytes = ByteBuffer.wrap(GuestRam.get(rig.memory(), slot, (int) used.length())).order(ByteOrder.LITTLE_ENDIAN);
            byte[] data = new byte[bytes.getInt(24)];
            bytes.get(44, data);
            if (used.length() != 44 + data.length) {
                throw new AssertionError("used length " + used.length() + " for " + data.length + " bytes");
            }
            packets.add(new Packet(bytes.getLong(0), bytes.getLong(8), bytes.getInt(16) & 0xFFFFFFFFL, bytes.getInt(20) & 0xFFFFFFFFL,
                bytes.getShort(28), bytes.getShort(30), bytes.getInt(32), bytes.getInt(36) & 0xFFFFFFFFL, bytes.getInt(40) & 0xFFFFFFFFL,
                data));
            if (refill) {
                fillRx();
            }
        }
        return packets;
    }

    List<Packet> take() {
        return take(true);
    }

    /** Takes the only packet that has come. */
    Packet takeOne() {
        List<Packet> packets = take();
        if (packets.size() != 1) {
            throw new AssertionError("one packet expected, not " + packets);
        }
        return packets.get(0);
    }
}
