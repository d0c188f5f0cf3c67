package io.vmm4j.devices.testing;

import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.virtio.queue.QueueAddresses;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The driver's side of a packed virtqueue (virtio 1.2, section 2.8). Offsets and flags are written out a second time here, so
 * that a wrong constant of the device's side shows. The methods named raw break the rules that a hostile driver breaks.
 */
public final class PackedDriverQueue implements DriverQueue {

    /** Descriptor flag: the chain goes on with the next descriptor. */
    public static final int NEXT = 1;
    /** Descriptor flag: device-writable. */
    public static final int WRITE = 2;
    /** Descriptor flag: a table of descriptors. */
    public static final int INDIRECT = 4;
    /** Descriptor flag: the driver's wrap counter. */
    public static final int AVAIL = 0x80;
    /** Descriptor flag: not the driver's wrap counter. */
    public static final int USED = 0x8000;

    private static final int EVENT_DISABLE = 1;
    private static final int EVENT_DESC = 2;
    private static final int OFFSET_MASK = 0x7FFF;

    private final KnownRam memory;
    private final int size;
    private final long ring;
    private final long driverEvent;
    private final long deviceEvent;
    private final boolean eventIdx;
    private final Deque<Integer> freeIds = new ArrayDeque<>();
    private final int[] slotsOf;
    private int freeSlots;
    private int next;
    private boolean wrap = true;
    private int nextUsed;
    private boolean usedWrap = true;
    private int addedSinceKick;
    private boolean interrupts = true;

    PackedDriverQueue(GuestMemory memory, long base, int size, long driverFeatures) {
        this.memory = new KnownRam(memory);
        this.size = size;
        this.ring = base;
        this.driverEvent = base + 16L * size;
        this.deviceEvent = driverEvent + 4;
        this.eventIdx = (driverFeatures & 1L << 29) != 0;
        this.slotsOf = new int[size];
        this.freeSlots = size;
        for (int i = 0; i < size; i++) {
            freeIds.add(i);
        }
        GuestRam.put(memory, base, new byte[(int) length(size)]);
        enableInterrupts(true);
    }

    /** Bytes of RAM that a queue of {@code size} takes here. */
    public static long length(int size) {
        return 16L * size + 8;
    }

    @Override
    public QueueAddresses addresses() {
        return new QueueAddresses(size, ring, driverEvent, deviceEvent);
    }

    @Override
    public int add(Buffer... buffers) {
        if (buffers.length == 0 || buffers.length > freeSlots) {
            throw new IllegalArgumentException(buffers.length + " buffers for " + freeSlots + " free descriptors");
        }
        int id = freeIds.remove();
        int head = next;
        int headFlags = 0;
        for (int i = 0; i < buffers.length; i++) {
            boolean last = i == buffers.length - 1;
            int flags = (buffers[i].writable() ? WRITE : 0) | (last ? 0 : NEXT) | ownership();
            rawDescriptor(next, buffers[i].gpa(), buffers[i].length(), id, i == 0 ? 0 : flags);
            headFlags = i == 0 ? flags : headFlags;
            advance();
        }
        return publish(id, head, headFlags, buffers.length);
    }

    @Override
    public int addIndirect(long tableGpa, Buffer... buffers) {
        for (int i = 0; i < buffers.length; i++) {
            rawDescriptorAt(tableGpa + 16L * i, buffers[i].gpa(), buffers[i].length(), 0, buffers[i].writable() ? WRITE : 0);
        }
        int id = freeIds.remove();
        int head = next;
        int flags = INDIRECT | ownership();
        rawDescriptor(head, tableGpa, 16L * buffers.length, id, 0);
        advance();
        return publish(id, head, flags, 1);
    }

    private int publish(int id, int head, int headFlags, int slots) {
        slotsOf[id] = slots;
        freeSlots -= slots;
        addedSinceKick += slots;
        rawFlags(head, headFlags);
        return id;
    }

    /** The bits that make a descriptor available in this lap. */
    public int ownership() {
        return wrap ? AVAIL : USED;
    }

    private void advance() {
        next++;
        if (next == size) {
            next = 0;
            wrap = !wrap;
        }
    }

    /** The element that the next descriptor goes to. */
    public int next() {
        return next;
    }

    /** Writes descriptor {@code index}, unchecked, flags last. */
    public void rawDescriptor(int index, long gpa, long length, int id, int flags) {
        rawDescriptorAt(ring + 16L * index, gpa, length, id, flags);
    }

    /** Writes the flags of descriptor {@code index}. */
    public void rawFlags(int index, int flags) {
        memory.writeU16Release(ring + 16L * index + 14, flags);
    }

    /** Writes the driver's event suppression structure, unchecked. */
    public void rawDriverEvent(int desc, int flags) {
        memory.writeU16(driverEvent, desc);
        memory.writeU16Release(driverEvent + 2, flags);
    }

    /** Writes a descriptor at {@code at}, as of an indirect table, unchecked. */
    public void rawDescriptorAt(long at, long gpa, long length, int id, int flags) {
        memory.writeU64(at, gpa);
        memory.writeU32(at + 8, length);
        memory.writeU16(at + 12, id);
        memory.writeU16Release(at + 14, flags);
    }

    @Override
    public Used takeUsed() {
        long at = ring + 16L * nextUsed;
        int flags = memory.readU16Acquire(at + 14);
        boolean isUsed = (flags & AVAIL) != 0 == usedWrap && (flags & USED) != 0 == usedWrap;
        if (!isUsed) {
            return null;
        }
        int id = memory.readU16(at + 12);
        Used taken = new Used(id, memory.readU32(at + 8));
        int slots = slotsOf[id];
        nextUsed += slots;
        if (nextUsed >= size) {
            nextUsed -= size;
            usedWrap = !usedWrap;
        }
        freeSlots += slots;
        freeIds.add(id);
        if (interrupts) {
            enableInterrupts(true);
        }
        return taken;
    }

    @Override
    public boolean needsKick() {
        memory.fullFence();
        int added = addedSinceKick;
        addedSinceKick = 0;
        int flags = memory.readU16(deviceEvent + 2) & 3;
        if (added == 0 || flags == EVENT_DISABLE) {
            return false;
        }
        if (flags != EVENT_DESC) {
            return true;
        }
        int event = memory.readU16(deviceEvent);
        int offset = event & OFFSET_MASK;
        int position = event >> 15 != 0 == wrap ? offset : offset - size;
        return position >= next - added && position < next;
    }

    @Override
    public void enableInterrupts(boolean enabled) {
        interrupts = enabled;
        if (!enabled) {
            memory.writeU16(driverEvent + 2, EVENT_DISABLE);
        } else if (eventIdx) {
            memory.writeU16(driverEvent, nextUsed | (usedWrap ? 0x8000 : 0));
            memory.writeU16Release(driverEvent + 2, EVENT_DESC);
        } else {
            memory.writeU16(driverEvent + 2, 0);
        }
    }
}
