package io.vmm4j.devices.memory;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Makes buffers of a device's own for what it copies from or to guest RAM, little-endian as that is. */
public final class LittleEndian {

    private LittleEndian() {
    }

    /** A zeroed buffer of {@code length} bytes on the heap. */
    public static ByteBuffer allocate(int length) {
        return ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** A zeroed direct buffer of {@code length} bytes, which system calls can reach. */
    public static ByteBuffer allocateDirect(int length) {
        return ByteBuffer.allocateDirect(length).order(ByteOrder.LITTLE_ENDIAN);
    }
}
