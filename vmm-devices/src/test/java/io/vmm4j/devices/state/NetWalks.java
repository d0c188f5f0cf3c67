package io.vmm4j.devices.state;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.vmm4j.devices.limit.BucketConfig;
import io.vmm4j.devices.limit.RateLimiter;
import io.vmm4j.devices.testing.DriverQueue.Buffer;
import io.vmm4j.devices.testing.GuestRam;
import io.vmm4j.devices.testing.Snapshots;
import io.vmm4j.devices.testing.VirtioRig;
import io.vmm4j.devices.virtio.net.MacAddress;
import io.vmm4j.devices.virtio.net.NetBackend;
import io.vmm4j.devices.virtio.net.NetConfig;
import io.vmm4j.devices.virtio.net.NetOffload;
import io.vmm4j.devices.virtio.net.VirtioNet;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Queue;
import java.util.Set;

/** The network device, with frames and commands at all places where they can be. */
final class NetWalks {

    private static final long DATA = VirtioRig.DATA;
    private static final long FEATURES = 1L << 1 | 1L << 2 | 1L << 5 | 1L << 7 | 1L << 15 | 1L << 16 | 1L << 17 | 1L << 18 | 1L << 21 | 1L << 22
            | 1L << 23; // GUEST_CSUM, CTRL_GUEST_OFFLOADS, MAC, GUEST_TSO4, MRG_RXBUF, STATUS, CTRL_VQ, CTRL_RX, GUEST_ANNOUNCE, MQ, CTRL_MAC_ADDR
    private static final int CONTROL = 4;

    private NetWalks() {
    }

    static List<StateWalk> all() {
        return List.of(new StateWalk(VirtioNet.class, "frames wait both ways, settings are the driver's", NetWalks::busy),
                new StateWalk(VirtioNet.class, "the cable is out", NetWalks::unplugged),
                new StateWalk(VirtioNet.class, "waits for a reset", () -> VirtioWalks.broken(cards())));
    }

    /** The host's side: frames that came, frames that went, and room for some. */
    private static final class Cable implements NetBackend {
        private final Queue<byte[]> incoming = new ArrayDeque<>();
        private final List<byte[]> sent = new ArrayList<>();
        private boolean hasRoom;
        private Set<NetOffload> accepted = Set.of();
        private int pairs;
        private Listener listener;

        @Override
        public int queuePairs() {
            return 2;
        }

        @Override
        public Set<NetOffload> offloads() {
            return EnumSet.of(NetOffload.CSUM, NetOffload.TSO4);
        }

        @Override
        public void start(Listener newListener) {
            listener = newListener;
        }

        @Override
        public void setOffloads(Set<NetOffload> newAccepted) {
            accepted = newAccepted;
        }

        @Override
        public void setActivePairs(int newPairs) {
            pairs = newPairs;
        }

        @Override
        public int receive(int pair, ByteBuffer frame) {
            byte[] next = pair == 0 ? incoming.poll() : null;
            if (next == null) {
                return 0;
            }
            frame.put(next);
            return next.length;
        }

        @Override
        public boolean send(int pair, ByteBuffer[] pieces, int count) {
            if (!hasRoom) {
                return false;
            }
            ByteBuffer frame = ByteBuffer.allocate(2048);
            for (int i = 0; i < count; i++) {
                frame.put(pieces[i].duplicate());
            }
            sent.add(Arrays.copyOf(frame.array(), frame.position()));
            return true;
        }

        @Override
        public void stop() {
            listener = null;
        }
    }

    private static Cable last;

    static Snapshots<VirtioNet> cards() {
        return Snapshots.of((loop, clock) -> {
            last = new Cable();
            NetConfig config = new NetConfig(Optional.of(MacAddress.parse("02:00:00:00:00:01")), OptionalInt.empty(), 2, 16);
            return new VirtioNet(loop, config, last, new RateLimiter(clock, new BucketConfig(10_000, 1000), BucketConfig.UNLIMITED),
                    new RateLimiter(clock, new BucketConfig(10_000, 1000), new BucketConfig(100, 1000)));
        });
    }

    private static byte[] frame(int length, int octet) {
        byte[] frame = new byte[12 + length];
        Arrays.fill(frame, 12, frame.length, (byte) octet);
        return frame;
    }

    private static void command(VirtioRig<?> rig, int... octets) {
        byte[] bytes = new byte[octets.length];
        for (int i = 0; i < octets.length; i++) {
            bytes[i] = (byte) octets[i];
        }
        GuestRam.put(rig.memory(), DATA, bytes);
        rig.queue(CONTROL).add(Buffer.readable(DATA, bytes.length), Buffer.writable(DATA + 0x100, 1));
        rig.kick(CONTROL);
        assertNotNull(rig.queue(CONTROL).takeUsed());
        assertEquals(0, GuestRam.get(rig.memory(), DATA + 0x100, 1)[0]);
    }

    private static void busy() throws StateException {
        VirtioRig<VirtioNet> restored = cards().check(rig -> {
            rig.start(FEATURES, 16, 16, 16, 16, 16);
            command(rig, 4, 0, 2, 0); // two pairs
            command(rig, 1, 1, 2, 9, 9, 9, 9, 9); // the address
            command(rig, 5, 0, 2, 0, 0, 0, 0, 0, 0, 0); // checksums, and no segments
            rig.device().requestAnnounce();
            rig.queue(0).add(Buffer.writable(DATA + 0x1000, 500)); // the first of several buffers that the frame needs
            last.incoming.add(frame(1200, 0x33));
            rig.kick(0);
            GuestRam.put(rig.memory(), DATA + 0x4000, frame(100, 0x44));
            rig.queue(3).add(Buffer.readable(DATA + 0x4000, 112));
            rig.kick(3);
        });
        assertEquals(MacAddress.parse("02:09:09:09:09:09"), restored.device().mac());
        assertEquals(3, restored.driver().readConfig(6, 2), "link up, announce");
        assertEquals(2, last.pairs);
        assertEquals(Set.of(NetOffload.CSUM), last.accepted, "the backend is told of the offloads again");
        assertNull(restored.queue(0).takeUsed());
        restored.queue(0).add(Buffer.writable(DATA + 0x2000, 1500));
        restored.kick(0);
        assertEquals(500, restored.queue(0).takeUsed().length(), "the frame that the old backend has given is here");
        assertEquals(712, restored.queue(0).takeUsed().length());
        assertEquals(2, GuestRam.get(restored.memory(), DATA + 0x1000, 12)[10], "in the buffer that was taken for it, and another");
        assertEquals(0x33, GuestRam.get(restored.memory(), DATA + 0x2000 + 711, 1)[0]);
        assertNull(restored.queue(3).takeUsed());
        last.hasRoom = true;
        last.listener.writable(1);
        restored.loop().run();
        assertNotNull(restored.queue(3).takeUsed());
        assertEquals(1, last.sent.size(), "a frame on its way out leaves once");
        assertArrayEquals(Arrays.copyOfRange(frame(100, 0x44), 12, 112), Arrays.copyOfRange(last.sent.get(0), 12, 112));
    }

    private static void unplugged() throws StateException {
        VirtioRig<VirtioNet> restored = cards().check(rig -> {
            rig.start(FEATURES, 16, 16, 16, 16, 16);
            rig.device().setLinkUp(false);
        });
        assertFalse(restored.device().isLinkUp());
        assertEquals(0, restored.driver().readConfig(6, 2));
        restored.device().setLinkUp(true);
        assertEquals(2, restored.driver().takeInterrupts() & 2);
    }
}
