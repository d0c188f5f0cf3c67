package io.vmm4j.devices.virtio.blk;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The host's side of a block device: a row of bytes that can be read and written anywhere.
 *
 * <p>Thread-safe: each queue of the device calls from its own thread. Methods block until the operation is done. Ranges
 * lie within {@link #capacity()} as last asked for; an {@link IOException} becomes VIRTIO_BLK_S_IOERR in the guest.
 */
public interface BlkBackend extends AutoCloseable {

    /** Bytes in the device. May change while the device is in use. */
    long capacity() throws IOException;

    /** What identifies the device to GET_ID: ASCII, of which the first 20 bytes count. */
    String id();

    /**
     * Fills {@code views[0]} to {@code views[count - 1]}, each from its position to its limit, from byte {@code offset} on. All or an
     * exception; positions afterwards are undefined.
     */
    void read(ByteBuffer[] views, int count, long offset) throws IOException;

    /** Writes {@code views[0]} to {@code views[count - 1]}, each from its position to its limit, to byte {@code offset} and on. */
    void write(ByteBuffer[] views, int count, long offset) throws IOException;

    /** Returns once all that was written before is on stable storage. */
    void flush() throws IOException;

    /** Whether {@link #discard} gives space back. Constant. */
    boolean canDiscard();

    /** Gives the space of a range back; what it reads as afterwards is undefined. Only called when {@link #canDiscard()}. */
    void discard(long offset, long length) throws IOException;

    /** Makes a range read as zeroes; gives its space back if {@code mayUnmap} and it can. */
    void writeZeroes(long offset, long length, boolean mayUnmap) throws IOException;

    /**
     * Opens the way to the disk for one queue of a device, on the loop of that queue or before the loop has begun. As it
     * is here, the queue carries one operation after the other out by the methods above.
     *
     * @param queue    number of the queue, from 0
     * @param listener hears of the end of operations
     * @throws IOException when the host refuses
     */
    default BlkIo openQueue(int queue, BlkIo.Listener listener) throws IOException {
        return new SyncBlkIo(this, listener);
    }

    /** Gives the host's resources back. A second call does nothing. */
    @Override
    void close() throws IOException;
}
