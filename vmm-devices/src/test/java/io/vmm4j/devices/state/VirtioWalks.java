package io.vmm4j.devices.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.devices.limit.BucketConfig;
import io.vmm4j.devices.limit.RateLimiter;
import io.vmm4j.devices.testing.DriverQueue.Buffer;
import io.vmm4j.devices.testing.DriverQueue.Used;
import io.vmm4j.devices.testing.GuestRam;
import io.vmm4j.devices.testing.Snapshots;
import io.vmm4j.devices.testing.VirtioRig;
import io.vmm4j.devices.virtio.balloon.BalloonConfig;
import io.vmm4j.devices.virtio.balloon.BalloonStatistic;
import io.vmm4j.devices.virtio.balloon.VirtioBalloon;
import io.vmm4j.devices.virtio.blk.BlkBackend;
import io.vmm4j.devices.virtio.blk.BlkConfig;
import io.vmm4j.devices.virtio.blk.CacheType;
import io.vmm4j.devices.virtio.blk.VirtioBlk;
import io.vmm4j.devices.virtio.rng.VirtioRng;
import io.vmm4j.devices.virtio.vsock.VirtioVsock;
import io.vmm4j.devices.virtio.vsock.VsockStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.List;

/** Virtio devices but for those that have many queues of a kind. */
final class VirtioWalks {

    private static final long DATA = VirtioRig.DATA;
    private static final long BLK_RO_FREE = 1L << 9 | 1L << 11; // FLUSH, CONFIG_WCE
    private static final int SECTORS = 64;

    private VirtioWalks() {
    }

    static List<StateWalk> all() {
        return List.of(
                new StateWalk(VirtioRng.class, "a request waits for the limiter", VirtioWalks::rng),
                new StateWalk(VirtioRng.class, "waits for a reset", () -> broken(rngs())),
                new StateWalk(VirtioBlk.class, "requests wait, the cache is switched", VirtioWalks::block),
                new StateWalk(VirtioBlk.class, "waits for a reset", () -> broken(disks())),
                new StateWalk(VirtioVsock.class, "with a connection, and no event buffer", VirtioWalks::vsock),
                new StateWalk(VirtioVsock.class, "waits for a reset", () -> broken(sockets())),
                new StateWalk(VirtioBalloon.class, "statistics held, hints in work", VirtioWalks::balloon),
                new StateWalk(VirtioBalloon.class, "waits for a reset", () -> broken(balloons())));
    }

    /** A driver makes more available than there is, and the device waits for its reset. */
    static void broken(Snapshots<?> device) throws StateException {
        VirtioRig<?> restored = device.check(rig -> {
            rig.start(0, 16, 16, 16);
            rig.queue(1).rawAvailIdx(1000);
            rig.queue(0).rawAvailIdx(1000);
            rig.kick(1);
            rig.kick(0);
        });
        assertTrue(restored.needsReset());
        restored.start(0, 16, 16, 16);
        assertEquals(15, restored.driver().status(), "it works again after a reset");
    }

    private static RateLimiter limiter(io.vmm4j.devices.time.NanoClock clock) {
        return new RateLimiter(clock, new BucketConfig(1000, 1000, 24), new BucketConfig(50, 1000));
    }

    static Snapshots<VirtioRng> rngs() {
        return Snapshots.of((loop, clock) -> new VirtioRng(loop, target -> {
            while (target.hasRemaining()) {
                target.put((byte) 7);
            }
        }, limiter(clock)));
    }

    private static void rng() throws StateException {
        VirtioRig<VirtioRng> restored = rngs().check(rig -> {
            rig.start(0, 16);
            rig.queue(0).add(Buffer.writable(DATA, 900));
            rig.queue(0).add(Buffer.writable(DATA + 0x1000, 600));
            rig.kick(0);
        });
        assertEquals(900, restored.queue(0).takeUsed().length());
        assertNull(restored.queue(0).takeUsed(), "the level is that of then");
        restored.loop().advance(Duration.ofMillis(470));
        assertNull(restored.queue(0).takeUsed());
        restored.loop().advance(Duration.ofMillis(20));
        assertEquals(600, restored.queue(0).takeUsed().length(), "the timer goes off");
    }

    /** A disk in memory, of the test's. */
    private static final class Disk implements BlkBackend {
        private final byte[] bytes;
        private int writes;

        Disk(byte[] bytes) {
            this.bytes = bytes;
        }

        @Override
        public long capacity() {
            return bytes.length;
        }

        @Override
        public String id() {
            return "disk";
        }

        @Override
        public void read(ByteBuffer[] views, int count, long offset) {
            int at = (int) offset;
            for (int i = 0; i < count; i++) {
                int length = views[i].remaining();
                views[i].put(bytes, at, length);
                at += length;
            }
        }

        @Override
        public void write(ByteBuffer[] views, int count, long offset) {
            writes++;
            int at = (int) offset;
            for (int i = 0; i < count; i++) {
                int length = views[i].remaining();
                views[i].get(bytes, at, length);
                at += length;
            }
        }

        @Override
        public void flush() {
            // Nothing is volatile here.
        }

        @Override
        public boolean canDiscard() {
            return false;
        }

        @Override
        public void discard(long offset, long length) {
            throw new IllegalStateException("not offered");
        }

        @Override
        public void writeZeroes(long offset, long length, boolean mayUnmap) {
            java.util.Arrays.fill(bytes, (int) offset, (int) (offset + length), (byte) 0);
        }

        @Override
        public void close() {
            // Holds nothing.
        }
    }

    private static Disk last;

    static Snapshots<VirtioBlk> disks() {
        return Snapshots.of((loop, clock) -> {
            try {
                last = new Disk(new byte[512 * SECTORS]);
                return new VirtioBlk(new BlkConfig(false, CacheType.WRITEBACK), last, List.of(loop, loop),
                        new RateLimiter(clock, new BucketConfig(1024, 1000), BucketConfig.UNLIMITED));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }).pausedBy(VirtioBlk::pause, VirtioBlk::resume);
    }

    private static void write(VirtioRig<?> rig, int queue, int sector, int octet) {
        long at = DATA + 0x1000L * sector;
        ByteBuffer header = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN).putInt(1).putInt(0).putLong(sector);
        GuestRam.put(rig.memory(), at, header.array());
        byte[] data = new byte[512];
        java.util.Arrays.fill(data, (byte) octet);
        GuestRam.put(rig.memory(), at + 0x100, data);
        rig.queue(queue).add(Buffer.readable(at, 16), Buffer.readable(at + 0x100, 512), Buffer.writable(at + 0x400, 1));
    }

    private static void block() throws StateException {
        VirtioRig<VirtioBlk> restored = disks().check(rig -> {
            rig.start(BLK_RO_FREE | 1L << 12, 16, 16);
            rig.driver().writeConfig(32, 1, 0); // writethrough
            for (int sector = 0; sector < 4; sector++) {
                write(rig, sector % 2, sector, 0x40 + sector);
            }
            rig.kick(0);
            rig.kick(1);
        });
        assertEquals(0, restored.driver().readConfig(32, 1));
        assertEquals(0, last.writes, "those of before are on the disk of before");
        assertNotNull(restored.queue(0).takeUsed());
        assertNotNull(restored.queue(0).takeUsed());
        assertNull(restored.queue(1).takeUsed(), "the limiter's level is kept");
        restored.loop().advance(Duration.ofSeconds(2));
        assertNotNull(restored.queue(1).takeUsed());
        assertNotNull(restored.queue(1).takeUsed());
        assertEquals(2, last.writes, "each request is carried out once");
        assertEquals(0x41, last.bytes[512]);
        assertEquals(0x43, last.bytes[3 * 512]);
    }

    private static final class DeadEnd implements VsockStream {
        private boolean isClosed;

        @Override
        public void open(Listener listener) {
            // Nothing comes from here.
        }

        @Override
        public void established(long hostPort) {
            // As expected.
        }

        @Override
        public int read(ByteBuffer target) {
            return 0;
        }

        @Override
        public int write(ByteBuffer source) {
            int length = source.remaining();
            source.position(source.limit());
            return length;
        }

        @Override
        public void shutdownInput() {
            // Nothing comes anyway.
        }

        @Override
        public void shutdownOutput() {
            // Nothing is kept.
        }

        @Override
        public void close() {
            isClosed = true;
        }
    }

    static Snapshots<VirtioVsock> sockets() {
        return Snapshots.of(loop -> new VirtioVsock(loop, 42, port -> new DeadEnd()));
    }

    private static byte[] packet(int op, long hostPort, long guestPort) {
        return ByteBuffer.allocate(44).order(ByteOrder.LITTLE_ENDIAN).putLong(42).putLong(2).putInt((int) guestPort).putInt((int) hostPort)
                .putInt(0).putShort((short) 1).putShort((short) op).putInt(0).putInt(4096).putInt(0).array();
    }

    private static int takeOp(VirtioRig<?> rig) {
        Used used = rig.queue(0).takeUsed();
        return used == null ? 0 : GuestRam.get(rig.memory(), DATA + 0x1_0000 + 0x1000L * used.id(), 44)[30];
    }

    private static void vsock() throws StateException {
        VirtioRig<VirtioVsock> restored = sockets().check(rig -> {
            rig.start(1, 16, 16, 16);
            rig.device().connect(1234, new DeadEnd());
            GuestRam.put(rig.memory(), DATA, packet(1, 80, 5000));
            rig.queue(1).add(Buffer.readable(DATA, 44));
            rig.kick(1); // the request is answered once there are buffers
        });
        assertNotNull(restored.queue(1).takeUsed());
        for (int i = 0; i < 4; i++) {
            restored.queue(0).add(Buffer.writable(DATA + 0x1_0000 + 0x1000L * i, 0x1000));
        }
        restored.kick(0);
        DeadEnd stream = new DeadEnd();
        assertTrue(restored.device().connect(1234, stream));
        restored.loop().run();
        assertEquals(0, takeOp(restored), "nothing before the driver knows that its connections are gone");
        restored.queue(2).add(Buffer.writable(DATA + 0x100, 4));
        restored.kick(2);
        assertEquals(4, restored.queue(2).takeUsed().length());
        assertEquals(0, takeOp(restored), "nor before it has answered");
        restored.queue(2).add(Buffer.writable(DATA + 0x100, 4));
        restored.kick(2);
        assertEquals(1, takeOp(restored), "a new connection works at once");
        byte[] request = GuestRam.get(restored.memory(), DATA + 0x1_0000, 44);
        assertEquals((1 << 30) + 1, ByteBuffer.wrap(request).order(ByteOrder.LITTLE_ENDIAN).getInt(16), "the host's ports go on");
        assertTrue(!stream.isClosed);
    }

    static Snapshots<VirtioBalloon> balloons() {
        return Snapshots.of(loop -> new VirtioBalloon(loop, new BalloonConfig(100, true, 5, true, true), range -> { }));
    }

    private static void balloon() throws StateException {
        VirtioRig<VirtioBalloon> restored = balloons().check(rig -> {
            rig.start(1L << 1 | 1L << 2 | 1L << 3 | 1L << 5, 16, 16, 16, 16, 16);
            rig.device().setTargetPages(777);
            rig.driver().writeConfig(4, 4, 555);
            rig.device().setStatisticsInterval(9);
            ByteBuffer stats = ByteBuffer.allocate(10).order(ByteOrder.LITTLE_ENDIAN).putShort((short) 4).putLong(0x1234_5678_9ABCL);
            GuestRam.put(rig.memory(), DATA, stats.array());
            rig.queue(2).add(Buffer.readable(DATA, 10));
            rig.kick(2);
            rig.device().startHinting(true);
            GuestRam.put(rig.memory(), DATA + 0x100, new byte[] {2, 0, 0, 0});
            rig.queue(3).add(Buffer.readable(DATA + 0x100, 4));
            rig.kick(3);
        });
        assertEquals(777, restored.driver().readConfig(0, 4));
        assertEquals(555, restored.device().actualPages());
        assertEquals(2, restored.device().hintingStatus().hostCommand());
        assertEquals(2, restored.device().hintingStatus().guestCommand().orElseThrow());
        assertEquals(0x1234_5678_9ABCL, restored.device().statistics().get(BalloonStatistic.FREE_MEMORY));
        assertNull(restored.queue(2).takeUsed(), "the buffer is held until the guest is asked");
        restored.loop().advance(Duration.ofMillis(8900));
        assertNull(restored.queue(2).takeUsed());
        restored.loop().advance(Duration.ofMillis(200));
        assertNotNull(restored.queue(2).takeUsed(), "the interval is that of then");
        restored.device().startHinting(true);
        assertEquals(3, restored.device().hintingStatus().hostCommand(), "no command comes twice");
    }
}
