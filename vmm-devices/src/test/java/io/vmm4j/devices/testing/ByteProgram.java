package io.vmm4j.devices.testing;

/**
 * A string of bytes read as choices: what a fuzzer turns and a regression keeps. Every string is a program; past its end
 * all choices are 0. Confined to one thread.
 */
public final class ByteProgram {

    private final byte[] bytes;
    private int at;

    /** @param bytes not copied */
    public ByteProgram(byte[] bytes) {
        this.bytes = bytes;
    }

    /** Whether there are choices left. */
    public boolean hasNext() {
        return at < bytes.length;
    }

    /** The next byte, 0 to 255. */
    public int u8() {
        return at < bytes.length ? bytes[at++] & 0xFF : 0;
    }

    /** The next two bytes, low one first, 0 to 65535. */
    public int u16() {
        int low = u8();
        return u8() << 8 | low;
    }

    /** The next four bytes, low one first, 0 to 2^32 - 1. */
    public long u32() {
        long low = u16();
        return (long) u16() << 16 | low;
    }

    /** The next eight bytes, low one first. */
    public long u64() {
        long low = u32();
        return u32() << 32 | low;
    }

    /** One of {@code bound} choices, 0 to {@code bound} - 1; {@code bound} is 1 to 256. */
    public int below(int bound) {
        return u8() % bound;
    }

    /** One bit. */
    public boolean flag() {
        return (u8() & 1) != 0;
    }

    /** One of {@code values}. */
    public int of(int... values) {
        return values[below(values.length)];
    }

    /** A number in few bytes, often a small one, a single bit or one at an edge. */
    public long number() {
        return switch (below(8)) {
            case 0 -> u16();
            case 1 -> u32();
            case 2 -> u64();
            case 3 -> 1L << below(Long.SIZE);
            case 4 -> -1L - u8();
            case 5 -> (1L << below(Long.SIZE)) - 1;
            default -> u8();
        };
    }

    /** The next {@code length} bytes. */
    public byte[] bytes(int length) {
        byte[] taken = new byte[length];
        int copied = Math.min(length, bytes.length - at);
        System.arraycopy(bytes, at, taken, 0, copied);
        at += copied;
        return taken;
    }
}
