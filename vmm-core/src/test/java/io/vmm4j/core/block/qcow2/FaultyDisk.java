package io.vmm4j.core.block.qcow2;

import io.vmm4j.core.block.DiskBackend;
import io.vmm4j.core.block.DiskFile;
import io.vmm4j.devices.virtio.blk.BlkBackend;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.function.LongPredicate;

/** A file whose writes to some places fail. */
final class FaultyDisk implements BlkBackend {

    /** Whether a write that begins at a byte fails. */
    LongPredicate fails = offset -> false;
    private final DiskBackend disk;

    FaultyDisk(DiskFile file) {
        disk = new DiskBackend(file);
    }

    @Override
    public long capacity() throws IOException {
        return disk.capacity();
    }

    @Override
    public String id() {
        return disk.id();
    }

    @Override
    public void read(ByteBuffer[] views, int count, long offset) throws IOException {
        disk.read(views, count, offset);
    }

    @Override
    public void write(ByteBuffer[] views, int count, long offset) throws IOException {
        if (fails.test(offset)) {
            throw new IOException("No space left on device");
        }
        disk.write(views, count, offset);
    }

    @Override
    public void flush() throws IOException {
        disk.flush();
    }

    @Override
    public boolean canDiscard() {
        return disk.canDiscard();
    }

    @Override
    public void discard(long offset, long length) throws IOException {
        disk.discard(offset, length);
    }

    @Override
    public void writeZeroes(long offset, long length, boolean mayUnmap) throws IOException {
        disk.writeZeroes(offset, length, mayUnmap);
    }

    @Override
    public void close() {
        disk.close();
    }
}
