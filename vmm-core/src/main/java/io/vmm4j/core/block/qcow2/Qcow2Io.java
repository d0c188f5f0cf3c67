package io.vmm4j.core.block.qcow2;

import io.vmm4j.core.block.Views;
import io.vmm4j.devices.virtio.blk.BlkIo;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * One queue of an image: what lies in the file in one piece goes to the file's own engine, which may have many such requests in flight; all else
 * is carried out here and now. Confined to the queue's loop.
 */
final class Qcow2Io implements BlkIo, BlkIo.Listener {

    private static final int NONE = -1;

    private final Qcow2Backend backend;
    private final Listener listener;
    private BlkIo inner;
    /** By tag: what is to be given back when the engine has done with it. */
    private int[] epochs;
    /** By tag of a flush: what the tables are to be told when it is done, or 0. */
    private long[] unlinked;
    private final Extent extent = new Extent();

    private Qcow2Io(Qcow2Backend backend, Listener listener) {
        this.backend = backend;
        this.listener = listener;
    }

    static Qcow2Io open(Qcow2Backend backend, int queue, Listener listener) throws IOException {
        Qcow2Io io = new Qcow2Io(backend, listener);
        io.inner = backend.data().openQueue(queue, io);
        io.epochs = new int[io.inner.depth()];
        io.unlinked = new long[io.inner.depth()];
        return io;
    }

    @Override
    public int depth() {
        return inner.depth();
    }

    @Override
    public void read(int tag, ByteBuffer[] views, int count, long offset) {
        long length = Views.remaining(views, 0, count);
        try {
            int epoch = backend.enterPlain(offset, length, false, extent);
            if (epoch != NONE) {
                epochs[tag] = epoch;
                inner.read(tag, views, count, extent.offset);
                return;
            }
            backend.read(views, count, offset);
        } catch (IOException e) {
            listener.done(tag, e);
            return;
        }
        listener.done(tag, null);
    }

    @Override
    public void write(int tag, ByteBuffer[] views, int count, long offset) {
        long length = Views.remaining(views, 0, count);
        try {
            int epoch = backend.enterPlain(offset, length, true, extent);
            if (epoch != NONE) {
                epochs[tag] = epoch;
                inner.write(tag, views, count, extent.offset);
                return;
            }
            backend.write(views, count, offset);
        } catch (IOException e) {
            listener.done(tag, e);
            return;
        }
        listener.done(tag, null);
    }

    @Override
    public void flush(int tag) {
        epochs[tag] = NONE;
        if (!backend.isReadOnly()) {
            try {
                unlinked[tag] = backend.writeTables();
            } catch (IOException e) {
                listener.done(tag, e);
                return;
            }
        }
        inner.flush(tag);
    }

    @Override
    public void discard(int tag, long offset, long length) {
        IOException failure = null;
        try {
            if (backend.canDiscard()) {
                backend.discard(offset, length);
            }
        } catch (IOException e) {
            failure = e;
        }
        listener.done(tag, failure);
    }

    @Override
    public void writeZeroes(int tag, long offset, long length, boolean mayUnmap) {
        IOException failure = null;
        try {
            backend.writeZeroes(offset, length, mayUnmap);
        } catch (IOException e) {
            failure = e;
        }
        listener.done(tag, failure);
    }

    /** The engine has done with a request. */
    @Override
    public void done(int tag, IOException failure) {
        int epoch = epochs[tag];
        epochs[tag] = NONE;
        IOException outcome = failure;
        long since = unlinked[tag];
        unlinked[tag] = 0;
        if (epoch >= 0) {
            backend.leave(epoch);
        } else if (since != 0 && failure == null) {
            try {
                backend.unlinkedIsSynced(since);
            } catch (IOException e) {
                outcome = e;
            }
        }
        listener.done(tag, outcome);
    }

    @Override
    public void settled() {
        listener.settled();
    }

    @Override
    public void submit() {
        inner.submit();
    }

    @Override
    public void drain() {
        inner.drain();
    }

    @Override
    public void close() {
        inner.close();
    }
}
