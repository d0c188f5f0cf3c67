package io.vmm4j.devices.memory;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * The RAM of a guest, addressed by guest-physical byte address ({@code gpa}); never a device's window, so a hostile
 * descriptor cannot reach a register. All values are little-endian. A range may cross the chunks RAM is made of, but
 * not the holes between its regions.
 *
 * <p>Thread-safe in the way memory is: plain accesses race with the guest, so read what must not change once and use
 * the copy. Only the methods named Acquire and Release order other accesses.
 */
public interface GuestMemory {

    /** Reads one byte, zero-extended. */
    int readU8(long gpa) throws GuestMemoryException;

    /** Reads two bytes, zero-extended; no alignment needed. */
    int readU16(long gpa) throws GuestMemoryException;

    /** Reads four bytes, zero-extended; no alignment needed. */
    long readU32(long gpa) throws GuestMemoryException;

    /** Reads eight bytes; unsigned, so compare with {@link Long#compareUnsigned}. No alignment needed. */
    long readU64(long gpa) throws GuestMemoryException;

    /** Writes the low byte of {@code value}. */
    void writeU8(long gpa, int value) throws GuestMemoryException;

    /** Writes the low two bytes of {@code value}; no alignment needed. */
    void writeU16(long gpa, int value) throws GuestMemoryException;

    /** Writes the low four bytes of {@code value}; no alignment needed. */
    void writeU32(long gpa, long value) throws GuestMemoryException;

    /** Writes eight bytes; no alignment needed. */
    void writeU64(long gpa, long value) throws GuestMemoryException;

    /** Reads two bytes with acquire order: pairs with the driver's release store. {@code gpa} is 2-byte aligned. */
    int readU16Acquire(long gpa) throws GuestMemoryException;

    /** Writes two bytes with release order: pairs with the driver's acquire load. {@code gpa} is 2-byte aligned. */
    void writeU16Release(long gpa, int value) throws GuestMemoryException;

    /** A full fence: no access before it moves after one behind it, stores before loads included. */
    void fullFence();

    /** Fills {@code dst} from its position to its limit with the bytes at {@code gpa}. */
    void read(long gpa, ByteBuffer dst) throws GuestMemoryException;

    /** Writes {@code src} from its position to its limit to {@code gpa}. */
    void write(long gpa, ByteBuffer src) throws GuestMemoryException;

    /**
     * Views of the RAM itself, in order, without a copy; together exactly {@code length} bytes, little-endian. They count as {@link #written}
     * now; who writes through them later says so again.
     *
     * @param gpa    first byte
     * @param length bytes, 0 or more; 0 gives an empty list
     */
    List<ByteBuffer> slices(long gpa, long length) throws GuestMemoryException;

    /**
     * Appends to {@code out} what {@link #slices} would return, without allocating once {@code out} is warm: the way to
     * reach buffers on a request path. {@code out} is unchanged when this throws.
     */
    void views(long gpa, long length, GuestViews out) throws GuestMemoryException;

    /**
     * Takes note that [gpa, gpa + length) has been written through views, or is about to be, for those who copy what has changed: a snapshot. Needed
     * for {@link #views} only, and for none of a {@link io.vmm4j.devices.virtio.queue.DescriptorChain}, whose queue does it. Never throws.
     */
    default void written(long gpa, long length) {
        // A memory that nobody takes a snapshot of.
    }

    /** True when all of [gpa, gpa + length) is RAM; {@code length} is unsigned. Never throws. */
    boolean contains(long gpa, long length);
}
