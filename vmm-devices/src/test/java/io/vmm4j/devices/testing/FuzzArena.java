package io.vmm4j.devices.testing;

import io.vmm4j.devices.memory.BufferGuestMemory;
import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.testing.DriverQueue.Buffer;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/**
 * The RAM of a {@link FuzzDriver}: places for queues, indirect tables, buffers that the device reads and buffers that it
 * writes; a hole; and a little more RAM behind 4 GiB. Used again by each program, zeroed. Confined to one thread.
 */
final class FuzzArena {

    static final int MAX_QUEUES = 8;
    static final int QUEUES = 0x1000;
    static final int TABLES = QUEUES + MAX_QUEUES * FuzzQueue.STRIDE;
    static final int READABLE = TABLES + MAX_QUEUES * FuzzQueue.TABLES;
    static final int WRITABLE = READABLE + 0x2000;
    static final int END = WRITABLE + 0x4000;

    private static final int CHUNK = 4096;
    private static final int HIGH_LENGTH = 2 * CHUNK;
    private static final int[] HEADER_LENGTHS = {12, 16, 44, 4, 1, 8, 2, 512};
    private static final byte[] ZEROES = new byte[END];

    private final GuestMemory memory = new BufferGuestMemory(List.of(
        GuestRam.region(0, END, CHUNK), GuestRam.region(Hostile.HIGH_START, HIGH_LENGTH, CHUNK)));
    /** What the driver has put where the device only reads. */
    private final byte[] shadow = new byte[WRITABLE - READABLE];
    private final byte[] before = new byte[TABLES - QUEUES + END - WRITABLE];
    private final byte[] after = new byte[before.length];
    private int nextReadable;
    private int nextWritable;

    GuestMemory memory() {
        return memory;
    }

    void clear() {
        GuestRam.put(memory, 0, ZEROES);
        Arrays.fill(shadow, (byte) 0);
        nextReadable = READABLE;
        nextWritable = WRITABLE;
    }

    /** Keeps what a device may write to: queues and device-writable buffers. */
    void remember() {
        copyTo(before);
    }

    /** Whether that is now as it was then. */
    boolean isAsRemembered() {
        copyTo(after);
        return Arrays.equals(before, after);
    }

    private void copyTo(byte[] copy) {
        read(QUEUES, copy, 0, TABLES - QUEUES);
        read(WRITABLE, copy, TABLES - QUEUES, END - WRITABLE);
    }

    private void read(long gpa, byte[] target, int offset, int length) {
        KnownRam.change(() -> memory.read(gpa, ByteBuffer.wrap(target, offset, length)));
    }

    /** A buffer for the device to read, with bytes of the program's at its start. */
    Buffer readable(ByteProgram program) {
        int length = length(program);
        if (nextReadable + length > WRITABLE) {
            nextReadable = READABLE;
        }
        int gpa = nextReadable;
        nextReadable += length;
        put(gpa, program.bytes(Math.min(length, program.below(64))));
        return Buffer.readable(gpa, length);
    }

    /** A buffer for the device to read, with exactly {@code content} in it. */
    Buffer readable(byte[] content) {
        if (nextReadable + content.length > WRITABLE) {
            nextReadable = READABLE;
        }
        int gpa = nextReadable;
        nextReadable += content.length;
        put(gpa, content);
        return Buffer.readable(gpa, content.length);
    }

    private void put(int gpa, byte[] content) {
        GuestRam.put(memory, gpa, content);
        System.arraycopy(content, 0, shadow, gpa - READABLE, content.length);
    }

    /** A buffer for the device to write. */
    Buffer writable(ByteProgram program) {
        int length = length(program);
        if (nextWritable + length > END) {
            nextWritable = WRITABLE;
        }
        int gpa = nextWritable;
        nextWritable += length;
        return Buffer.writable(gpa, length);
    }

    private static int length(ByteProgram program) {
        int kind = program.u8();
        return switch (kind >> 5) {
            case 0, 1 -> HEADER_LENGTHS[kind & 7];
            case 2, 3 -> kind & 0x3F;
            case 4 -> (kind & 0x1F) * 64;
            case 5 -> (kind & 0x1F) * 256;
            default -> program.u8() + 1;
        };
    }

    /** An address: mostly in RAM, sometimes at an edge or nowhere. */
    long anyAddress(ByteProgram program) {
        return switch (program.below(8)) {
            case 0 -> program.number();
            case 1 -> END - program.below(32);
            case 2 -> Hostile.WINDOW + program.u8();
            case 3 -> Hostile.HIGH_START + HIGH_LENGTH - program.u8();
            case 4 -> QUEUES + 16L * program.u8();
            case 5 -> TABLES + 16L * program.u8();
            default -> (long) program.u16() % END;
        };
    }

    /** Throws {@link AssertionError} when a byte has changed that the device was only to read. */
    void checkReadable() {
        int at = Arrays.mismatch(GuestRam.get(memory, READABLE, shadow.length), shadow);
        if (at >= 0) {
            throw new AssertionError("the device wrote to a buffer it was to read, at 0x" + Integer.toHexString(READABLE + at));
        }
    }
}
