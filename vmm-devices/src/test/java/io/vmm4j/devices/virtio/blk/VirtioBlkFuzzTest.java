package io.vmm4j.devices.virtio.blk;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.vmm4j.devices.limit.BucketConfig;
import io.vmm4j.devices.limit.RateLimiter;
import io.vmm4j.devices.testing.ByteProgram;
import io.vmm4j.devices.testing.FuzzDriver;
import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.time.NanoClock;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A block device with two queues under any driver, on a disk that fails, shrinks and grows. */
final class VirtioBlkFuzzTest {

    private static final int DISK = 128 * 512;

    private final FuzzDriver<VirtioBlk> driver = new FuzzDriver<>(this::make, VirtioBlkFuzzTest::request, this::host);
    private Disk disk;
    private boolean isLate;

    /** Each operation ends within the call that begins it. */
    @FuzzTest
    void blk(byte[] program) {
        isLate = false;
        driver.run(program);
    }

    /** Several are in flight, and end in any order. */
    @FuzzTest
    void blkAsync(byte[] program) {
        isLate = true;
        driver.run(program);
    }

    private VirtioBlk make(EventLoop loop, NanoClock clock) {
        disk = new Disk(isLate);
        try {
            return new VirtioBlk(new BlkConfig(false, CacheType.WRITEBACK), disk, List.of(loop, loop),
                new RateLimiter(clock, BucketConfig.UNLIMITED, BucketConfig.UNLIMITED));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A header, and at times the segments of DISCARD and WRITE_ZEROES. */
    private static byte[] request(ByteProgram program) {
        int segments = program.of(0, 0, 0, 1, 2, program.below(64));
        ByteBuffer request = ByteBuffer.allocate(16 + 16 * segments).order(ByteOrder.LITTLE_ENDIAN);
        request.putInt(program.of(0, 1, 4, 8, 11, 13, program.u8())).putInt(0);
        request.putLong(program.flag() ? program.u8() : program.number());
        for (int i = 0; i < segments; i++) {
            request.putLong(program.flag() ? program.u8() : program.number());
            request.putInt(program.flag() ? program.u8() : (int) program.number()).putInt(program.below(3));
        }
        return request.array();
    }

    private void host(VirtioBlk blk, ByteProgram program) {
        for (LateIo io : disk.queues) {
            io.end(program.u8());
        }
        try {
            switch (program.below(isLate ? 16 : 4)) {
                case 0 -> disk.failing = !disk.failing;
                case 1 -> {
                    disk.capacity = program.u8() * (DISK / 256L);
                    blk.refreshCapacity();
                }
                case 2 -> blk.updateLimits(Optional.of(BucketConfig.UNLIMITED), Optional.of(BucketConfig.UNLIMITED));
                case 3 -> blk.updateLimits(Optional.of(new BucketConfig(program.u16() + 1, program.u8() + 1)), Optional.empty());
                default -> {
                    // What has ended is enough.
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A disk of zeroes that checks that what is asked of it lies within what it last said it holds. */
    private static final class Disk implements BlkBackend {
        private final boolean late;
        private final List<LateIo> queues = new ArrayList<>();
        private long capacity = DISK;
        private long told;
        private boolean failing;

        Disk(boolean late) {
            this.late = late;
        }

        @Override
        public BlkIo openQueue(int queue, BlkIo.Listener listener) {
            SyncBlkIo io = new SyncBlkIo(this, listener);
            if (!late) {
                return io;
            }
            queues.add(new LateIo(this, io, listener));
            return queues.get(queue);
        }

        private void check(long offset, long length) throws IOException {
            if (!late) {
                checkRange(offset, length);
            }
            if (failing) {
                throw new IOException("No space left on device");
            }
        }

        /** When an operation is asked for, whatever becomes of the disk until it is carried out. */
        void checkRange(long offset, long length) {
            if (offset < 0 || length < 0 || offset > told - length) {
                throw new AssertionError(length + " bytes at " + offset + " of a disk of " + told);
            }
        }

        private static long length(ByteBuffer[] views, int count) {
            long length = 0;
            for (int i = 0; i < count; i++) {
                length += views[i].remaining();
            }
            return length;
        }

        @Override
        public long capacity() {
            told = capacity;
            return capacity;
        }

        @Override
        public String id() {
            return "disk";
        }

        @Override
        public void read(ByteBuffer[] views, int count, long offset) throws IOException {
            check(offset, length(views, count));
            for (int i = 0; i < count; i++) {
                while (views[i].hasRemaining()) {
                    views[i].put((byte) 0x5A);
                }
            }
        }

        @Override
        public void write(ByteBuffer[] views, int count, long offset) throws IOException {
            check(offset, length(views, count));
        }

        @Override
        public void flush() throws IOException {
            check(0, 0);
        }

        @Override
        public boolean canDiscard() {
            return true;
        }

        @Override
        public void discard(long offset, long length) throws IOException {
            check(offset, length);
        }

        @Override
        public void writeZeroes(long offset, long length, boolean mayUnmap) throws IOException {
            check(offset, length);
        }

        @Override
        public void close() {
            // Nothing is held.
        }
    }

    /** Keeps what it is asked for until it is told to carry it out. */
    private static final class LateIo implements BlkIo {
        private static final int DEPTH = 4;

        private final Disk disk;
        private final SyncBlkIo io;
        private final Listener listener;
        private final List<Runnable> asked = new ArrayList<>();
        private final List<Runnable> begun = new ArrayList<>();

        LateIo(Disk disk, SyncBlkIo io, Listener listener) {
            this.disk = disk;
            this.io = io;
            this.listener = listener;
        }

        private void ask(Runnable operation) {
            asked.add(operation);
            if (asked.size() + begun.size() > DEPTH) {
                throw new AssertionError("more than " + DEPTH + " operations are in flight");
            }
        }

        void end(int choice) {
            if (!begun.isEmpty()) {
                begun.remove(choice % begun.size()).run();
                listener.settled();
            }
        }

        @Override
        public int depth() {
            return DEPTH;
        }

        @Override
        public void read(int tag, ByteBuffer[] views, int count, long offset) {
            disk.checkRange(offset, Disk.length(views, count));
            ask(() -> io.read(tag, views, count, offset));
        }

        @Override
        public void write(int tag, ByteBuffer[] views, int count, long offset) {
            disk.checkRange(offset, Disk.length(views, count));
            ask(() -> io.write(tag, views, count, offset));
        }

        @Override
        public void flush(int tag) {
            ask(() -> io.flush(tag));
        }

        @Override
        public void discard(int tag, long offset, long length) {
            disk.checkRange(offset, length);
            ask(() -> io.discard(tag, offset, length));
        }

        @Override
        public void writeZeroes(int tag, long offset, long length, boolean mayUnmap) {
            disk.checkRange(offset, length);
            ask(() -> io.writeZeroes(tag, offset, length, mayUnmap));
        }

        @Override
        public void submit() {
            begun.addAll(asked);
            asked.clear();
        }

        @Override
        public void drain() {
            submit();
            while (!begun.isEmpty()) {
                begun.remove(0).run();
                submit();
            }
        }

        @Override
        public void close() {
            if (!begun.isEmpty() || !asked.isEmpty()) {
                throw new AssertionError("closed with operations in flight");
            }
        }
    }
}
