package io.vmm4j.devices.virtio.blk;

import java.nio.ByteBuffer;

/**
 * The ranges of a DISCARD or WRITE_ZEROES, copied once from the driver's memory.
 *
 * <pre>
 * struct virtio_blk_discard_write_zeroes { le64 sector; le32 num_sectors; le32 flags; }
 * </pre>
 *
 * <p>Confined to the queue's thread.
 */
final class BlkSegments {

    private static final int SECTOR_COUNT = 8;
    private static final int FLAGS = 12;

    private final byte[] bytes = new byte[BlkConstants.MAX_DISCARD_SEGMENTS * BlkConstants.SEGMENT_SIZE];
    private int count;

    /** Copies the data of a request; it is whole segments, at most {@link BlkConstants#MAX_DISCARD_SEGMENTS}. */
    void copy(BlkRequest request) {
        int copied = 0;
        for (int i = 0; i < request.dataCount(); i++) {
            ByteBuffer view = request.data()[i];
            int part = view.remaining();
            view.get(bytes, copied, part);
            copied += part;
        }
        count = copied / BlkConstants.SEGMENT_SIZE;
    }

    int count() {
        return count;
    }

    /** First sector of segment {@code index}, unsigned. */
    long sector(int index) {
        return littleEndian(index * BlkConstants.SEGMENT_SIZE, 8);
    }

    /** Sectors in segment {@code index}, 0 to 2^32 - 1. */
    long sectors(int index) {
        return littleEndian(index * BlkConstants.SEGMENT_SIZE + SECTOR_COUNT, 4);
    }

    /** Flags of segment {@code index}. */
    long flags(int index) {
        return littleEndian(index * BlkConstants.SEGMENT_SIZE + FLAGS, 4);
    }

    private long littleEndian(int at, int width) {
        long value = 0;
        for (int i = 0; i < width; i++) {
            value |= (bytes[at + i] & 0xFFL) << 8 * i;
        }
        return value;
    }
}
