package io.vmm4j.core.block;

import io.vmm4j.devices.virtio.blk.BlkBackend;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A raw image as a block device's backend: one system call a request, straight between the image and guest RAM.
 *
 * <p>Thread-safe: each queue's thread has buffers of its own. Owns the image.
 */
public final class DiskBackend implements BlkBackend {

    private static final int ZEROES_LENGTH = 1 << 18;

    private final DiskFile file;
    private final ThreadLocal<Transfer> transfers;

    /** @param file closed with the backend */
    public DiskBackend(DiskFile file) {
        this.file = file;
        this.transfers = ThreadLocal.withInitial(() -> new Transfer(file));
    }

    @Override
    public long capacity() throws IOException {
        return file.size();
    }

    @Override
    public String id() {
        return file.id();
    }

    @Override
    public void read(ByteBuffer[] views, int count, long offset) throws IOException {
        transfers.get().read(views, count, offset);
    }

    @Override
    public void write(ByteBuffer[] views, int count, long offset) throws IOException {
        transfers.get().write(views, count, offset);
    }

    @Override
    public void flush() throws IOException {
        file.flush();
    }

    @Override
    public boolean canDiscard() {
        return file.canDiscard();
    }

    @Override
    public void discard(long offset, long length) throws IOException {
        file.discard(offset, length);
    }

    @Override
    public void writeZeroes(long offset, long length, boolean mayUnmap) throws IOException {
        if (length == 0 || file.zero(offset, length, mayUnmap)) {
            return;
        }
        ByteBuffer[] zeroes = {ByteBuffer.allocateDirect((int) Math.min(length, ZEROES_LENGTH))};
        for (long done = 0; done < length; done += zeroes[0].limit()) {
            zeroes[0].clear().limit((int) Math.min(length - done, zeroes[0].capacity()));
            write(zeroes, 1, offset + done);
        }
    }

    @Override
    public void close() {
        file.close();
    }
}
