package io.vmm4j.core.boot;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/**
 * A table for the guest while it grows: little-endian, packed, written front to back, with earlier fields patched once
 * they are known. Not synchronized.
 */
public final class TableBytes {

    private static final int BYTE_MASK = 0xFF;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    /** Appends the low byte of {@code value}. */
    public TableBytes u8(int value) {
        out.write(value);
        return this;
    }

    /** Appends the low two bytes of {@code value}. */
    public TableBytes u16(int value) {
        return integer(value, Short.BYTES);
    }

    /** Appends the low four bytes of {@code value}. */
    public TableBytes u32(long value) {
        return integer(value, Integer.BYTES);
    }

    /** Appends eight bytes. */
    public TableBytes u64(long value) {
        return integer(value, Long.BYTES);
    }

    /** Appends {@code count} zero bytes. */
    public TableBytes zeros(int count) {
        return bytes(new byte[count]);
    }

    /** Appends {@code bytes}. */
    public TableBytes bytes(byte[] bytes) {
        out.writeBytes(bytes);
        return this;
    }

    /** Appends {@code text} in ASCII, filled with {@code fill} to {@code length} bytes. */
    public TableBytes ascii(String text, int length, char fill) {
        if (text.length() > length) {
            throw new IllegalArgumentException("\"" + text + "\" is longer than " + length + " bytes");
        }
        bytes(text.getBytes(StandardCharsets.US_ASCII));
        for (int i = text.length(); i < length; i++) {
            u8(fill);
        }
        return this;
    }

    /** Appends zeros until the table is {@code length} bytes long. */
    public TableBytes padTo(int length) {
        return zeros(length - size());
    }

    /** Bytes so far. */
    public int size() {
        return out.size();
    }

    /** A copy of the table. */
    public byte[] toByteArray() {
        return out.toByteArray();
    }

    /**
     * A copy of the table whose byte at {@code offset} makes all bytes of [0, {@code length}) add up to 0 modulo 256.
     *
     * @param offset a byte that is 0 so far
     */
    public byte[] withChecksum(int offset, int length) {
        byte[] table = toByteArray();
        table[offset] = checksum(table, length);
        return table;
    }

    /** The byte that, added to the first {@code length} bytes, makes 0 modulo 256. */
    public static byte checksum(byte[] table, int length) {
        int sum = 0;
        for (int i = 0; i < length; i++) {
            sum += table[i] & BYTE_MASK;
        }
        return (byte) -sum;
    }

    private TableBytes integer(long value, int width) {
        for (int i = 0; i < width; i++) {
            out.write((int) (value >>> Byte.SIZE * i));
        }
        return this;
    }
}
