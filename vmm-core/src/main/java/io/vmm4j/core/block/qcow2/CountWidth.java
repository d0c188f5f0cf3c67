package io.vmm4j.core.block.qcow2;

import java.nio.ByteBuffer;

/**
 * How a block has its counts: of 2^order bits each, big-endian; of those that share a byte, the first is in the lowest bits.
 *
 * @param order refcount_order, 0 to 6
 */
record CountWidth(int order) {

    /** The count of {@code cluster}, whose byte in {@code slice} is {@code at}; unsigned. */
    long get(ByteBuffer slice, int at, long cluster) {
        return switch (order) {
            case 3 -> Byte.toUnsignedLong(slice.get(at));
            case 4 -> Short.toUnsignedLong(slice.getShort(at));
            case 5 -> Integer.toUnsignedLong(slice.getInt(at));
            case 6 -> slice.getLong(at);
            default -> slice.get(at) >>> shift(cluster) & (1 << (1 << order)) - 1;
        };
    }

    void put(ByteBuffer slice, int at, long cluster, long value) {
        switch (order) {
            case 3 -> slice.put(at, (byte) value);
            case 4 -> slice.putShort(at, (short) value);
            case 5 -> slice.putInt(at, (int) value);
            case 6 -> slice.putLong(at, value);
            default -> {
                int mask = (1 << (1 << order)) - 1 << shift(cluster);
                slice.put(at, (byte) (slice.get(at) & ~mask | (int) value << shift(cluster)));
            }
        }
    }

    private int shift(long cluster) {
        return (int) (cluster & (8 >> order) - 1) << order;
    }
}
