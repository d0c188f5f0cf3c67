package io.vmm4j.core.block.qcow2;

/** Where a zstd frame ends (RFC 8878, section 3.1.1): a compressed cluster is one, with anything behind it. */
final class ZstdFrame {

    private static final int MAGIC_AND_DESCRIPTOR = 5;
    private static final int SINGLE_SEGMENT = 1 << 5;
    private static final int CHECKSUM = 1 << 2;
    private static final int BLOCK_HEADER = 3;
    private static final int RLE = 1;

    private ZstdFrame() {
    }

    /** Bytes of the frame that {@code bytes} begin with; as many as there are when it does not end within them. */
    static int length(byte[] bytes) {
        if (bytes.length < MAGIC_AND_DESCRIPTOR) {
            return bytes.length;
        }
        int descriptor = bytes[MAGIC_AND_DESCRIPTOR - 1];
        boolean isSingle = (descriptor & SINGLE_SEGMENT) != 0;
        int dictionary = (1 << (descriptor & 3)) >> 1; // 0, 1, 2 or 4 bytes
        int sizeFlag = descriptor >> 6 & 3;
        int size = sizeFlag == 0 ? isSingle ? 1 : 0 : 1 << sizeFlag;
        int at = MAGIC_AND_DESCRIPTOR + (isSingle ? 0 : 1) + dictionary + size;
        boolean isLast = false;
        while (!isLast && at + BLOCK_HEADER <= bytes.length) {
            int header = bytes[at] & 0xFF | (bytes[at + 1] & 0xFF) << 8 | (bytes[at + 2] & 0xFF) << 16;
            isLast = (header & 1) != 0;
            at += BLOCK_HEADER + ((header >> 1 & 3) == RLE ? 1 : header >> 3);
        }
        return Math.min(bytes.length, at + ((descriptor & CHECKSUM) != 0 ? 4 : 0));
    }
}
