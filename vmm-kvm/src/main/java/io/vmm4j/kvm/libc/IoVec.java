package io.vmm4j.kvm.libc;

import java.nio.ByteBuffer;

/**
 * A reusable array of {@code struct iovec} (base address, length) for the scatter and gather calls. Adding allocates
 * nothing. The caller keeps the buffers behind the addresses reachable. Confined to one thread at a time.
 */
public final class IoVec {
    /** The kernel's bound on one call, UIO_MAXIOV. */
    public static final int MAX_CAPACITY = 1024;

    private static final int ENTRY_SIZE = 16;
    private static final int LENGTH = 8;
    private static final int KNOWN = 8;

    private final NativeStruct array;
    private final int capacity;
    /**
     * The buffers that the first places were filled with last, and the addresses of their byte 0: whoever fills the vector again and again does
     * so with the same few objects, and asking for an address takes a native call.
     */
    private final ByteBuffer[] known;
    private final long[] knownAddresses;
    private int count;
    private long totalLength;

    /**
     * @param capacity pieces it can hold, 1 to {@link #MAX_CAPACITY}
     */
    public IoVec(int capacity) {
        if (capacity < 1 || capacity > MAX_CAPACITY) {
            throw new IllegalArgumentException("iovec capacity " + capacity + " is not in 1.." + MAX_CAPACITY);
        }
        this.capacity = capacity;
        this.array = NativeStruct.allocate(capacity * ENTRY_SIZE);
        this.known = new ByteBuffer[Math.min(capacity, KNOWN)];
        this.knownAddresses = new long[known.length];
    }

    /** Empties it. */
    public void clear() {
        count = 0;
        totalLength = 0;
    }

    /**
     * Appends a piece of memory.
     *
     * @throws IllegalStateException when it is full
     */
    public void add(long address, long length) {
        if (count == capacity) {
            throw new IllegalStateException("iovec is full at " + capacity + " pieces");
        }
        array.bytes().putLong(count * ENTRY_SIZE, address).putLong(count * ENTRY_SIZE + LENGTH, length);
        count++;
        totalLength += length;
    }

    /** Appends what a direct buffer has between position and limit; does not move the position. */
    public void add(ByteBuffer direct) {
        add(addressOf(direct) + direct.position(), direct.remaining());
    }

    /** Appends what a direct buffer has at {@code [offset, offset + length)}, counted from its byte 0. */
    public void add(ByteBuffer direct, int offset, int length) {
        if (offset < 0 || length < 0 || offset > direct.limit() - length) {
            throw new IndexOutOfBoundsException("[" + offset + ", +" + length + ") exceeds " + direct);
        }
        add(addressOf(direct) + offset, length);
    }

    /** Of byte 0 of the buffer that goes to the next place. */
    private long addressOf(ByteBuffer direct) {
        if (count >= known.length) {
            return LibC.address(direct);
        }
        if (known[count] != direct) {
            knownAddresses[count] = LibC.address(direct);
            known[count] = direct;
        }
        return knownAddresses[count];
    }

    /** The number of pieces. */
    public int count() {
        return count;
    }

    /** How many pieces fit. */
    public int capacity() {
        return capacity;
    }

    /** The sum of the lengths in bytes. */
    public long totalLength() {
        return totalLength;
    }

    /**
     * Whether every piece begins and ends at a multiple of {@code alignment}, as O_DIRECT wants it.
     *
     * @param alignment a power of two
     */
    public boolean isAligned(int alignment) {
        long bits = 0;
        for (int i = 0; i < count; i++) {
            bits |= array.bytes().getLong(i * ENTRY_SIZE) | array.bytes().getLong(i * ENTRY_SIZE + LENGTH);
        }
        return (bits & alignment - 1) == 0;
    }

    /** Drops the first {@code bytes} bytes, which a short read or write has moved already. */
    public void skip(long bytes) {
        if (bytes < 0 || bytes > totalLength) {
            throw new IllegalArgumentException("cannot skip " + bytes + " of " + totalLength + " bytes");
        }
        ByteBuffer b = array.bytes();
        long left = bytes;
        int first = 0;
        while (first < count && left >= b.getLong(first * ENTRY_SIZE + LENGTH)) {
            left -= b.getLong(first * ENTRY_SIZE + LENGTH);
            first++;
        }
        for (int i = first; i < count; i++) {
            long used = i == first ? left : 0;
            b.putLong((i - first) * ENTRY_SIZE, b.getLong(i * ENTRY_SIZE) + used);
            b.putLong((i - first) * ENTRY_SIZE + LENGTH, b.getLong(i * ENTRY_SIZE + LENGTH) - used);
        }
        count -= first;
        totalLength -= bytes;
    }

    /** The array; the calls of {@link Fd} pass its address and keep this object reachable. */
    long address() {
        return array.address();
    }
}
