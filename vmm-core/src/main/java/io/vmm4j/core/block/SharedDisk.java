package io.vmm4j.core.block;

import io.vmm4j.devices.virtio.blk.BlkBackend;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A disk that several overlays stand on: it is only read from now on, and closed with the last that has it. One that was an overlay itself knows
 * what it stands on, so that many over one another can become one. Thread-safe.
 */
public final class SharedDisk implements AutoCloseable {

    private final Layer layer;
    private final AtomicBoolean isLetGo = new AtomicBoolean();

    /** @param disk closed when this, each {@link #share} and each {@link #lease}, has been */
    public SharedDisk(BlkBackend disk) {
        this(new Layer(disk, null));
    }

    private SharedDisk(Layer layer) {
        this.layer = layer;
    }

    /**
     * An overlay that nobody writes to any more.
     *
     * @param changes stands on a lease of {@code below}, and is closed as a disk is
     */
    static SharedDisk of(MemoryOverlay changes, SharedDisk below) {
        return new SharedDisk(new Layer(changes, below.layer));
    }

    /** The disk's bytes, and who has them. */
    private static final class Layer {

        private final BlkBackend disk;
        /** What {@link #disk} is an overlay over, or {@code null}; the overlay holds it. */
        private final Layer below;
        /** Those that have the disk; 0 once it is closed. Guarded by this. */
        private int holders = 1;

        Layer(BlkBackend disk, Layer below) {
            this.disk = disk;
            this.below = below;
        }

        synchronized void hold() {
            if (holders == 0) {
                throw new IllegalStateException("the shared disk is closed");
            }
            holders++;
        }

        void leave() throws IOException {
            synchronized (this) {
                holders--;
                if (holders > 0) {
                    return;
                }
            }
            disk.close();
        }
    }

    /**
     * The disk for one more reader, who closes it.
     *
     * @throws IllegalStateException when it is closed
     */
    public BlkBackend lease() {
        layer.hold();
        return new Lease(layer);
    }

    /**
     * The same for one more who shares it, and closes it.
     *
     * @throws IllegalStateException when it is closed
     */
    public SharedDisk share() {
        layer.hold();
        return new SharedDisk(layer);
    }

    /** Overlays over one another, this one included; 0 when it is none. */
    int depth() {
        int depth = 0;
        for (Layer at = layer; at.below != null; at = at.below) {
            depth++;
        }
        return depth;
    }

    /** What this overlay is over, shared once more. */
    SharedDisk below() {
        layer.below.hold();
        return new SharedDisk(layer.below);
    }

    /** What was written over {@link #below()}. */
    MemoryOverlay changes() {
        return (MemoryOverlay) layer.disk;
    }

    /** Lets the disk go when nobody has it any more. A second call does nothing. */
    @Override
    public void close() throws IOException {
        if (isLetGo.compareAndSet(false, true)) {
            layer.leave();
        }
    }

    /** Gives the disk back to who made this of it, and has not shared it: it stays open. */
    void giveBack() {
        isLetGo.set(true);
    }

    /** One reader's. */
    private static final class Lease implements BlkBackend {

        private final Layer layer;
        private final AtomicBoolean isClosed = new AtomicBoolean();

        Lease(Layer layer) {
            this.layer = layer;
        }

        @Override
        public long capacity() throws IOException {
            return layer.disk.capacity();
        }

        @Override
        public String id() {
            return layer.disk.id();
        }

        @Override
        public void read(ByteBuffer[] views, int count, long offset) throws IOException {
            layer.disk.read(views, count, offset);
        }

        @Override
        public void write(ByteBuffer[] views, int count, long offset) throws IOException {
            throw readOnly();
        }

        private static IOException readOnly() {
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
                layer.leave();
            }
        }
    }
}
