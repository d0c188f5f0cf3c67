package io.vmm4j.devices.virtio.blk;

import io.vmm4j.devices.limit.BucketConfig;
import io.vmm4j.devices.limit.RateLimiter;
import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.testing.DriverQueue;
import io.vmm4j.devices.testing.DriverQueue.Buffer;
import io.vmm4j.devices.testing.GuestRam;
import io.vmm4j.devices.testing.ManualClock;
import io.vmm4j.devices.testing.ManualLoop;
import io.vmm4j.devices.testing.MmioDriver;
import io.vmm4j.devices.testing.RecordingLine;
import io.vmm4j.devices.virtio.mmio.VirtioMmioTransport;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A block device on a workbench: a disk in memory that can be told to fail, a driver, and one call a request. */
final class BlkBench {

    static final long VERSION_1 = 1L << 32;
    static final long PACKED = 1L << 34;
    static final long INDIRECT = 1L << 28;
    static final long EVENT_IDX = 1L << 29;
    static final long FLUSH = 1L << 9;
    static final long CONFIG_WCE = 1L << 11;
    static final long DISCARD = 1L << 13;
    static final long WRITE_ZEROES = 1L << 14;
    static final int IN = 0;
    static final int OUT = 1;
    static final int SECTORS = 128;

    private static final long HEADER = 0x20000;
    static final long DATA = 0x30ff0;
    private static final long STATUS = 0x60fff;

    final GuestMemory memory = GuestRam.of(1 << 20);
    final RecordingLine line = new RecordingLine();
    final ManualClock clock = new ManualClock();
    final ManualLoop loop = new ManualLoop(clock);
    final Disk disk = new Disk(SECTORS * 512);
    final RateLimiter limiter = new RateLimiter(clock, BucketConfig.UNLIMITED, BucketConfig.UNLIMITED);
    final VirtioBlk blk;
    final VirtioMmioTransport transport;
    final MmioDriver driver;
    DriverQueue queue;
    long usedLength;
    private int added;

    BlkBench(BlkConfig config) throws IOException {
        this(config, null);
    }

    /** @param backend what the device is on, or {@code null} for {@link #disk} */
    BlkBench(BlkConfig config, BlkBackend backend) throws IOException {
        blk = new VirtioBlk(config, backend == null ? disk : backend, List.of(loop), limiter);
        transport = new VirtioMmioTransport(blk, memory, line, loop);
        driver = new MmioDriver(transport);
    }

    BlkBench start(long features) {
        queue = DriverQueue.of(memory, 0x10000, 16, features);
        driver.start(features, queue);
        loop.run();
        return this;
    }

    /** A request with {@code length} bytes of data at {@link #DATA}; returns its status, or -1 when it did not complete. */
    int request(long type, long sector, int length) {
        add(type, sector, length);
        driver.notifyQueue(0);
        loop.run();
        return take();
    }

    void add(long type, long sector, int length) {
        ByteBuffer header = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
        header.putInt((int) type).putInt(0).putLong(sector);
        long at = HEADER + 16 * (added++ % 16);
        GuestRam.put(memory, at, header.array());
        GuestRam.put(memory, STATUS, new byte[] {(byte) 0xAA});
        boolean toDriver = type == IN || type == 8;
        List<Buffer> buffers = new ArrayList<>(List.of(Buffer.readable(at, 16)));
        if (length > 0) {
            buffers.add(new Buffer(DATA, length, toDriver));
        }
        buffers.add(Buffer.writable(STATUS, 1));
        queue.add(buffers.toArray(Buffer[]::new));
    }

    int take() {
        DriverQueue.Used used = queue.takeUsed();
        if (used == null) {
            return -1;
        }
        usedLength = used.length();
        return GuestRam.get(memory, STATUS, 1)[0] & 0xFF;
    }

    /** A DISCARD or WRITE_ZEROES of segments {sector, sectors, flags}. */
    int segments(long type, long[]... segments) {
        ByteBuffer data = ByteBuffer.allocate(16 * segments.length).order(ByteOrder.LITTLE_ENDIAN);
        for (long[] segment : segments) {
            data.putLong(segment[0]).putInt((int) segment[1]).putInt((int) segment[2]);
        }
        GuestRam.put(memory, DATA, data.array());
        return request(type, 0, data.capacity());
    }

    /** A disk in memory that logs what is asked of it. */
    static final class Disk implements BlkBackend {
        final byte[] bytes;
        final List<String> calls = new ArrayList<>();
        long capacity;
        boolean failing;
        boolean canDiscard = true;

        Disk(int length) {
            bytes = new byte[length];
            capacity = length;
            for (int i = 0; i < length; i++) {
                bytes[i] = (byte) (i * 31 + i / 512);
            }
        }

        private void check() throws IOException {
            if (failing) {
                throw new IOException("No space left on device");
            }
        }

        @Override
        public long capacity() {
            return capacity;
        }

        @Override
        public String id() {
            return "disk-0123456789-abcdef";
        }

        @Override
        public void read(ByteBuffer[] views, int count, long offset) throws IOException {
            check();
            int at = (int) offset;
            for (int i = 0; i < count; i++) {
                int length = views[i].remaining();
                views[i].put(bytes, at, length);
                at += length;
            }
            calls.add("read " + offset);
        }

        @Override
        public void write(ByteBuffer[] views, int count, long offset) throws IOException {
            check();
            int at = (int) offset;
            for (int i = 0; i < count; i++) {
                int length = views[i].remaining();
                views[i].get(bytes, at, length);
                at += length;
            }
            calls.add("write " + offset);
        }

        @Override
        public void flush() throws IOException {
            check();
            calls.add("flush");
        }

        @Override
        public boolean canDiscard() {
            return canDiscard;
        }

        @Override
        public void discard(long offset, long length) throws IOException {
            check();
            calls.add("discard " + offset + "+" + length);
        }

        @Override
        public void writeZeroes(long offset, long length, boolean mayUnmap) throws IOException {
            check();
            Arrays.fill(bytes, (int) offset, (int) (offset + length), (byte) 0);
            calls.add("zero " + offset + "+" + length + (mayUnmap ? " unmap" : ""));
        }

        @Override
        public void close() {
            calls.add("close");
        }
    }
}
