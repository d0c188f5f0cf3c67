package io.vmm4j.core.machine;

import io.vmm4j.core.layout.AddressMap;
import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.memory.GuestMemoryException;
import io.vmm4j.kvm.libc.HostRandom;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The VM generation id: 16 random bytes in guest memory that a guest compares with those it remembers, to find out that it
 * goes on in a copy of the machine it was.
 *
 * <p>Thread-safe.
 */
final class GenerationId {

    private static final int SIZE = 16;

    private final GuestMemory memory;
    /** The memory may go at any time from then on; guarded by this. */
    private boolean isClosed;

    GenerationId(GuestMemory memory) {
        this.memory = memory;
    }

    /**
     * Puts a new id in place.
     *
     * @throws IllegalStateException once closed
     */
    void renew() throws IOException {
        ByteBuffer id = ByteBuffer.allocateDirect(SIZE);
        HostRandom.fill(id);
        write(id.flip());
    }

    private synchronized void write(ByteBuffer id) {
        if (isClosed) {
            throw new IllegalStateException("a machine that has ended has no generation id");
        }
        try {
            memory.write(AddressMap.GENERATION_ID, id);
        } catch (GuestMemoryException e) {
            throw new IllegalStateException("a machine without a first MiB", e);
        }
    }

    /** Lets go of the memory: nothing is written to it any more. */
    synchronized void close() {
        isClosed = true;
    }
}
