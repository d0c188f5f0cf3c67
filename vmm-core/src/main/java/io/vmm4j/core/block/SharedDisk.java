package io.vmm4j.core.block;

import io.vmm4j.devices.virtio.blk.BlkBackend;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A disk that several overlays stand on: it is only read from now on, and closed with the last that has it. Thread-safe.
 */
public final class SharedDisk implements AutoCloseable {

    private final BlkBackend disk;
    private final AtomicBoolean isLetGo = new AtomicBoolean();
    /** Those that have the disk; 0 once it is closed. Guarded by this. */
    private int holders = 1;

    /** @param disk closed when this, and each {@link #lease}, has been */
    public SharedDisk(BlkBackend disk) {
        this.disk = disk;
    }

    /**
     * The disk for one more reader, who closes it.
     *
     * @throws IllegalStateException when it is closed
     */
    public synchronized BlkBackend lease() {
        if (holders == 0) {
            throw new IllegalStateException("the shared disk is closed");
        }
        holders++;
        return new Lease();
    }

    /** Lets the disk go when nobody has it any more. A second call does nothing. */
    @Override
    public void close() throws IOException {
        if (isLetGo.compareAndSet(false, true)) {
            leave();
        }
    }

    private void leave() throws IOException {
        synchronized (this) {
            holders--;
            if (holders > 0) {
                return;
            }
        }
        disk.close();
    }

    /** One reader's. */
    private final class Lease implements BlkBackend {

        private final AtomicBoolean isClosed = new AtomicBoolean();

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
            throw readOnly();
        }

        private IOException readOnly() {
            return new IOException("the disk is shared, and only read");
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
        public void discard(long offset, long length) throws IOException {
            throw readOnly();
        }

        @Override
        public void writeZeroes(long offset, long length, boolean mayUnmap) throws IOException {
            throw readOnly();
        }

        @Override
        public void close() throws IOException {
            if (isClosed.compareAndSet(false, true)) {
                leave();
            }
        }
    }
}
