package io.vmm4j.devices.testing;

import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.memory.GuestMemoryException;
import io.vmm4j.devices.memory.GuestViews;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.Function;

/**
 * Guest RAM that can be closed: an access while it is closed throws {@link AssertionError}. Shows that a device leaves the
 * guest's memory to its event loop, and alone once it is reset. Confined to one thread.
 */
public final class GuardedMemory implements GuestMemory {

    private final GuestMemory memory;
    private final Function<String, AssertionError> fault;
    /** Why accesses are wrong now, or null. */
    private String closedBecause;

    /** @param memory does the work */
    public GuardedMemory(GuestMemory memory) {
        this(memory, AssertionError::new);
    }

    /**
     * @param memory does the work
     * @param fault  makes what a wrong access throws
     */
    GuardedMemory(GuestMemory memory, Function<String, AssertionError> fault) {
        this.memory = memory;
        this.fault = fault;
    }

    /** Forbids accesses from here on. */
    public void close(String because) {
        closedBecause = because;
    }

    /** Allows accesses again. */
    public void open() {
        closedBecause = null;
    }

    private GuestMemory open(String access, long gpa) {
        if (closedBecause != null) {
            throw fault.apply(access + " of guest memory at 0x" + Long.toHexString(gpa) + ": " + closedBecause);
        }
        return memory;
    }

    @Override
    public int readU8(long gpa) throws GuestMemoryException {
        return open("read", gpa).readU8(gpa);
    }

    @Override
    public int readU16(long gpa) throws GuestMemoryException {
        return open("read", gpa).readU16(gpa);
    }

    @Override
    public long readU32(long gpa) throws GuestMemoryException {
        return open("read", gpa).readU32(gpa);
    }

    @Override
    public long readU64(long gpa) throws GuestMemoryException {
        return open("read", gpa).readU64(gpa);
    }

    @Override
    public void writeU8(long gpa, int value) throws GuestMemoryException {
        open("write", gpa).writeU8(gpa, value);
    }

    @Override
    public void writeU16(long gpa, int value) throws GuestMemoryException {
        open("write", gpa).writeU16(gpa, value);
    }

    @Override
    public void writeU32(long gpa, long value) throws GuestMemoryException {
        open("write", gpa).writeU32(gpa, value);
    }

    @Override
    public void writeU64(long gpa, long value) throws GuestMemoryException {
        open("write", gpa).writeU64(gpa, value);
    }

    @Override
    public int readU16Acquire(long gpa) throws GuestMemoryException {
        return open("read", gpa).readU16Acquire(gpa);
    }

    @Override
    public void writeU16Release(long gpa, int value) throws GuestMemoryException {
        open("write", gpa).writeU16Release(gpa, value);
    }

    @Override
    public void fullFence() {
        memory.fullFence();
    }

    @Override
    public void read(long gpa, ByteBuffer dst) throws GuestMemoryException {
        open("read", gpa).read(gpa, dst);
    }

    @Override
    public void write(long gpa, ByteBuffer src) throws GuestMemoryException {
        open("write", gpa).write(gpa, src);
    }

    @Override
    public List<ByteBuffer> slices(long gpa, long length) throws GuestMemoryException {
        return open("view", gpa).slices(gpa, length);
    }

    @Override
    public void written(long gpa, long length) {
        memory.written(gpa, length);
    }

    @Override
    public void views(long gpa, long length, GuestViews out) throws GuestMemoryException {
        open("view", gpa).views(gpa, length, out);
    }

    /** Answers also while closed: it touches no memory. */
    @Override
    public boolean contains(long gpa, long length) {
        return memory.contains(gpa, length);
    }

    @Override
    public String toString() {
        return "the memory";
    }
}
