package io.vmm4j.devices.memory;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * A contiguous range of guest RAM and the host memory behind it, in chunks: a ByteBuffer ends at 2 GiB, so a large
 * region is a list of buffers, all {@code chunkSize} bytes long except the last, which may be shorter.
 *
 * @param gpa       guest-physical address of the first byte, a multiple of 8
 * @param chunks    direct buffers, 8-byte aligned; of each, bytes 0 to limit are RAM
 * @param chunkSize bytes in each chunk but the last: a power of two from 16 up
 */
public record MemoryRegion(long gpa, List<ByteBuffer> chunks, long chunkSize) {

    private static final int ALIGNMENT = 8;
    private static final long MIN_CHUNK_SIZE = 16;

    /** @throws IllegalArgumentException when a bound above is broken */
    public MemoryRegion {
        chunks = List.copyOf(chunks);
        if (gpa < 0 || gpa % ALIGNMENT != 0) {
            throw new IllegalArgumentException("region address 0x" + Long.toHexString(gpa) + " is not a multiple of " + ALIGNMENT + " below 2^63");
        }
        if (chunkSize < MIN_CHUNK_SIZE || Long.bitCount(chunkSize) != 1) {
            throw new IllegalArgumentException("chunk size " + chunkSize + " is not a power of two from " + MIN_CHUNK_SIZE + " up");
        }
        if (chunks.isEmpty()) {
            throw new IllegalArgumentException("region at 0x" + Long.toHexString(gpa) + " has no chunk");
        }
        for (int i = 0; i < chunks.size(); i++) {
            checkChunk(chunks.get(i), i, i == chunks.size() - 1, chunkSize);
        }
        if (gpa > Long.MAX_VALUE - lengthOf(chunks)) {
            throw new IllegalArgumentException("region at 0x" + Long.toHexString(gpa) + " reaches beyond 2^63");
        }
    }

    /** Makes a region of one chunk, for RAM below 2 GiB. */
    public static MemoryRegion of(long gpa, ByteBuffer ram) {
        return new MemoryRegion(gpa, List.of(ram), Math.max(MIN_CHUNK_SIZE, ceilPowerOfTwo(ram.limit())));
    }

    /** Bytes in the region. */
    public long length() {
        return lengthOf(chunks);
    }

    private static void checkChunk(ByteBuffer chunk, int index, boolean last, long chunkSize) {
        if (!chunk.isDirect()) {
            throw new IllegalArgumentException("chunk " + index + " is on the heap; guest RAM needs direct buffers");
        }
        if (chunk.alignmentOffset(0, ALIGNMENT) != 0) {
            throw new IllegalArgumentException("chunk " + index + " is not aligned to " + ALIGNMENT + " bytes");
        }
        int length = chunk.limit();
        boolean rightLength = last ? length > 0 && length <= chunkSize : length == chunkSize;
        if (!rightLength) {
            throw new IllegalArgumentException("chunk " + index + " has " + length + " bytes, chunk size is " + chunkSize);
        }
    }

    private static long lengthOf(List<ByteBuffer> chunks) {
        long length = 0;
        for (ByteBuffer chunk : chunks) {
            length += chunk.limit();
        }
        return length;
    }

    private static long ceilPowerOfTwo(int value) {
        return value <= 1 ? 1 : Long.highestOneBit(value - 1L) << 1;
    }
}
