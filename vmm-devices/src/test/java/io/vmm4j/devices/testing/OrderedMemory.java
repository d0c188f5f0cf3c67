package io.vmm4j.devices.testing;

import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.memory.GuestMemoryException;
import io.vmm4j.devices.memory.GuestViews;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Guest RAM that writes down every access in order, to show that a device stores data before it publishes it. Writes through
 * {@link #slices} and {@link #views} are not seen; that they were handed out is. Confined to one thread.
 */
public final class OrderedMemory implements GuestMemory {

    /** What was done. */
    public enum Kind { READ, READ_ACQUIRE, WRITE, WRITE_RELEASE, FENCE, VIEW }

    /**
     * One access.
     *
     * @param kind  what was done
     * @param gpa   first byte; 0 for a fence
     * @param width bytes; 0 for a fence
     * @param value what a scalar access read or wrote, else 0
     */
    public record Access(Kind kind, long gpa, long width, long value) {
    }

    private final GuestMemory memory;
    private final List<Access> accesses = new ArrayList<>();

    /** @param memory does the work */
    public OrderedMemory(GuestMemory memory) {
        this.memory = memory;
    }

    /** The accesses since the last {@link #forget}, oldest first. */
    public List<Access> accesses() {
        return List.copyOf(accesses);
    }

    /** The stores since the last {@link #forget}, oldest first. */
    public List<Access> stores() {
        return accesses.stream().filter(access -> access.kind() == Kind.WRITE || access.kind() == Kind.WRITE_RELEASE).toList();
    }

    /** Starts anew. */
    public void forget() {
        accesses.clear();
    }

    private void note(Kind kind, long gpa, long width, long value) {
        accesses.add(new Access(kind, gpa, width, value));
    }

    private long noteRead(long gpa, int width, long value) {
        note(Kind.READ, gpa, width, value);
        return value;
    }

    @Override
    public int readU8(long gpa) throws GuestMemoryException {
        return (int) noteRead(gpa, 1, memory.readU8(gpa));
    }

    @Override
    public int readU16(long gpa) throws GuestMemoryException {
        return (int) noteRead(gpa, 2, memory.readU16(gpa));
    }

    @Override
    public long readU32(long gpa) throws GuestMemoryException {
        return noteRead(gpa, 4, memory.readU32(gpa));
    }

    @Override
    public long readU64(long gpa) throws GuestMemoryException {
        return noteRead(gpa, 8, memory.readU64(gpa));
    }

    @Override
    public void writeU8(long gpa, int value) throws GuestMemoryException {
        memory.writeU8(gpa, value);
        note(Kind.WRITE, gpa, 1, value);
    }

    @Override
    public void writeU16(long gpa, int value) throws GuestMemoryException {
        memory.writeU16(gpa, value);
        note(Kind.WRITE, gpa, 2, value);
    }

    @Override
    public void writeU32(long gpa, long value) throws GuestMemoryException {
        memory.writeU32(gpa, value);
        note(Kind.WRITE, gpa, 4, value);
    }

    @Override
    public void writeU64(long gpa, long value) throws GuestMemoryException {
        memory.writeU64(gpa, value);
        note(Kind.WRITE, gpa, 8, value);
    }

    @Override
    public int readU16Acquire(long gpa) throws GuestMemoryException {
        int value = memory.readU16Acquire(gpa);
        note(Kind.READ_ACQUIRE, gpa, 2, value);
        return value;
    }

    @Override
    public void writeU16Release(long gpa, int value) throws GuestMemoryException {
        memory.writeU16Release(gpa, value);
        note(Kind.WRITE_RELEASE, gpa, 2, value);
    }

    @Override
    public void fullFence() {
        memory.fullFence();
        note(Kind.FENCE, 0, 0, 0);
    }

    @Override
    public void read(long gpa, ByteBuffer dst) throws GuestMemoryException {
        int length = dst.remaining();
        memory.read(gpa, dst);
        note(Kind.READ, gpa, length, 0);
    }

    @Override
    public void write(long gpa, ByteBuffer src) throws GuestMemoryException {
        int length = src.remaining();
        memory.write(gpa, src);
        note(Kind.WRITE, gpa, length, 0);
    }

    @Override
    public List<ByteBuffer> slices(long gpa, long length) throws GuestMemoryException {
        List<ByteBuffer> slices = memory.slices(gpa, length);
        note(Kind.VIEW, gpa, length, 0);
        return slices;
    }

    @Override
    public void written(long gpa, long length) {
        memory.written(gpa, length);
    }

    @Override
    public void views(long gpa, long length, GuestViews out) throws GuestMemoryException {
        memory.views(gpa, length, out);
        note(Kind.VIEW, gpa, length, 0);
    }

    @Override
    public boolean contains(long gpa, long length) {
        return memory.contains(gpa, length);
    }
}
