package io.vmm4j.devices.testing;

import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.testing.DriverQueue.Buffer;
import io.vmm4j.devices.testing.DriverQueue.Used;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * A queue as a {@link FuzzDriver} has it: makes lawful chains of any kind, remembers what is outstanding and checks what
 * comes back; or breaks rules, after which nothing that comes back means anything. Confined to one thread.
 */
final class FuzzQueue {

    /** Bytes between one queue's place and the next one's; enough for {@link #MAX_SIZE} elements of either format. */
    static final int STRIDE = 0x400;
    static final int MAX_SIZE = 32;
    /** Bytes of one queue's indirect tables. */
    static final int TABLES = FuzzQueue.TABLE_COUNT * FuzzQueue.TABLE_SIZE;

    private static final int MAX_BUFFERS = 8;
    private static final int TABLE_COUNT = 8;
    private static final int TABLE_SIZE = 16 * MAX_BUFFERS;
    private static final long INDIRECT = 1L << 28;
    private static final long PACKED = 1L << 34;

    /** @param table its indirect table, or -1 */
    private record Chain(long writable, int slots, long table) {
    }

    private final FuzzArena arena;
    private final DriverQueue queue;
    private final int size;
    private final boolean packed;
    private final boolean indirect;
    private final Map<Integer, Chain> outstanding = new HashMap<>();
    private final Deque<Long> tables = new ArrayDeque<>();
    private int freeSlots;
    private int taken;
    private boolean lawful = true;

    FuzzQueue(FuzzArena arena, int index, int size, long features) {
        this.arena = arena;
        this.size = size;
        this.queue = DriverQueue.of(arena.memory(), FuzzArena.QUEUES + (long) STRIDE * index, size, features);
        this.packed = (features & PACKED) != 0;
        this.indirect = (features & INDIRECT) != 0;
        this.freeSlots = size;
        for (int i = 0; i < TABLE_COUNT; i++) {
            tables.add(FuzzArena.TABLES + (long) TABLES * index + TABLE_SIZE * i);
        }
    }

    DriverQueue driver() {
        return queue;
    }

    int outstanding() {
        return outstanding.size();
    }

    /** Chains that have come back. */
    int taken() {
        return taken;
    }

    /** Whether all that the driver has done to this queue is allowed. */
    boolean isLawful() {
        return lawful;
    }

    void outlaw() {
        lawful = false;
    }

    /**
     * Makes a lawful chain available if there is room: some buffers with bytes of the program's, then some to write to.
     *
     * @param requests makes what a chain may start with
     */
    void addChain(ByteProgram program, Function<ByteProgram, byte[]> requests) {
        int shape = program.u8();
        int readable = shape & 3;
        int writable = shape >> 2 & 3;
        boolean throughTable = indirect && (shape & 0x80) != 0 && !tables.isEmpty();
        if (readable + writable == 0) {
            writable = 1;
        }
        int slots = throughTable ? 1 : readable + writable;
        if (!lawful || slots > freeSlots) {
            return;
        }
        List<Buffer> buffers = new ArrayList<>();
        for (int i = 0; i < readable; i++) {
            boolean isRequest = i == 0 && (shape & 0x40) != 0;
            buffers.add(isRequest ? arena.readable(requests.apply(program)) : arena.readable(program));
        }
        long length = 0;
        for (int i = 0; i < writable; i++) {
            Buffer buffer = arena.writable(program);
            buffers.add(buffer);
            length += buffer.length();
        }
        add(buffers.toArray(Buffer[]::new), throughTable, slots, length);
    }

    private void add(Buffer[] buffers, boolean throughTable, int slots, long writable) {
        long table = throughTable ? tables.remove() : -1;
        int id = throughTable ? queue.addIndirect(table, buffers) : queue.add(buffers);
        freeSlots -= slots;
        outstanding.put(id, new Chain(writable, slots, table));
    }

    /** Takes all that the device has used and checks it against what was made available. */
    void takeUsed() {
        if (!lawful) {
            return;
        }
        for (Used used = queue.takeUsed(); used != null; used = queue.takeUsed()) {
            Chain chain = outstanding.remove(used.id());
            if (chain == null) {
                throw new AssertionError("the device used buffer " + used.id() + ", which was not available");
            }
            if (used.length() > chain.writable()) {
                throw new AssertionError("the device says it wrote " + used.length() + " bytes to a chain of " + chain.writable());
            }
            taken++;
            freeSlots += chain.slots();
            if (chain.table() >= 0) {
                tables.add(chain.table());
            }
        }
    }

    /** Breaks a rule, or may break one. */
    void misbehave(ByteProgram program) {
        lawful = false;
        GuestMemory memory = arena.memory();
        int what = program.below(8);
        int index = program.below(size);
        if (what < 4) {
            rawDescriptor(program, index);
        } else if (packed) {
            PackedDriverQueue raw = (PackedDriverQueue) queue;
            raw.rawFlags(index, program.flag() ? raw.ownership() | program.below(8) : program.u16());
        } else if (what < 7) {
            ((SplitDriverQueue) queue).publish(what == 4 ? program.u16() : index);
        } else {
            ((SplitDriverQueue) queue).rawAvailIdx(program.u16());
        }
        if (program.flag()) {
            GuestRam.put(memory, FuzzArena.QUEUES + program.u16() % (FuzzArena.READABLE - FuzzArena.QUEUES), program.bytes(program.below(8)));
        }
    }

    private void rawDescriptor(ByteProgram program, int index) {
        long gpa = arena.anyAddress(program);
        long length = program.number() & 0xFFFF_FFFFL;
        if (packed) {
            PackedDriverQueue raw = (PackedDriverQueue) queue;
            int flags = program.u8();
            raw.rawDescriptor(index, gpa, length, program.u8(), flags & 7 | ((flags & 8) == 0 ? raw.ownership() : flags << 8));
        } else {
            ((SplitDriverQueue) queue).rawDescriptor(index, gpa, length, program.u8(), program.u8());
        }
    }
}
