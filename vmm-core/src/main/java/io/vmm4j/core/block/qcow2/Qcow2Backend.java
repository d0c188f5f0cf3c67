package io.vmm4j.core.block.qcow2;

import io.vmm4j.core.block.Views;
import io.vmm4j.devices.virtio.blk.BlkBackend;
import io.vmm4j.devices.virtio.blk.BlkIo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * A qcow2 image as a block device's backend. A request for clusters that lie in the file in one piece is one look at the tables and one system
 * call, straight between the file and guest RAM.
 *
 * <p>Thread-safe: the tables have a lock, which is not held while data moves; only a flush after the tables have changed holds it while they
 * are written. Owns the image.
 */
final class Qcow2Backend implements BlkBackend {

    private final Qcow2Image image;
    private final Qcow2Header header;
    private final Tables tables;
    private final BlkBackend data;
    private final Clusters clusters;
    private final ClusterWriter writer;
    private final List<BlkIo> queues = new ArrayList<>();
    private boolean isClosed;

    /**
     * @param image open
     * @param data  reads and writes the image's file, and is closed with this
     */
    Qcow2Backend(Qcow2Image image, BlkBackend data) {
        this.image = image;
        this.header = image.header();
        this.tables = image.tables();
        this.data = data;
        this.clusters = new Clusters(image, data);
        this.writer = new ClusterWriter(image, data, clusters);
    }

    @Override
    public long capacity() {
        return header.size();
    }

    @Override
    public String id() {
        return data.id();
    }

    @Override
    public void read(ByteBuffer[] views, int count, long offset) throws IOException {
        long length = Views.remaining(views, 0, count);
        checkRange(offset, length);
        if (length > 0) {
            clusters.read(views, count, offset, length);
        }
    }

    @Override
    public void write(ByteBuffer[] views, int count, long offset) throws IOException {
        long length = Views.remaining(views, 0, count);
        checkChange(offset, length);
        if (length > 0) {
            writer.write(views, count, offset, length);
        }
    }

    @Override
    public void writeZeroes(long offset, long length, boolean mayUnmap) throws IOException {
        checkChange(offset, length);
        writer.zero(offset, length, mayUnmap);
    }

    @Override
    public boolean canDiscard() {
        return !image.isReadOnly();
    }

    /** Whole clusters become free; what they read as then is zeros where the format has a word for it. */
    @Override
    public void discard(long offset, long length) throws IOException {
        checkChange(offset, length);
        writer.discard(offset, length);
    }

    @Override
    public void flush() throws IOException {
        if (!image.isReadOnly()) {
            long unlinked = writeTables();
            data.flush();
            if (unlinked != 0) {
                unlinkedIsSynced(unlinked);
            }
        }
    }

    /** Writes the tables, in their order, but for the last sync; what {@link #unlinkedIsSynced} is to be told after that, 0 when it need not be. */
    long writeTables() throws IOException {
        tables.lock.lock();
        try {
            tables.writeBack();
            tables.freeWritten();
            return tables.unlinkedIsWritten();
        } catch (Qcow2Exception e) {
            tables.damaged();
            throw e;
        } finally {
            tables.lock.unlock();
        }
    }

    /**
     * Finds out whether a request may go to the file as it is, where {@code found} tells, and if so begins to move its data.
     *
     * @return for {@link #leave}; -1 when it may not
     */
    int enterPlain(long offset, long length, boolean writes, Extent found) throws IOException {
        if (writes) {
            checkChange(offset, length);
        } else {
            checkRange(offset, length);
        }
        return length == 0 ? -1 : clusters.enterPlain(offset, length, writes, found);
    }

    void leave(int epoch) {
        tables.leave(epoch);
    }

    /** The file was synced after {@link #writeTables} had said {@code since}. */
    void unlinkedIsSynced(long since) throws IOException {
        writer.unlinkedIsSynced(since);
    }

    BlkBackend data() {
        return data;
    }

    boolean isReadOnly() {
        return image.isReadOnly();
    }

    @Override
    public synchronized BlkIo openQueue(int queue, BlkIo.Listener listener) throws IOException {
        BlkIo io = Qcow2Io.open(this, queue, listener);
        queues.add(io);
        return io;
    }

    private void checkRange(long offset, long length) throws IOException {
        if (offset < 0 || length < 0 || offset > header.size() - length) {
            throw new IOException("bytes [" + offset + ", +" + length + ") are not within the " + header.size() + " of the disk");
        }
    }

    private void checkChange(long offset, long length) throws IOException {
        if (image.isReadOnly()) {
            throw new IOException("the image is open for reading only (EBADF)");
        }
        checkRange(offset, length);
    }

    /** The loops have ended, or their queues are closed. What is in flight yet, which nobody wants to hear of any more, ends before the last writes. */
    @Override
    public synchronized void close() throws IOException {
        if (isClosed) {
            return;
        }
        isClosed = true;
        try {
            queues.forEach(BlkIo::close);
            image.finish();
        } finally {
            try {
                data.close();
            } finally {
                image.close();
            }
        }
    }
}
