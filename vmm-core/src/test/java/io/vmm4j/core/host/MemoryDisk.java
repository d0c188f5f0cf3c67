package io.vmm4j.core.host;

import io.vmm4j.devices.virtio.blk.BlkBackend;
import java.nio.ByteBuffer;

/** A disk in memory, whose operations take a moment each. Several queues may use it at a time. */
final class MemoryDisk implements BlkBackend {

    private static final int MOMENT_NANOS = 5_000;

    private final byte[] bytes;

    MemoryDisk(int length) {
        bytes = new byte[length];
    }

    private static void pass() {
        long end = System.nanoTime() + MOMENT_NANOS;
        while (System.nanoTime() - end < 0) {
            Thread.onSpinWait();
        }
    }

    @Override
    public long capacity() {
        return bytes.length;
    }

    @Override
    public String id() {
        return "memory";
    }

    @Override
    public void read(ByteBuffer[] views, int count, long offset) {
        pass();
        int at = (int) offset;
        for (int i = 0; i < count; i++) {
            int length = views[i].remaining();
            views[i].put(bytes, at, length);
            at += length;
        }
    }

    @Override
    public void write(ByteBuffer[] views, int count, long offset) {
        pass();
        int at = (int) offset;
        for (int i = 0; i < count; i++) {
            int length = views[i].remaining();
            views[i].get(bytes, at, length);
            at += length;
        }
    }

    @Override
    public void flush() {
        pass();
    }

    @Override
    public boolean canDiscard() {
        return false;
    }

    @Override
    public void discard(long offset, long length) {
        throw new IllegalStateException("discard was not offered");
    }

    @Override
    public void writeZeroes(long offset, long length, boolean mayUnmap) {
        throw new IllegalStateException("nobody zeroes");
    }

    @Override
    public void close() {
        // Nothing is held.
    }
}
