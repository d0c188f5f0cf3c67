package io.vmm4j.devices.virtio.blk;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The host's side of one queue of a block device: begins operations, several at a time where it can, and reports the end
 * of each to its {@link Listener}, at once or later.
 *
 * <p>Confined to the queue's loop. Operations in flight have no order among them; each is known by a tag of the caller's,
 * 0 to {@link #depth()} - 1, that is not in flight. Ranges and lengths are as {@link BlkBackend} has them.
 */
public interface BlkIo extends AutoCloseable {

    /** What hears of the end of operations, on the queue's loop. */
    interface Listener {

        /**
         * An operation has ended. May come from within the call that began it, and may begin others.
         *
         * @param failure why it failed, or {@code null}: all of it is done
         */
        void done(int tag, IOException failure);

        /** Comes behind a run of {@link #done} that no call of the listener's caused: a moment for what is done once for many. */
        void settled();
    }

    /** Operations that may be in flight at a time, 1 or more. Constant. */
    int depth();

    /** Fills the first {@code count} views, each from its position to its limit, from byte {@code offset} on. */
    void read(int tag, ByteBuffer[] views, int count, long offset);

    /** Writes the first {@code count} views to byte {@code offset} and on. */
    void write(int tag, ByteBuffer[] views, int count, long offset);

    /** Makes stable what had been written, and reported so, when this is called. */
    void flush(int tag);

    /** Gives the space of a range back if it can; else does nothing. */
    void discard(int tag, long offset, long length);

    /** Makes a range read as zeroes; gives its space back if {@code mayUnmap} and it can. */
    void writeZeroes(int tag, long offset, long length, boolean mayUnmap);

    /** Has the host begin what it was asked for since the last call; until then it may wait for more. */
    void submit();

    /**
     * Waits until nothing is in flight, what the listener begins meanwhile included; the end of each is reported. From
     * then on no memory of a view is touched any more.
     */
    void drain();

    /** Gives the host's resources back; nothing is in flight. On the loop, or once it has ended. A second call does nothing. */
    @Override
    void close();
}
