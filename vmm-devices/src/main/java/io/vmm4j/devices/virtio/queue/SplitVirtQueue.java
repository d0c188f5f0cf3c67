package io.vmm4j.devices.virtio.queue;

import static io.vmm4j.devices.virtio.queue.SplitLayout.AVAIL_ALIGNMENT;
import static io.vmm4j.devices.virtio.queue.SplitLayout.AVAIL_ELEMENT_SIZE;
import static io.vmm4j.devices.virtio.queue.SplitLayout.DESC_ADDR;
import static io.vmm4j.devices.virtio.queue.SplitLayout.DESC_ALIGNMENT;
import static io.vmm4j.devices.virtio.queue.SplitLayout.DESC_FLAGS;
import static io.vmm4j.devices.virtio.queue.SplitLayout.DESC_LEN;
import static io.vmm4j.devices.virtio.queue.SplitLayout.DESC_NEXT;
import static io.vmm4j.devices.virtio.queue.SplitLayout.DESC_SIZE;
import static io.vmm4j.devices.virtio.queue.SplitLayout.RING_ELEMENTS;
import static io.vmm4j.devices.virtio.queue.SplitLayout.RING_FLAGS;
import static io.vmm4j.devices.virtio.queue.SplitLayout.RING_IDX;
import static io.vmm4j.devices.virtio.queue.SplitLayout.USED_ALIGNMENT;
import static io.vmm4j.devices.virtio.queue.SplitLayout.USED_ELEMENT_SIZE;
import static io.vmm4j.devices.virtio.queue.SplitLayout.USED_LEN;
import static io.vmm4j.devices.virtio.queue.SplitLayout.VIRTQ_AVAIL_F_NO_INTERRUPT;
import static io.vmm4j.devices.virtio.queue.SplitLayout.VIRTQ_DESC_F_INDIRECT;
import static io.vmm4j.devices.virtio.queue.SplitLayout.VIRTQ_DESC_F_NEXT;
import static io.vmm4j.devices.virtio.queue.SplitLayout.VIRTQ_DESC_F_WRITE;
import static io.vmm4j.devices.virtio.queue.SplitLayout.VIRTQ_USED_F_NO_NOTIFY;

import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.memory.GuestMemoryException;
import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import io.vmm4j.devices.virtio.VirtioFeatures;
import java.util.Optional;

/**
 * The split virtqueue, virtio 1.2 section 2.7, with indirect descriptors and event index when they were negotiated.
 *
 * <p>Each field of the guest's is read once and the copy used. Confined to the thread that serves the queue, but for
 * {@link #stop()}.
 */
final class SplitVirtQueue implements StoppableQueue {

    private static final int IDX_MASK = 0xFFFF;

    private final GuestMemory memory;
    private final int size;
    private final long desc;
    private final long avail;
    private final long used;
    private final boolean indirect;
    private final boolean eventIdx;
    private final ChainPool chains;

    /** Free-running 16-bit indices: next to take, the driver's last seen, next to give, and the one last signalled for. */
    private int nextAvail;
    private int availIdx;
    private int nextUsed;
    private int signalledUsed;
    private BufferChain lastPolled;

    private volatile boolean stopped;

    /**
     * @param memory         guest RAM
     * @param addresses      where the driver put the queue
     * @param sizeMax        largest size the device allows
     * @param driverFeatures the features acknowledged
     * @throws VirtQueueException when the size is not a power of two up to {@code sizeMax}, or a part is misaligned or not all RAM
     */
    SplitVirtQueue(GuestMemory memory, QueueAddresses addresses, int sizeMax, long driverFeatures) throws VirtQueueException {
        this.memory = memory;
        this.size = addresses.size();
        this.desc = addresses.desc();
        this.avail = addresses.driver();
        this.used = addresses.device();
        this.indirect = (driverFeatures & VirtioFeatures.mask(VirtioFeatures.VIRTIO_F_INDIRECT_DESC)) != 0;
        this.eventIdx = (driverFeatures & VirtioFeatures.mask(VirtioFeatures.VIRTIO_F_EVENT_IDX)) != 0;
        if (size < 1 || size > sizeMax || Integer.bitCount(size) != 1) {
            throw new VirtQueueException("queue size " + Integer.toUnsignedString(size) + " is not a power of two up to " + sizeMax);
        }
        QueueArea.check(memory, "descriptor table", desc, SplitLayout.descLength(size), DESC_ALIGNMENT);
        QueueArea.check(memory, "available ring", avail, SplitLayout.availLength(size, eventIdx), AVAIL_ALIGNMENT);
        QueueArea.check(memory, "used ring", used, SplitLayout.usedLength(size, eventIdx), USED_ALIGNMENT);
        this.chains = new ChainPool(size);
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public Optional<QueueAddresses> addresses() {
        return Optional.of(new QueueAddresses(size, desc, avail, used));
    }

    @Override
    public void stop() {
        stopped = true;
    }

    @Override
    public boolean isStopped() {
        return stopped;
    }

    @Override
    public State saveState() {
        QueueState.requireLastHeld(chains);
        return State.builder()
                .put(QueueState.NEXT_AVAIL, nextAvail - chains.lentCount() & IDX_MASK)
                .put(QueueState.NEXT_USED, nextUsed)
                .put(QueueState.UNSIGNALLED, nextUsed - signalledUsed & IDX_MASK)
                .build();
    }

    @Override
    public void restoreState(State state) throws StateException {
        int avail16 = state.int32(QueueState.NEXT_AVAIL, 0, IDX_MASK);
        int used16 = state.int32(QueueState.NEXT_USED, 0, IDX_MASK);
        int unsignalled = state.int32(QueueState.UNSIGNALLED, 0, IDX_MASK);
        nextAvail = avail16;
        availIdx = avail16; // what the driver has added is found at the next poll
        nextUsed = used16;
        signalledUsed = used16 - unsignalled & IDX_MASK;
    }

    @Override
    public DescriptorChain poll() throws VirtQueueException {
        if (stopped) {
            return null;
        }
        try {
            if (nextAvail == availIdx && !refreshAvailIdx()) {
                return null;
            }
            int head = memory.readU16(avail + RING_ELEMENTS + (long) AVAIL_ELEMENT_SIZE * (nextAvail & size - 1));
            if (head >= size) {
                throw new VirtQueueException("available chain starts at descriptor " + head + " of " + size);
            }
            BufferChain chain = chains.take();
            try {
                chains.identify(chain, head);
                walk(chain, desc, size, head, indirect);
            } catch (VirtQueueException | GuestMemoryException e) {
                chains.giveBack(chain);
                throw e;
            }
            nextAvail = nextAvail + 1 & IDX_MASK;
            chains.poll(chain);
            lastPolled = chain;
            return chain;
        } catch (GuestMemoryException e) {
            throw new VirtQueueException(e.getMessage());
        }
    }

    @Override
    public void undoPoll() {
        chains.undoPoll(lastPolled);
        nextAvail = nextAvail - 1 & IDX_MASK;
    }

    @Override
    public void pushUsed(DescriptorChain chain, long bytesWritten) throws VirtQueueException {
        try {
            putUsed(chain, bytesWritten);
            publishUsed();
        } catch (GuestMemoryException e) {
            throw new VirtQueueException(e.getMessage());
        }
    }

    @Override
    public void pushUsed(DescriptorChain[] given, long[] bytesWritten, int count) throws VirtQueueException {
        try {
            for (int i = 0; i < count; i++) {
                putUsed(given[i], bytesWritten[i]);
            }
            publishUsed();
        } catch (GuestMemoryException e) {
            throw new VirtQueueException(e.getMessage());
        }
    }

    private void putUsed(DescriptorChain chain, long bytesWritten) throws GuestMemoryException {
        if (!chains.isOwn(chain)) {
            return;
        }
        chains.settle((BufferChain) chain);
        if (stopped) {
            return;
        }
        long element = used + RING_ELEMENTS + (long) USED_ELEMENT_SIZE * (nextUsed & size - 1);
        memory.writeU32(element, chain.id());
        memory.writeU32(element + USED_LEN, bytesWritten);
        nextUsed = nextUsed + 1 & IDX_MASK;
    }

    private void publishUsed() throws GuestMemoryException {
        if (!stopped) {
            // Release: the elements and the data in the buffers come first. Pairs with the driver's read barrier between
            // its load of used.idx and its load of the element (section 2.7.14).
            memory.writeU16Release(used + RING_IDX, nextUsed);
        }
    }

    @Override
    public boolean needsInterrupt() throws VirtQueueException {
        int before = signalledUsed;
        signalledUsed = nextUsed;
        if (before == nextUsed || stopped) {
            return false;
        }
        // Our store of used.idx before our load of used_event or flags; pairs with the driver's full barrier between its
        // store of used_event (or flags) and its last look at used.idx. One of the two sides sees the other's store.
        memory.fullFence();
        try {
            if (!eventIdx) {
                return (memory.readU16(avail + RING_FLAGS) & VIRTQ_AVAIL_F_NO_INTERRUPT) == 0;
            }
            int usedEvent = memory.readU16(avail + SplitLayout.usedEvent(size));
            return EventIndex.isCrossed(usedEvent, before, nextUsed);
        } catch (GuestMemoryException e) {
            throw new VirtQueueException(e.getMessage());
        }
    }

    @Override
    public boolean enableNotifications() throws VirtQueueException {
        if (stopped) {
            return false;
        }
        try {
            if (eventIdx) {
                memory.writeU16(used + SplitLayout.availEvent(size), nextAvail);
            }
            // With the event index the flags must be 0 all the same (section 2.7.10.2), whatever the driver left there.
            memory.writeU16(used + RING_FLAGS, 0);
            // Our store above before the load of avail.idx; pairs with the driver's full barrier between its store of
            // avail.idx and its load of avail_event or flags (section 2.7.13.4.1).
            memory.fullFence();
            return nextAvail != availIdx || refreshAvailIdx();
        } catch (GuestMemoryException e) {
            throw new VirtQueueException(e.getMessage());
        }
    }

    @Override
    public void disableNotifications() throws VirtQueueException {
        if (eventIdx || stopped) {
            return; // avail_event stays behind, which is all that the event index needs
        }
        try {
            memory.writeU16(used + RING_FLAGS, VIRTQ_USED_F_NO_NOTIFY);
        } catch (GuestMemoryException e) {
            throw new VirtQueueException(e.getMessage());
        }
    }

    /** Whether the driver has made chains available that were not taken yet. */
    private boolean refreshAvailIdx() throws VirtQueueException, GuestMemoryException {
        // Acquire: ring elements and descriptors are read after it. Pairs with the driver's write barrier before its
        // store of avail.idx (section 2.7.13.3.1).
        int idx = memory.readU16Acquire(avail + RING_IDX);
        int pending = idx - nextAvail & IDX_MASK;
        if (pending + chains.lentCount() > size) {
            throw new VirtQueueException("available index ran " + pending + " ahead with " + chains.lentCount() + " in flight, queue size is " + size);
        }
        availIdx = idx;
        return pending > 0;
    }

    /**
     * Follows descriptors from {@code first} in the table at {@code table} and adds their buffers. Every step either
     * adds a buffer, of which {@link #size} are allowed, or ends the table, so a loop ends too.
     */
    private void walk(BufferChain chain, long table, long entries, long first, boolean indirectAllowed)
            throws VirtQueueException, GuestMemoryException {
        long index = first;
        while (true) {
            long at = table + DESC_SIZE * index;
            long addr = memory.readU64(at + DESC_ADDR);
            long len = memory.readU32(at + DESC_LEN);
            int flags = memory.readU16(at + DESC_FLAGS);
            int next = memory.readU16(at + DESC_NEXT);
            if ((flags & VIRTQ_DESC_F_INDIRECT) != 0) {
                walkIndirect(chain, addr, len, flags, indirectAllowed);
                return;
            }
            if (chain.descriptors() == size) {
                throw new VirtQueueException("chain " + chain.id() + " loops or is longer than the queue of " + size);
            }
            chain.add(memory, addr, len, (flags & VIRTQ_DESC_F_WRITE) != 0);
            if ((flags & VIRTQ_DESC_F_NEXT) == 0) {
                return;
            }
            if (next >= entries) {
                throw new VirtQueueException("chain " + chain.id() + " goes on at descriptor " + next + " of " + entries);
            }
            index = next;
        }
    }

    /** Section 2.7.5.3: a table ends the chain that refers to it, and does not nest. Its WRITE flag means nothing. */
    private void walkIndirect(BufferChain chain, long table, long length, int flags, boolean allowed)
            throws VirtQueueException, GuestMemoryException {
        if (!allowed) {
            throw new VirtQueueException("chain " + chain.id() + " has an indirect table that was not negotiated, or inside another");
        }
        if ((flags & VIRTQ_DESC_F_NEXT) != 0) {
            throw new VirtQueueException("chain " + chain.id() + " goes on behind its indirect table");
        }
        if (length == 0 || length % DESC_SIZE != 0) {
            throw new VirtQueueException("chain " + chain.id() + " has an indirect table of " + length + " bytes");
        }
        if (!memory.contains(table, length)) {
            throw new GuestMemoryException(table, length);
        }
        walk(chain, table, length / DESC_SIZE, 0, false);
    }
}
