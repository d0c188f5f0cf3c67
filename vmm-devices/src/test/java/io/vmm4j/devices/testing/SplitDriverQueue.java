package io.vmm4j.devices.testing;

import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.virtio.queue.QueueAddresses;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;

/**
 * The driver's side of a split virtqueue (virtio 1.2, section 2.7). Offsets and flags are written out a second time here, so that
 * a wrong constant of the device's side shows. The methods named raw break the rules that a hostile driver breaks.
 */
public final class SplitDriverQueue implements DriverQueue {

    /** Descriptor flag: the chain goes on at next. */
    public static final int NEXT = 1;
    /** Descriptor flag: device-writable. */
    public static final int WRITE = 2;
    /** Descriptor flag: a table of descriptors. */
    public static final int INDIRECT = 4;

    private static final int MASK = 0xFFFF;

    private final KnownRam memory;
    private final int size;
    private final long desc;
    private final long avail;
    private final long used;
    private final boolean eventIdx;
    private final Deque<Integer> free = new ArrayDeque<>();
    private final Map<Integer, Integer> chainLengths = new HashMap<>();
    private int availIdx;
    private int kickedIdx;
    private int usedIdx;
    private boolean interrupts = true;

    SplitDriverQueue(GuestMemory memory, long base, int size, long driverFeatures) {
        this.memory = new KnownRam(memory);
        this.size = size;
        this.desc = base;
        this.avail = base + 16L * size;
        this.used = avail + (4 + 2L * size + 2 + 3) / 4 * 4;
        this.eventIdx = (driverFeatures & 1L << 29) != 0;
        for (int i = 0; i < size; i++) {
            free.add(i);
        }
        GuestRam.put(memory, base, new byte[(int) length(size)]);
    }

    /** Bytes of RAM that a queue of {@code size} takes here. */
    public static long length(int size) {
        return 16L * size + (4 + 2L * size + 2 + 3) / 4 * 4 + 4 + 8L * size + 2;
    }

    @Override
    public QueueAddresses addresses() {
        return new QueueAddresses(size, desc, avail, used);
    }

    @Override
    public int add(Buffer... buffers) {
        if (buffers.length == 0 || buffers.length > free.size()) {
            throw new IllegalArgumentException(buffers.length + " buffers for " + free.size() + " free descriptors");
        }
        int[] indices = new int[buffers.length];
        for (int i = 0; i < buffers.length; i++) {
            indices[i] = free.remove();
        }
        for (int i = 0; i < buffers.length; i++) {
            boolean last = i == buffers.length - 1;
            rawDescriptor(indices[i], buffers[i].gpa(), buffers[i].length(), flags(buffers[i], last), last ? 0 : indices[i + 1]);
        }
        chainLengths.put(indices[0], buffers.length);
        publish(indices[0]);
        return indices[0];
    }

    @Override
    public int addIndirect(long tableGpa, Buffer... buffers) {
        for (int i = 0; i < buffers.length; i++) {
            boolean last = i == buffers.length - 1;
            rawDescriptorAt(tableGpa + 16L * i, buffers[i].gpa(), buffers[i].length(), flags(buffers[i], last), last ? 0 : i + 1);
        }
        int head = free.remove();
        rawDescriptor(head, tableGpa, 16L * buffers.length, INDIRECT, 0);
        chainLengths.put(head, 1);
        publish(head);
        return head;
    }

    private static int flags(Buffer buffer, boolean last) {
        return (buffer.writable() ? WRITE : 0) | (last ? 0 : NEXT);
    }

    /** Makes the chain that starts at descriptor {@code head} available, whatever is there. */
    public void publish(int head) {
        rawAvailElement(availIdx, head);
        rawAvailIdx(availIdx + 1 & MASK);
    }

    /** Writes descriptor {@code index}, unchecked. */
    public void rawDescriptor(int index, long gpa, long length, int flags, int next) {
        rawDescriptorAt(desc + 16L * index, gpa, length, flags, next);
    }

    /** Writes a descriptor at {@code at}, unchecked. */
    public void rawDescriptorAt(long at, long gpa, long length, int flags, int next) {
        memory.writeU64(at, gpa);
        memory.writeU32(at + 8, length);
        memory.writeU16(at + 12, flags);
        memory.writeU16(at + 14, next);
    }

    /** Writes the element of the available ring that belongs to index {@code idx}. */
    public void rawAvailElement(int idx, int head) {
        memory.writeU16(avail + 4 + 2L * (idx % size), head);
    }

    /** Writes avail.idx. */
    public void rawAvailIdx(int idx) {
        availIdx = idx;
        memory.writeU16Release(avail + 2, idx);
    }

    /** The index of the next chain made available. */
    public int availIdx() {
        return availIdx;
    }

    /** avail_event, where the device last asked to be notified. */
    public int availEvent() {
        return memory.readU16(used + 4 + 8L * size);
    }

    /** used.flags as the device last wrote it. */
    public int usedFlags() {
        return memory.readU16(used);
    }

    /** Sets used_event: the index of the used element to be told of. */
    public void usedEvent(int idx) {
        memory.writeU16(avail + 4 + 2L * size, idx);
    }

    @Override
    public Used takeUsed() {
        if (memory.readU16Acquire(used + 2) == usedIdx) {
            return null;
        }
        long element = used + 4 + 8L * (usedIdx % size);
        Used taken = new Used((int) memory.readU32(element), memory.readU32(element + 4));
        usedIdx = usedIdx + 1 & MASK;
        if (eventIdx && interrupts) {
            usedEvent(usedIdx);
        }
        release(taken.id());
        return taken;
    }

    private void release(int head) {
        Integer length = chainLengths.remove(head);
        int index = head;
        for (int i = 0; length != null && i < length; i++) {
            free.add(index);
            index = memory.readU16(desc + 16L * index + 14);
        }
    }

    @Override
    public boolean needsKick() {
        memory.fullFence();
        int before = kickedIdx;
        kickedIdx = availIdx;
        if (before == availIdx) {
            return false;
        }
        if (!eventIdx) {
            return (usedFlags() & 1) == 0;
        }
        return (availIdx - availEvent() - 1 & MASK) < (availIdx - before & MASK);
    }

    @Override
    public void enableInterrupts(boolean enabled) {
        interrupts = enabled;
        if (eventIdx) {
            usedEvent(enabled ? usedIdx : usedIdx - 1 & MASK);
        } else {
            memory.writeU16(avail, enabled ? 0 : 1);
        }
    }
}
