package io.vmm4j.devices.testing;

import io.vmm4j.devices.memory.BufferGuestMemory;
import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.memory.MemoryRegion;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Makes guest RAM for tests, small and in small chunks, and puts bytes in and out of it. */
public final class GuestRam {

    private GuestRam() {
    }

    /** RAM of {@code length} bytes from address 0 in chunks of 4 KiB, so that larger buffers cross borders. */
    public static BufferGuestMemory of(int length) {
        return new BufferGuestMemory(List.of(region(0, length, 4096)));
    }

    /** A region of zeroes in chunks of {@code chunkSize} bytes, a power of two. */
    public static MemoryRegion region(long gpa, int length, int chunkSize) {
        ByteBuffer whole = ByteBuffer.allocateDirect(length);
        List<ByteBuffer> chunks = new ArrayList<>();
        for (int done = 0; done < length; done += chunkSize) {
            chunks.add(whole.slice(done, Math.min(chunkSize, length - done)));
        }
        return new MemoryRegion(gpa, chunks, chunkSize);
    }

    /** Writes {@code bytes} at {@code gpa}. */
    public static void put(GuestMemory memory, long gpa, byte[] bytes) {
        KnownRam.change(() -> memory.write(gpa, ByteBuffer.wrap(bytes)));
    }

    /** Writes {@code text} at {@code gpa} as ASCII. */
    public static void put(GuestMemory memory, long gpa, String text) {
        put(memory, gpa, text.getBytes(StandardCharsets.US_ASCII));
    }

    /** Reads {@code length} bytes at {@code gpa}. */
    public static byte[] get(GuestMemory memory, long gpa, int length) {
        ByteBuffer bytes = ByteBuffer.allocate(length);
        KnownRam.change(() -> memory.read(gpa, bytes));
        return bytes.array();
    }
}
