package io.vmm4j.devices.virtio.blk;

/**
 * What is chosen about a block device, apart from its backend and its queues' loops.
 *
 * @param readOnly          whether writes are refused
 * @param cacheType         what FLUSH means
 * @param queueSize         largest size of each queue: a power of two from 4 to 1024
 * @param logicalBlockSize  bytes a guest reads and writes at least: a power of two from 512 to 65536
 * @param physicalBlockSize bytes below which the host does extra work: a power of two from {@code logicalBlockSize} to 65536
 */
public record BlkConfig(boolean readOnly, CacheType cacheType, int queueSize, int logicalBlockSize, int physicalBlockSize) {

    private static final int MIN_QUEUE_SIZE = 4;
    private static final int MAX_QUEUE_SIZE = 1024;
    private static final int DEFAULT_QUEUE_SIZE = 256;
    private static final int MAX_BLOCK_SIZE = 65536;

    /** @throws IllegalArgumentException when a bound above is broken */
    public BlkConfig {
        checkPowerOfTwo("queue size", queueSize, MIN_QUEUE_SIZE, MAX_QUEUE_SIZE);
        checkPowerOfTwo("logical block size", logicalBlockSize, BlkConstants.SECTOR_SIZE, MAX_BLOCK_SIZE);
        checkPowerOfTwo("physical block size", physicalBlockSize, logicalBlockSize, MAX_BLOCK_SIZE);
    }

    /** Queues of 256 and blocks of 512 bytes. */
    public BlkConfig(boolean readOnly, CacheType cacheType) {
        this(readOnly, cacheType, DEFAULT_QUEUE_SIZE, BlkConstants.SECTOR_SIZE, BlkConstants.SECTOR_SIZE);
    }

    private static void checkPowerOfTwo(String name, int value, int min, int max) {
        if (value < min || value > max || Integer.bitCount(value) != 1) {
            throw new IllegalArgumentException(name + " " + value + " is not a power of two from " + min + " to " + max);
        }
    }
}
