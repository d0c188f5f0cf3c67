package io.vmm4j.core.block.qcow2;

import io.vmm4j.core.block.Views;
import io.vmm4j.core.block.qcow2.Extent.Kind;
import io.vmm4j.devices.virtio.blk.BlkBackend;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Reads the clusters of a disk, wherever they are: in its file, compressed there, in the backing file, nowhere. Thread-safe. */
final class Clusters {

    private final Tables tables;
    private final ImageFile file;
    private final BlkBackend data;
    private final BlkBackend backing;
    private final long backingSize;
    private final int clusterBytes;
    private final ThreadLocal<Worker> workers;

    Clusters(Qcow2Image image, BlkBackend data) {
        this.tables = image.tables();
        this.file = image.file();
        this.data = data;
        this.backing = image.backing();
        this.backingSize = image.backingSize();
        this.clusterBytes = image.header().clusterBytes();
        this.workers = ThreadLocal.withInitial(() -> new Worker(new CompressedClusters(image.file(), image.header())));
    }

    Worker worker() {
        return workers.get();
    }

    /** What the disk has from {@code at} on; the caller has the lock. */
    void find(long at, long most, Extent found) throws IOException {
        tables.map.find(at, most, found);
        if (found.kind == Kind.ABSENT && at < backingSize) {
            found.length = Math.min(found.length, backingSize - at);
        }
    }

    /** Whether an extent at {@code at}, as {@link #find} had it, reads as zeros. */
    boolean isZero(Extent extent, long at) {
        return extent.readsAsZeros(at < backingSize);
    }

    /** Whether an extent is where the backend of the file can have all of it. */
    boolean isPlain(Extent extent) {
        return extent.isInFile() && extent.offset + extent.length <= file.length();
    }

    /** Finds what is at {@code at}, and begins to move data of it. */
    private int begin(long at, long most, Extent found) throws IOException {
        tables.lock.lock();
        try {
            find(at, most, found);
            return tables.enter();
        } finally {
            tables.lock.unlock();
        }
    }

    /** As {@link Qcow2Backend#enterPlain}. */
    int enterPlain(long at, long length, boolean writes, Extent found) throws IOException {
        tables.lock.lock();
        try {
            tables.map.find(at, length, found);
            boolean isPlain = found.length == length && isPlain(found)
                    && (!writes || found.kind == Kind.DATA && tables.isForData(found.offset, length) && !tables.isDamaged());
            return isPlain ? tables.enter() : -1;
        } finally {
            tables.lock.unlock();
        }
    }

    void read(ByteBuffer[] views, int count, long offset, long length) throws IOException {
        Worker worker = workers.get();
        int epoch = begin(offset, length, worker.extent);
        try {
            if (worker.extent.length == length) {
                move(worker, worker.extent, offset, views, count);
                return;
            }
        } finally {
            tables.leave(epoch);
        }
        worker.window.begin(views, count);
        try {
            long at = offset;
            while (at < offset + length) {
                epoch = begin(at, offset + length - at, worker.extent);
                try {
                    ByteBuffer[] piece = worker.window.take(worker.extent.length);
                    move(worker, worker.extent, at, piece, worker.window.count());
                    worker.window.taken();
                } finally {
                    tables.leave(epoch);
                }
                at += worker.extent.length;
            }
        } finally {
            worker.window.end();
        }
    }

    /** Fills {@code target} with what the disk has from {@code at} on, while a request of the same thread is in work. */
    void readOld(Worker worker, ByteBuffer target, long at) throws IOException {
        int end = target.limit();
        int start = target.position();
        for (int done = start; done < end; ) {
            int epoch = begin(at + done - start, end - done, worker.old);
            try {
                target.limit(done + (int) worker.old.length).position(done);
                worker.one[0] = target;
                move(worker, worker.old, at + done - start, worker.one, 1);
            } finally {
                tables.leave(epoch);
            }
            done += (int) worker.old.length;
        }
        target.limit(end).position(start);
    }

    private void move(Worker worker, Extent extent, long at, ByteBuffer[] views, int count) throws IOException {
        switch (extent.kind) {
            case DATA, SHARED -> {
                if (isPlain(extent)) {
                    data.read(views, count, extent.offset);
                } else {
                    readPastEnd(views, count, extent.offset);
                }
            }
            case ABSENT -> {
                if (at < backingSize) {
                    backing.read(views, count, at);
                } else {
                    Views.zero(views, count);
                }
            }
            case COMPRESSED -> unpack(worker.compressed.read(extent.entry), (int) (at & clusterBytes - 1), views, count);
            default -> Views.zero(views, count);
        }
    }

    /** The last cluster of a file may be there in part. */
    private void readPastEnd(ByteBuffer[] views, int count, long offset) throws IOException {
        long at = offset;
        for (int i = 0; i < count; i++) {
            int length = views[i].remaining();
            file.read(views[i], at);
            at += length;
        }
    }

    private static void unpack(byte[] cluster, int offset, ByteBuffer[] views, int count) {
        int at = offset;
        for (int i = 0; i < count; i++) {
            int length = views[i].remaining();
            views[i].put(cluster, at, length);
            at += length;
        }
    }
}
