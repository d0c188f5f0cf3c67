package io.vmm4j.kvm;

import java.nio.ByteBuffer;

/** Reads and writes of single elements in the areas that KVM shares; allocates nothing. */
final class Elements {
    private Elements() {
    }

    /** The zero-extended little-endian value of 1, 2, 4 or 8 bytes. */
    static long get(ByteBuffer b, int offset, int width) {
        return switch (width) {
            case 1 -> Byte.toUnsignedLong(b.get(offset));
            case 2 -> Short.toUnsignedLong(b.getShort(offset));
            case 4 -> Integer.toUnsignedLong(b.getInt(offset));
            case 8 -> b.getLong(offset);
            default -> throw new IllegalArgumentException("width " + width);
        };
    }

    /** Stores the low 1, 2, 4 or 8 bytes of {@code value}, little-endian. */
    static void put(ByteBuffer b, int offset, int width, long value) {
        switch (width) {
            case 1 -> b.put(offset, (byte) value);
            case 2 -> b.putShort(offset, (short) value);
            case 4 -> b.putInt(offset, (int) value);
            case 8 -> b.putLong(offset, value);
            default -> throw new IllegalArgumentException("width " + width);
        }
    }

    /** One guest read of {@code length} bytes (1 to 8), in naturally sized pieces. */
    static void mmioRead(ByteBuffer b, int offset, long gpa, int length, VcpuExitHandler handler) {
        for (int done = 0; done < length; ) {
            int width = Integer.highestOneBit(length - done);
            put(b, offset + done, width, handler.mmioRead(gpa + done, width));
            done += width;
        }
    }

    /** One guest write of {@code length} bytes (1 to 8), in naturally sized pieces. */
    static void mmioWrite(ByteBuffer b, int offset, long gpa, int length, VcpuExitHandler handler) {
        for (int done = 0; done < length; ) {
            int width = Integer.highestOneBit(length - done);
            handler.mmioWrite(gpa + done, width, get(b, offset + done, width));
            done += width;
        }
    }
}
