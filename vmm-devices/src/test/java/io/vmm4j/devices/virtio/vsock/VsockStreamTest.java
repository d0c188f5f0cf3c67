package io.vmm4j.devices.virtio.vsock;

import static io.vmm4j.devices.virtio.vsock.GuestSocket.CID;
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

import io.vmm4j.devices.testing.AllocationMeter;
import io.vmm4j.devices.testing.DriverQueue.Buffer;
import io.vmm4j.devices.testing.GuestRam;
import io.vmm4j.devices.testing.VirtioRig;
import io.vmm4j.devices.virtio.vsock.GuestSocket.Packet;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Long runs: streams that arrive byte for byte under random pauses, random packets, wrapping counters, no allocation. */
final class VsockStreamTest {

    private final List<FakeStream> streams = new ArrayList<>();

    private VsockStream listen(long port) {
        FakeStream stream = new FakeStream();
        streams.add(stream);
        return stream;
    }

    /** A guest's side of one connection that keeps to the rules. */
    private static final class GuestSide {
        private final ByteArrayOutputStream received = new ByteArrayOutputStream();
        private final byte[] toSend;
        private int sent;
        private long hostFwdCnt;
        private long hostBufAlloc;
        private boolean isEnded;
        private boolean isReset;

        GuestSide(byte[] toSend) {
            this.toSend = toSend;
        }

        int credit() {
            return (int) (hostBufAlloc - (sent - hostFwdCnt));
        }

        void note(Packet packet) {
            hostFwdCnt = packet.fwdCnt();
            hostBufAlloc = packet.op() == RST ? hostBufAlloc : packet.bufAlloc();
            received.writeBytes(packet.data());
            isEnded |= packet.op() == SHUTDOWN && (packet.flags() & 2) != 0;
            isReset |= packet.op() == RST;
        }
    }

    @Test
    void eightConnectionsArriveByteForByteWhateverPauses() {
        Random random = new Random(VirtioRig.seed("VsockStreamTest"));
        VirtioRig<VirtioVsock> rig = new VirtioRig<>(loop -> new VirtioVsock(loop, CID, this::listen)).start(1, 64, 64, 8);
        GuestSocket guest = new GuestSocket(rig, 8, 4096);
        GuestSide[] sides = new GuestSide[8];
        byte[][] fromHost = new byte[8][400_000];
        int[] hostSent = new int[8];
        for (int i = 0; i < 8; i++) {
            sides[i] = new GuestSide(new byte[400_000]);
            random.nextBytes(sides[i].toSend);
            random.nextBytes(fromHost[i]);
            guest.send(REQUEST, i, 80);
        }
        boolean isDone = false;
        for (int round = 0; round < 60_000 && !isDone; round++) {
            int i = random.nextInt(8);
            GuestSide side = sides[i];
            switch (random.nextInt(5)) {
                case 0 -> {
                    int length = Math.min(Math.min(side.credit(), side.toSend.length - side.sent), random.nextInt(20_000));
                    if (length > 0) {
                        sendFrom(guest, sides, i, RW, Arrays.copyOfRange(side.toSend, side.sent, side.sent + length));
                        side.sent += length;
                    }
                }
                case 1 -> {
                    int length = Math.min(fromHost[i].length - hostSent[i], random.nextInt(20_000));
                    streams.get(i).hostWrites(Arrays.copyOfRange(fromHost[i], hostSent[i], hostSent[i] + length));
                    hostSent[i] += length;
                }
                case 2 -> streams.get(i).hostReads(random.nextInt(30_000));
                case 3 -> guest.fillRx();
                default -> takeAll(guest, sides);
            }
            if (round % 8 == 0) {
                sendFrom(guest, sides, i, CREDIT_UPDATE, new byte[0]);
            }
            isDone = true;
            for (int k = 0; k < 8; k++) {
                isDone &= sides[k].received.size() == 400_000 && streams.get(k).taken().length == 400_000;
            }
        }
        for (int i = 0; i < 8; i++) {
            assertArrayEquals(fromHost[i], sides[i].received.toByteArray(), "to the guest, connection " + i);
            assertArrayEquals(sides[i].toSend, streams.get(i).taken(), "to the host, connection " + i);
            assertFalse(sides[i].isReset);
            streams.get(i).hostEnds();
        }
        guest.fillRx();
        takeAll(guest, sides);
        for (GuestSide side : sides) {
            assertTrue(side.isEnded);
        }
    }

    private static void sendFrom(GuestSocket guest, GuestSide[] sides, int i, int op, byte[] data) {
        guest.setCredit(50_000, sides[i].received.size());
        guest.send(op, i, 80, 0, data);
    }

    private static void takeAll(GuestSocket guest, GuestSide[] sides) {
        for (Packet packet : guest.take(false)) {
            sides[(int) packet.dstPort()].note(packet);
        }
    }

    @Test
    void randomPacketsNeitherEscapeNorLeaveConnectionsBehind() {
        Random random = new Random(VirtioRig.seed("VsockStreamTest random"));
        VirtioRig<VirtioVsock> rig = new VirtioRig<>(loop -> new VirtioVsock(loop, CID, this::listen));
        for (int round = 0; round < 20; round++) {
            streams.clear();
            rig.start(1, 64, 64, 8);
            GuestSocket guest = new GuestSocket(rig, 16, 2048);
            for (int step = 0; step < 1500; step++) {
                guest.setCredit(random.nextInt(4) == 0 ? random.nextInt() & 0xFFFFFFFFL : 65_536, random.nextInt(3) * 500L);
                byte[] data = new byte[random.nextInt(10) == 0 ? random.nextInt(3000) : 0];
                long length = random.nextInt(10) == 0 ? random.nextInt() & 0xFFFFFFFFL : data.length;
                int type = random.nextInt(20) == 0 ? random.nextInt(4) : 1;
                if (!guest.isTxFull()) {
                    guest.sendRaw(CID, 2, random.nextInt(6), random.nextInt(3), type, random.nextInt(9), random.nextInt(4), length, data);
                }
                pokeHost(random, rig);
                guest.take(random.nextBoolean());
                if (random.nextInt(3) == 0) {
                    guest.fillRx();
                }
                if (random.nextInt(50) == 0) {
                    rig.loop().advance(Duration.ofMillis(random.nextInt(3000)));
                }
            }
            assertFalse(rig.needsReset());
            rig.driver().reset();
            assertEquals(0, rig.device().statistics().connections());
            assertTrue(streams.stream().allMatch(FakeStream::isClosed));
        }
    }

    private void pokeHost(Random random, VirtioRig<VirtioVsock> rig) {
        if (random.nextInt(20) == 0) {
            FakeStream stream = new FakeStream();
            if (rig.device().connect(random.nextInt(6), stream)) {
                streams.add(stream);
            }
        }
        if (streams.isEmpty()) {
            return;
        }
        FakeStream stream = streams.get(random.nextInt(streams.size()));
        if (stream.isClosed()) {
            return;
        }
        switch (random.nextInt(8)) {
            case 0 -> stream.hostWrites(new byte[random.nextInt(5000)]);
            case 1 -> stream.hostReads(random.nextInt(5000));
            case 2 -> stream.notifyForNothing();
            case 3 -> stream.hostEnds();
            case 4 -> stream.hostHangsUp();
            case 5 -> stream.setWriteFails();
            case 6 -> stream.setReadFails();
            default -> stream.hostReads(Long.MAX_VALUE);
        }
    }

    /** Gives and takes any amount and keeps nothing. */
    private static final class EndlessStream implements VsockStream {

        private Listener listener;
        private long available;
        private long taken;
        private boolean closed;

        @Override
        public void open(Listener newListener) {
            listener = newListener;
        }

        @Override
        public void established(long hostPort) {
            // nobody waits for it
        }

        @Override
        public int read(ByteBuffer target) {
            int length = (int) Math.min(available, target.remaining());
            target.position(target.position() + length);
            available -= length;
            return length;
        }

        @Override
        public int write(ByteBuffer source) {
            int length = source.remaining();
            source.position(source.limit());
            taken += length;
            return length;
        }

        @Override
        public void shutdownInput() {
            // goes on as before
        }

        @Override
        public void shutdownOutput() {
            // goes on as before
        }

        @Override
        public void close() {
            closed = true;
        }
    }

    private static byte[] header(int op, long length, long fwdCnt) {
        return ByteBuffer.allocate(44).order(ByteOrder.LITTLE_ENDIAN).putLong(CID).putLong(2).putInt(1000).putInt(80).putInt((int) length)
            .putShort((short) 1).putShort((short) op).putInt(0).putInt(1 << 20).putInt((int) fwdCnt).array();
    }

    @Test
    void countersWrapAround() {
        EndlessStream stream = new EndlessStream();
        VirtioRig<VirtioVsock> rig = new VirtioRig<>(loop -> new VirtioVsock(loop, CID, port -> stream)).start(1, 64, 64, 8);
        GuestSocket guest = new GuestSocket(rig, 8, 0x4000).fillRx();
        guest.send(REQUEST, 1000, 80);
        assertEquals(RESPONSE, guest.takeOne().op());
        // Straight through the queues, since 4 GiB have to pass.
        long data = VirtioRig.DATA;
        GuestRam.put(rig.memory(), data, header(RW, 65_536, 0));
        long sent = 0;
        Buffer[] packet = {Buffer.readable(data, 44), Buffer.readable(data + 0x1_0000, 65_536)};
        while (sent < (1L << 32) + 1_000_000) {
            rig.queue(1).add(packet);
            rig.device().onQueueNotify(1);
            rig.queue(1).takeUsed();
            sent += 65_536;
            if (sent % (1 << 20) == 0) {
                rig.loop().run();
                guest.take();
            }
        }
        assertEquals(sent, stream.taken);
        assertFalse(stream.closed);
        assertEquals(sent, rig.device().statistics().txBytes());
    }

    @Test
    void dataAllocatesNothing() {
        EndlessStream stream = new EndlessStream();
        VirtioRig<VirtioVsock> rig = new VirtioRig<>(loop -> new VirtioVsock(loop, CID, port -> stream)).start(1, 16, 16, 8);
        GuestSocket guest = new GuestSocket(rig, 2, 4096).fillRx();
        guest.send(REQUEST, 1000, 80);
        assertEquals(RESPONSE, guest.take(false).get(0).op());
        long data = VirtioRig.DATA;
        GuestRam.put(rig.memory(), data, header(RW, 100, 0));
        Buffer[] packet = {Buffer.readable(data, 144)};
        AllocationMeter.assertNone(() -> rig.queue(1).add(packet), () -> rig.device().onQueueNotify(1), () -> {
            rig.queue(1).takeUsed();
            rig.loop().run();
        });
        assertEquals(22_000 * 100L, stream.taken);
        guest.take(false);
        long[] received = new long[1];
        ByteBuffer update = ByteBuffer.wrap(header(CREDIT_UPDATE, 0, 0)).order(ByteOrder.LITTLE_ENDIAN);
        AllocationMeter.assertNone(() -> {
            update.putInt(40, (int) received[0]);
            GuestRam.put(rig.memory(), data, update.array());
            rig.queue(1).add(packet);
            rig.device().onQueueNotify(1);
            rig.queue(1).takeUsed();
            while (rig.queue(0).takeUsed() != null) {
                rig.loop().run();
            }
            rig.queue(0).add(Buffer.writable(data + 0x1000, 1044));
            stream.available = 1000;
            received[0] += 1000;
        }, () -> stream.listener.readable(), rig.loop()::run);
        assertEquals(22_000 * 1000L, rig.device().statistics().rxBytes());
    }
}
