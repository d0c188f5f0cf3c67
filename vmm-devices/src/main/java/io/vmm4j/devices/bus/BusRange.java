package io.vmm4j.devices.bus;

/**
 * A range of bus addresses, [base, base + length). Addresses are unsigned 64-bit numbers; a range never wraps past the
 * last one.
 *
 * @param base   first address, unsigned
 * @param length bytes, 1 or more
 */
public record BusRange(long base, long length) {

    /** Refuses an empty range and one that wraps. */
    public BusRange {
        if (length <= 0) {
            throw new IllegalArgumentException("a bus range needs a length of 1 or more, not " + length);
        }
        if (Long.compareUnsigned(base + (length - 1), base) < 0) {
            throw new IllegalArgumentException(
                "0x" + Long.toHexString(length) + " bytes at 0x" + Long.toHexString(base) + " wrap past the last address");
        }
    }

    /** The last address of the range, unsigned. */
    public long last() {
        return base + (length - 1);
    }

    /** True when all of the {@code width} bytes (1 or more) at {@code address} lie in this range. Never overflows. */
    public boolean contains(long address, long width) {
        long offset = address - base;
        return width > 0 && Long.compareUnsigned(offset, length) < 0 && Long.compareUnsigned(width, length - offset) <= 0;
    }

    /** True when the two ranges share an address. */
    public boolean overlaps(BusRange other) {
        return Long.compareUnsigned(base, other.last()) <= 0 && Long.compareUnsigned(other.base, last()) <= 0;
    }

    /** First and last address in hex, as in {@code 0x3f8..0x3ff}. */
    @Override
    public String toString() {
        return "0x" + Long.toHexString(base) + "..0x" + Long.toHexString(last());
    }
}
