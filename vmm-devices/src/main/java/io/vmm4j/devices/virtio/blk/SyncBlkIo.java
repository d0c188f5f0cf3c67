package io.vmm4j.devices.virtio.blk;

import java.io.IOException;
import java.nio.ByteBuffer;

/** One operation after the other, each within the call that asks for it. Confined to the queue's loop. */
final class SyncBlkIo implements BlkIo {

    private final BlkBackend backend;
    private final Listener listener;

    SyncBlkIo(BlkBackend backend, Listener listener) {
        this.backend = backend;
        this.listener = listener;
    }

    @Override
    public int depth() {
        return 1;
    }

    @Override
    public void read(int tag, ByteBuffer[] views, int count, long offset) {
        IOException failure = null;
        try {
            backend.read(views, count, offset);
        } catch (IOException e) {
            failure = e;
        }
        listener.done(tag, failure);
    }

    @Override
    public void write(int tag, ByteBuffer[] views, int count, long offset) {
        IOException failure = null;
        try {
            backend.write(views, count, offset);
        } catch (IOException e) {
            failure = e;
        }
        listener.done(tag, failure);
    }

    @Override
    public void flush(int tag) {
        IOException failure = null;
        try {
            backend.flush();
        } catch (IOException e) {
            failure = e;
        }
        listener.done(tag, failure);
    }

    @Override
    public void discard(int tag, long offset, long length) {
        IOException failure = null;
        try {
            // The driver may have been offered DISCARD for another disk, which this one has replaced. It is a hint.
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

    @Override
    public void submit() {
        // All has been done already.
    }

    @Override
    public void drain() {
        // Nothing is ever in flight between calls.
    }

    @Override
    public void close() {
        // The backend belongs to whoever opened it.
    }
}
