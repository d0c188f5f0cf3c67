package io.vmm4j.core.format;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * Bytes at a place in a file that tell its format.
 *
 * @param place  where they are
 * @param offset from there, in bytes
 * @param bytes  what they are
 */
record Magic(Place place, int offset, byte[] bytes) {

    enum Place {
        /** From the file's first byte on. */
        HEAD,
        /** Among the file's last {@value FileFormat#TAIL_BYTES} bytes, or all of a shorter file. */
        TAIL
    }

    /** At the beginning: a character a byte. */
    static Magic start(String latin1) {
        return at(0, latin1);
    }

    static Magic at(int offset, String latin1) {
        return new Magic(Place.HEAD, offset, latin1.getBytes(StandardCharsets.ISO_8859_1));
    }

    static Magic hex(int offset, String digits) {
        return new Magic(Place.HEAD, offset, HexFormat.of().parseHex(digits));
    }

    /** At {@code back} bytes before the end. */
    static Magic beforeEnd(int back, String latin1) {
        return new Magic(Place.TAIL, FileFormat.TAIL_BYTES - back, latin1.getBytes(StandardCharsets.ISO_8859_1));
    }

    boolean isIn(byte[] head, byte[] tail) {
        byte[] where = place == Place.HEAD ? head : tail;
        int from = place == Place.HEAD ? offset : offset - (FileFormat.TAIL_BYTES - tail.length);
        return from >= 0 && from + bytes.length <= where.length
                && Arrays.equals(where, from, from + bytes.length, bytes, 0, bytes.length);
    }
}
