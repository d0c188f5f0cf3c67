package io.vmm4j.devices.testing;

import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.memory.GuestMemoryException;

/**
 * Guest RAM as the guest's side of a test reaches it: what is not RAM is the test's own mistake and throws
 * {@link IllegalArgumentException}.
 */
final class KnownRam {

    /** One access. */
    @FunctionalInterface
    private interface Access {
        long run() throws GuestMemoryException;
    }

    /** One change. */
    @FunctionalInterface
    interface Change {
        void run() throws GuestMemoryException;
    }

    private final GuestMemory memory;

    KnownRam(GuestMemory memory) {
        this.memory = memory;
    }

    private static long read(Access access) {
        try {
            return access.run();
        } catch (GuestMemoryException e) {
            throw new IllegalArgumentException(e);
        }
    }

    /** Runs {@code change}. */
    static void change(Change change) {
        try {
            change.run();
        } catch (GuestMemoryException e) {
            throw new IllegalArgumentException(e);
        }
    }

    int readU16(long gpa) {
        return (int) read(() -> memory.readU16(gpa));
    }

    int readU16Acquire(long gpa) {
        return (int) read(() -> memory.readU16Acquire(gpa));
    }

    long readU32(long gpa) {
        return read(() -> memory.readU32(gpa));
    }

    void writeU16(long gpa, int value) {
        change(() -> memory.writeU16(gpa, value));
    }

    void writeU16Release(long gpa, int value) {
        change(() -> memory.writeU16Release(gpa, value));
    }

    void writeU32(long gpa, long value) {
        change(() -> memory.writeU32(gpa, value));
    }

    void writeU64(long gpa, long value) {
        change(() -> memory.writeU64(gpa, value));
    }

    void fullFence() {
        memory.fullFence();
    }
}
