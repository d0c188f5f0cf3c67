package io.vmm4j.core.snapshot.file;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/** The checksums of a memory file as its used pages are gone through in order; see {@link MemoryTable}. Confined to one thread. */
final class ChunkSums {

    private static final int PAGES_OF_CHUNK = MemoryTable.CHUNK / PageSet.PAGE_SIZE;
    private static final ByteBuffer ZEROS = ByteBuffer.allocateDirect(PageSet.PAGE_SIZE).asReadOnlyBuffer();

    private final CRC32C sum = new CRC32C();
    private final ByteBuffer number = ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    private final ByteBuffer zeros = ZEROS.duplicate();

    /** Whether the page from {@code at} of {@code bytes} on is all zeros. */
    boolean isZero(ByteBuffer bytes, int at) {
        // Nearly every page that is used differs in its first bytes or not before the comparison is worth its start.
        if (bytes.getLong(at) != 0) {
            return false;
        }
        int position = bytes.position();
        int limit = bytes.limit();
        bytes.limit(at + PageSet.PAGE_SIZE).position(at);
        boolean isZero = bytes.mismatch(zeros.clear()) < 0;
        bytes.limit(limit).position(position);
        return isZero;
    }

    /** Adds the page of number {@code page} in the file, whose bytes are from {@code at} of {@code bytes} on. */
    void add(long page, ByteBuffer bytes, int at) {
        number.clear().putInt((int) (page % PAGES_OF_CHUNK)).flip();
        sum.update(number);
        update(sum, bytes, at);
    }

    /** The checksum of what was added since the last call. */
    int takeSum() {
        int value = (int) sum.getValue();
        sum.reset();
        return value;
    }

    /** The CRC-32C of one page. */
    static int ofPage(ByteBuffer bytes, int at) {
        CRC32C sum = new CRC32C();
        update(sum, bytes, at);
        return (int) sum.getValue();
    }

    private static void update(CRC32C sum, ByteBuffer bytes, int at) {
        int position = bytes.position();
        int limit = bytes.limit();
        bytes.limit(at + PageSet.PAGE_SIZE).position(at);
        sum.update(bytes);
        bytes.limit(limit).position(position);
    }
}
