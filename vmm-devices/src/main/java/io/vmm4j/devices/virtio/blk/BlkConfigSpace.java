package io.vmm4j.devices.virtio.blk;

import io.vmm4j.devices.virtio.ByteConfigSpace;
import io.vmm4j.devices.virtio.ConfigSpace;

/**
 * struct virtio_blk_config, virtio 1.2 section 5.2.4. Thread-safe.
 */
final class BlkConfigSpace implements ConfigSpace {

    private final ByteConfigSpace bytes = new ByteConfigSpace(BlkConstants.CONFIG_LENGTH);
    private volatile long capacitySectors;
    private volatile boolean writeback;

    BlkConfigSpace(BlkConfig config, int queues, boolean canDiscard) {
        // Header and status take two descriptors of the longest chain.
        bytes.put(BlkConstants.CONFIG_SEG_MAX, 4, config.queueSize() - 2L);
        bytes.put(BlkConstants.CONFIG_BLK_SIZE, 4, config.logicalBlockSize());
        int blocksPerPhysical = config.physicalBlockSize() / config.logicalBlockSize();
        bytes.put(BlkConstants.CONFIG_PHYSICAL_BLOCK_EXP, 1, Integer.numberOfTrailingZeros(blocksPerPhysical));
        bytes.put(BlkConstants.CONFIG_MIN_IO_SIZE, 2, blocksPerPhysical);
        bytes.put(BlkConstants.CONFIG_OPT_IO_SIZE, 4, 0);
        bytes.put(BlkConstants.CONFIG_NUM_QUEUES, 2, queues);
        if (canDiscard) {
            bytes.put(BlkConstants.CONFIG_MAX_DISCARD_SECTORS, 4, BlkConstants.MAX_DISCARD_SECTORS);
            bytes.put(BlkConstants.CONFIG_MAX_DISCARD_SEG, 4, BlkConstants.MAX_DISCARD_SEGMENTS);
            bytes.put(BlkConstants.CONFIG_DISCARD_SECTOR_ALIGNMENT, 4, config.physicalBlockSize() / BlkConstants.SECTOR_SIZE);
            bytes.put(BlkConstants.CONFIG_WRITE_ZEROES_MAY_UNMAP, 1, 1);
        }
        bytes.put(BlkConstants.CONFIG_MAX_WRITE_ZEROES_SECTORS, 4, BlkConstants.MAX_WRITE_ZEROES_SECTORS);
        bytes.put(BlkConstants.CONFIG_MAX_WRITE_ZEROES_SEG, 4, BlkConstants.MAX_WRITE_ZEROES_SEGMENTS);
        if (config.cacheType() == CacheType.WRITEBACK) {
            bytes.guestWritable(BlkConstants.CONFIG_WRITEBACK, 1);
            setWriteback(true);
        }
    }

    @Override
    public long read(long offset, int width) {
        return bytes.read(offset, width);
    }

    @Override
    public void write(long offset, int width, long value) {
        bytes.write(offset, width, value);
        writeback = bytes.read(BlkConstants.CONFIG_WRITEBACK, 1) != 0;
    }

    @Override
    public int generation() {
        return bytes.generation();
    }

    /** Sets the capacity; returns whether it was another one before. */
    boolean setCapacitySectors(long sectors) {
        capacitySectors = sectors;
        return bytes.put(BlkConstants.CONFIG_CAPACITY, 8, sectors);
    }

    /** Sectors of 512 bytes. */
    long capacitySectors() {
        return capacitySectors;
    }

    void setWriteback(boolean value) {
        bytes.put(BlkConstants.CONFIG_WRITEBACK, 1, value ? 1 : 0);
        writeback = value;
    }

    boolean isWriteback() {
        return writeback;
    }
}
