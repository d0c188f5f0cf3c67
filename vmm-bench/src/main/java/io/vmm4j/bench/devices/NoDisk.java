package io.vmm4j.bench.devices;

import io.vmm4j.devices.virtio.blk.BlkBackend;
import java.nio.ByteBuffer;

/** Neither reads nor writes: what is left is the device's own work. */
final class NoDisk implements BlkBackend {

    private final long capacity;

    NoDisk(long capacity) {
        this.capacity = capacity;
    }

    @Override
    public long capacity() {
        return capacity;
    }

    @Override
    public String id() {
        return "none";
    }

    @Override
    public void read(ByteBuffer[] views, int count, long offset) {
        skip(views, count);
    }

    @Override
    public void write(ByteBuffer[] views, int count, long offset) {
        skip(views, count);
    }

    private static void skip(ByteBuffer[] views, int count) {
        for (int i = 0; i < count; i++) {
            views[i].position(views[i].limit());
        }
    }

    @Override
    public void flush() {
        // Nothing was written.
    }

    @Override
    public boolean canDiscard() {
        return false;
    }

    @Override
    public void discard(long offset, long length) {
        // Not offered.
    }

    @Override
    public void writeZeroes(long offset, long length, boolean mayUnmap) {
        // All of it is.
    }

    @Override
    public void close() {
        // Nothing is open.
    }
}
