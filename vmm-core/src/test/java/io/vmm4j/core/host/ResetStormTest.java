package io.vmm4j.core.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmm4j.core.block.DiskFile;
import io.vmm4j.core.block.UringBackend;
import io.vmm4j.devices.limit.BucketConfig;
import io.vmm4j.devices.limit.RateLimiter;
import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.testing.DriverQueue.Buffer;
import io.vmm4j.devices.testing.GuestRam;
import io.vmm4j.devices.testing.PlainPort;
import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.virtio.VirtioDevice;
import io.vmm4j.devices.virtio.balloon.BalloonConfig;
import io.vmm4j.devices.virtio.balloon.VirtioBalloon;
import io.vmm4j.devices.virtio.blk.BlkBackend;
import io.vmm4j.devices.virtio.blk.BlkConfig;
import io.vmm4j.devices.virtio.blk.CacheType;
import io.vmm4j.devices.virtio.blk.VirtioBlk;
import io.vmm4j.devices.virtio.console.ConsoleBackend;
import io.vmm4j.devices.virtio.console.ConsoleConfig;
import io.vmm4j.devices.virtio.console.VirtioConsole;
import io.vmm4j.devices.virtio.net.MacAddress;
import io.vmm4j.devices.virtio.net.NetConfig;
import io.vmm4j.devices.virtio.net.VirtioNet;
import io.vmm4j.devices.virtio.rng.VirtioRng;
import io.vmm4j.devices.virtio.vsock.VirtioVsock;
import io.vmm4j.kvm.libc.LinuxException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every virtio device on the loops of a machine, reset and started again as fast as a vCPU can: it always works again (virtio 1.2, section 2.1.2). */
@Timeout(120)
final class ResetStormTest {

    private static final int ROUNDS = 200;
    private static final int DISK_LENGTH = 1 << 16;

    @TempDir
    private Path directory;
    private final Queue<Throwable> faults = new ConcurrentLinkedQueue<>();

    /** Makes a device on loops that do not run yet. */
    private interface Maker {
        VirtioDevice make(EventLoop main, List<JitteryLoop> queueLoops) throws IOException;
    }

    /** Those behind the device's. */
    private final List<EpollEventLoop> queueLoops = new ArrayList<>();

    private void storm(String name, int queueLoopCount, StormDriver.Usage usage, Maker maker) throws IOException {
        long seed = Long.getLong("vmm.test.seed", 20260101);
        System.out.println("ResetStormTest " + name + ": vmm.test.seed=" + seed);
        EpollEventLoop main = new EpollEventLoop("main", faults::add);
        List<JitteryLoop> jittery = new ArrayList<>();
        for (int i = 0; i < queueLoopCount; i++) {
            queueLoops.add(new EpollEventLoop("queue-" + i, faults::add));
            jittery.add(new JitteryLoop(queueLoops.get(i), seed + i + 1));
        }
        EventLoop owner = new JitteryLoop(main, seed);
        VirtioDevice device = maker.make(owner, jittery);
        try (StormDriver driver = new StormDriver(device, owner, main, queueLoops, usage, new Random(seed))) {
            main.start();
            queueLoops.forEach(EpollEventLoop::start);
            try {
                driver.storm(ROUNDS);
            } catch (AssertionError e) {
                faults.forEach(e::addSuppressed);
                throw e;
            } finally {
                main.close();
                queueLoops.forEach(EpollEventLoop::close);
            }
        }
        assertEquals(List.of(), List.copyOf(faults));
    }

    /** Rates that a storm reaches, so that timers run. */
    private static RateLimiter tight() {
        return new RateLimiter(System::nanoTime, BucketConfig.UNLIMITED, new BucketConfig(100, 2));
    }

    /** Reads, writes and flushes of a sector, on each queue. */
    private static StormDriver.Usage disk(int queues) {
        Random kinds = new Random(1);
        return new StormDriver.Usage() {
            @Override
            public long features() {
                return queues > 1 ? 1L << 9 | 1L << 12 : 1L << 9;
            }

            @Override
            public int[] sizes() {
                int[] sizes = new int[queues];
                Arrays.fill(sizes, 256);
                return sizes;
            }

            /** More than the device takes up in one turn. */
            @Override
            public int most(int queue) {
                return 80;
            }

            @Override
            public Buffer[] request(GuestMemory memory, int queue, long gpa) {
                int type = new int[] {0, 1, 4, 4, 4}[kinds.nextInt(5)];
                GuestRam.put(memory, gpa, ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN).putInt(type).putInt(0)
                        .putLong(kinds.nextInt(DISK_LENGTH / 512)).array());
                return new Buffer[] {Buffer.readable(gpa, 16), new Buffer(gpa + 0x400, 512, type == 0), Buffer.writable(gpa + 0x1000, 1)};
            }
        };
    }

    private static int[] sizes(int queues) {
        int[] sizes = new int[queues];
        Arrays.fill(sizes, 16);
        return sizes;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4})
    void aDisk(int queues) throws IOException {
        storm("disk", queues, disk(queues),
                (main, loops) -> new VirtioBlk(new BlkConfig(false, CacheType.WRITEBACK), new MemoryDisk(DISK_LENGTH), loops));
    }

    @Test
    void aDiskWithALimit() throws IOException {
        storm("limited disk", 2, disk(2),
                (main, loops) -> new VirtioBlk(new BlkConfig(false, CacheType.WRITEBACK), new MemoryDisk(DISK_LENGTH), loops, tight()));
    }

    @Test
    void aDiskWithManyRequestsInFlight() throws IOException {
        try {
            UringBackend.requireHost();
        } catch (LinuxException e) {
            assumeTrue(false, "no io_uring on this host: " + e.getMessage());
        }
        Path image = Files.write(directory.resolve("disk.img"), new byte[DISK_LENGTH]);
        List<BlkBackend> made = new ArrayList<>();
        storm("disk on io_uring", 2, disk(2), (main, loops) -> {
            made.add(new UringBackend(DiskFile.open(image, false, false), queueLoops));
            return new VirtioBlk(new BlkConfig(false, CacheType.WRITEBACK), made.get(0), loops);
        });
        made.get(0).close();
    }

    /** Frames both ways, and receive modes. */
    @Test
    void aNetworkInterface() throws IOException {
        StormDriver.Usage usage = usage(1L << 15 | 1L << 17 | 1L << 18, sizes(3), (memory, queue, gpa) -> {
            if (queue == 0) {
                return new Buffer[] {Buffer.writable(gpa, 1526)};
            }
            GuestRam.put(memory, gpa, new byte[128]);
            return queue == 1
                    ? new Buffer[] {Buffer.readable(gpa, 12), Buffer.readable(gpa + 12, 60)}
                    : new Buffer[] {Buffer.readable(gpa, 2), Buffer.readable(gpa + 2, 1), Buffer.writable(gpa + 64, 1)};
        });
        storm("network", 0, usage, (main, loops) -> new VirtioNet(main, NetConfig.of(MacAddress.parse("02:00:00:00:00:01")), new Chatter(),
                tight(), tight()));
    }

    @Test
    void anEntropyDevice() throws IOException {
        StormDriver.Usage usage = usage(0, sizes(1), (memory, queue, gpa) -> new Buffer[] {Buffer.writable(gpa, 64)});
        storm("entropy", 0, usage, (main, loops) -> new VirtioRng(main, target -> {
            while (target.hasRemaining()) {
                target.put((byte) 7);
            }
        }, tight()));
    }

    /** Pages both ways, statistics, of which the device keeps one buffer, and reports. */
    @Test
    void aBalloon() throws IOException {
        StormDriver.Usage usage = new StormDriver.Usage() {
            @Override
            public long features() {
                return 1L << 1 | 1L << 5;
            }

            @Override
            public int[] sizes() {
                return ResetStormTest.sizes(4);
            }

            @Override
            public Buffer[] request(GuestMemory memory, int queue, long gpa) {
                GuestRam.put(memory, gpa, new byte[] {(byte) 0xC0, 0, 0, 0});
                return new Buffer[] {queue == 3 ? Buffer.writable(gpa, 4096) : Buffer.readable(gpa, 4)};
            }

            @Override
            public boolean isAnswered(int queue) {
                return queue != 2;
            }

            @Override
            public int most(int queue) {
                return queue == 2 ? 1 : 4;
            }
        };
        storm("balloon", 0, usage, (main, loops) -> new VirtioBalloon(main, new BalloonConfig(16, true, 1, false, true), range -> { }));
    }

    @Test
    void aConsole() throws IOException {
        StormDriver.Usage usage = usage(0, sizes(2), (memory, queue, gpa) ->
                new Buffer[] {queue == 0 ? Buffer.writable(gpa, 16) : Buffer.readable(gpa, 16)});
        storm("console", 0, usage, (main, loops) -> new VirtioConsole(main, ConsoleConfig.hvc0(80, 25), List.of(new Babbler())));
    }

    /** Requests to ports where nobody listens: each is answered with a reset on the other queue. */
    @Test
    void aSocketDevice() throws IOException {
        StormDriver.Usage usage = new StormDriver.Usage() {
            @Override
            public long features() {
                return 1;
            }

            @Override
            public int[] sizes() {
                return new int[] {16, 16, 8};
            }

            @Override
            public Buffer[] request(GuestMemory memory, int queue, long gpa) {
                if (queue != 1) {
                    return new Buffer[] {Buffer.writable(gpa, queue == 0 ? 512 : 8)};
                }
                GuestRam.put(memory, gpa, ByteBuffer.allocate(44).order(ByteOrder.LITTLE_ENDIAN).putLong(42).putLong(2).putInt(1000).putInt(80)
                        .putInt(0).putShort((short) 1).putShort((short) 1).array());
                return new Buffer[] {Buffer.readable(gpa, 44)};
            }

            @Override
            public boolean isAnswered(int queue) {
                return queue == 1;
            }
        };
        storm("socket", 0, usage, (main, loops) -> new VirtioVsock(main, 42, port -> {
            throw new IOException("nobody listens at " + port);
        }));
    }

    /** What a request consists of. */
    private interface Request {
        Buffer[] of(GuestMemory memory, int queue, long gpa);
    }

    private static StormDriver.Usage usage(long features, int[] sizes, Request request) {
        return new StormDriver.Usage() {
            @Override
            public long features() {
                return features;
            }

            @Override
            public int[] sizes() {
                return sizes;
            }

            @Override
            public Buffer[] request(GuestMemory memory, int queue, long gpa) {
                return request.of(memory, queue, gpa);
            }
        };
    }

    /** A port that always has a frame, and takes every one. */
    private static final class Chatter extends PlainPort {
        @Override
        public int receive(int pair, ByteBuffer frame) {
            frame.put(new byte[72]);
            return 72;
        }

        @Override
        public boolean send(int pair, ByteBuffer[] pieces, int count) {
            return true;
        }
    }

    /** A terminal at which somebody types without end. */
    private static final class Babbler implements ConsoleBackend {
        @Override
        public void open(Listener listener) {
            // There is always something to read and room to write.
        }

        @Override
        public int read(ByteBuffer target) {
            target.put((byte) 'x');
            return 1;
        }

        @Override
        public int write(ByteBuffer source) {
            int length = source.remaining();
            source.position(source.limit());
            return length;
        }

        @Override
        public void guestOpened(boolean open) {
            // It babbles on.
        }
    }
}
