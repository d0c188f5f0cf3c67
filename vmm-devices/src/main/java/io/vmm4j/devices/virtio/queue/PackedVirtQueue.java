package io.vmm4j.devices.virtio.queue;

import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.memory.GuestMemoryException;
import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import io.vmm4j.devices.virtio.VirtioFeatures;
import java.util.Optional;

/**
 * The packed virtqueue, virtio 1.2 section 2.8, with indirect descriptors and event index when they were negotiated.
 *
 * <p>Positions count elements of the ring from its start and never wrap here; element and wrap counter are derived from
 * them. Each field of the guest's is read once and the copy used. Confined to the thread that serves the queue, but for
 * {@link #stop()}.
 */
final class PackedVirtQueue implements StoppableQueue {

    /** In place of flags: there is no used descriptor to publish. */
    private static final int NOTHING = -1;

    private final GuestMemory memory;
    private final int size;
    private final long ring;
    private final long driverEvent;
    private final long deviceEvent;
    private final boolean indirect;
    private final boolean eventIdx;
    private final ChainPool chains;

    private long nextAvail;
    private long nextUsed;
    private long signalledUsed;
    private BufferChain lastPolled;

    private volatile boolean stopped;

    /**
     * @param memory         guest RAM
     * @param addresses      where the driver put the queue
     * @param sizeMax        largest size the device allows
     * @param driverFeatures the features acknowledged
     * @throws VirtQueueException when the size is not 1 to {@code sizeMax}, or a part is misaligned or not all RAM
     */
    PackedVirtQueue(GuestMemory memory, QueueAddresses addresses, int sizeMax, long driverFeatures) throws VirtQueueException {
        this.memory = memory;
        this.size = addresses.size();
        this.ring = addresses.desc();
        this.driverEvent = addresses.driver();
        this.deviceEvent = addresses.device();
        this.indirect = (driverFeatures & VirtioFeatures.mask(VirtioFeatures.VIRTIO_F_INDIRECT_DESC)) != 0;
        this.eventIdx = (driverFeatures & VirtioFeatures.mask(VirtioFeatures.VIRTIO_F_EVENT_IDX)) != 0;
        if (size < 1 || size > sizeMax) {
            throw new VirtQueueException("queue size " + Integer.toUnsignedString(size) + " is not from 1 to " + sizeMax);
        }
        QueueArea.check(memory, "descriptor ring", ring, (long) PackedLayout.DESC_SIZE * size, PackedLayout.DESC_ALIGNMENT);
        QueueArea.check(memory, "driver event suppression", driverEvent, PackedLayout.EVENT_SIZE, PackedLayout.EVENT_ALIGNMENT);
        QueueArea.check(memory, "device event suppression", deviceEvent, PackedLayout.EVENT_SIZE, PackedLayout.EVENT_ALIGNMENT);
        this.chains = new ChainPool(size);
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public Optional<QueueAddresses> addresses() {
        return Optional.of(new QueueAddresses(size, ring, driverEvent, deviceEvent));
    }

    @Override
    public void stop() {
        stopped = true;
    }

    @Override
    public boolean isStopped() {
        return stopped;
    }

    /** Elements between the two positions are those of chains held, which are given back: what is left is one position. */
    @Override
    public State saveState() {
        QueueState.requireLastHeld(chains);
        return State.builder()
                .put(QueueState.NEXT_USED, nextUsed % (2L * size))
                .put(QueueState.UNSIGNALLED, Math.min(nextUsed - signalledUsed, 2L * size))
                .build();
    }

    @Override
    public void restoreState(State state) throws StateException {
        int laps = 2 * size;
        int position = state.int32(QueueState.NEXT_USED, 0, laps - 1);
        int unsignalled = state.int32(QueueState.UNSIGNALLED, 0, laps);
        nextUsed = (long) laps + position; // two laps on, where the wrap counters are the same, so that no position is below 0
        nextAvail = nextUsed;
        signalledUsed = nextUsed - unsignalled;
    }

    @Override
    public DescriptorChain poll() throws VirtQueueException {
        if (stopped) {
            return null;
        }
        try {
            int flags = availableFlags();
            if (flags < 0) {
                return null;
            }
            BufferChain chain = chains.take();
            try {
                walk(chain, flags);
            } catch (VirtQueueException | GuestMemoryException e) {
                chains.giveBack(chain);
                throw e;
            }
            nextAvail += chain.slots();
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
        nextAvail -= lastPolled.slots();
    }

    @Override
    public void pushUsed(DescriptorChain chain, long bytesWritten) throws VirtQueueException {
        try {
            long at = nextUsed;
            int flags = putUsed(chain, bytesWritten);
            publishUsed(at, flags);
        } catch (GuestMemoryException e) {
            throw new VirtQueueException(e.getMessage());
        }
    }

    /** The driver looks at descriptors in order, so the flags of the first, stored last, publish all. */
    @Override
    public void pushUsed(DescriptorChain[] given, long[] bytesWritten, int count) throws VirtQueueException {
        try {
            long first = nextUsed;
            int firstFlags = NOTHING;
            for (int i = 0; i < count; i++) {
                long at = nextUsed;
                int flags = putUsed(given[i], bytesWritten[i]);
                if (at == first) {
                    firstFlags = flags;
                } else {
                    publishUsed(at, flags);
                }
            }
            publishUsed(first, firstFlags);
        } catch (GuestMemoryException e) {
            throw new VirtQueueException(e.getMessage());
        }
    }

    /** Writes all of a used descriptor but its flags, which it returns, or {@link #NOTHING}. */
    private int putUsed(DescriptorChain chain, long bytesWritten) throws GuestMemoryException {
        if (!chains.isOwn(chain)) {
            return NOTHING;
        }
        BufferChain given = (BufferChain) chain;
        int id = given.id();
        chains.settle(given);
        if (stopped) {
            return NOTHING;
        }
        memory.writeU16(element(nextUsed) + PackedLayout.DESC_ID, id);
        memory.writeU32(element(nextUsed) + PackedLayout.DESC_LEN, bytesWritten);
        int flags = isWrapSet(nextUsed) ? PackedLayout.VIRTQ_DESC_F_AVAIL | PackedLayout.VIRTQ_DESC_F_USED : 0;
        nextUsed += given.slots();
        return bytesWritten > 0 ? flags | PackedLayout.VIRTQ_DESC_F_WRITE : flags;
    }

    private void publishUsed(long position, int flags) throws GuestMemoryException {
        if (flags != NOTHING && !stopped) {
            // Release: id, len and the data in the buffers come first. Pairs with the driver's read barrier between its
            // load of the flags and its load of id and len (section 2.8.22).
            memory.writeU16Release(element(position) + PackedLayout.DESC_FLAGS, flags);
        }
    }

    @Override
    public boolean needsInterrupt() throws VirtQueueException {
        long before = signalledUsed;
        signalledUsed = nextUsed;
        if (before == nextUsed || stopped) {
            return false;
        }
        // Our store of the used descriptor before our load of the driver's event suppression; pairs with the driver's
        // full barrier between its store of the latter and its last look at the ring.
        memory.fullFence();
        try {
            // Flags first: the driver stores desc before it stores the flag that makes desc count.
            int flags = memory.readU16Acquire(driverEvent + PackedLayout.EVENT_FLAGS) & PackedLayout.RING_EVENT_FLAGS_MASK;
            if (flags != PackedLayout.RING_EVENT_FLAGS_DESC || !eventIdx) {
                return flags != PackedLayout.RING_EVENT_FLAGS_DISABLE;
            }
            long event = positionOf(memory.readU16(driverEvent + PackedLayout.EVENT_DESC));
            return event >= before && event < nextUsed;
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
            int flags = PackedLayout.RING_EVENT_FLAGS_ENABLE;
            if (eventIdx) {
                int wrap = isWrapSet(nextAvail) ? 1 : 0;
                memory.writeU16(deviceEvent + PackedLayout.EVENT_DESC, (int) (nextAvail % size) | wrap << PackedLayout.EVENT_WRAP_SHIFT);
                flags = PackedLayout.RING_EVENT_FLAGS_DESC;
            }
            // Release: desc comes first. Pairs with the driver's load of desc behind that of the flags.
            memory.writeU16Release(deviceEvent + PackedLayout.EVENT_FLAGS, flags);
            // Our store above before our load of the next descriptor; pairs with the driver's full barrier between its
            // store of a descriptor's flags and its load of our event suppression (section 2.8.21.3).
            memory.fullFence();
            return availableFlags() >= 0;
        } catch (GuestMemoryException e) {
            throw new VirtQueueException(e.getMessage());
        }
    }

    @Override
    public void disableNotifications() throws VirtQueueException {
        if (stopped) {
            return;
        }
        try {
            memory.writeU16(deviceEvent + PackedLayout.EVENT_FLAGS, PackedLayout.RING_EVENT_FLAGS_DISABLE);
        } catch (GuestMemoryException e) {
            throw new VirtQueueException(e.getMessage());
        }
    }

    /** The flags of the next descriptor if the driver made it available, else -1. */
    private int availableFlags() throws GuestMemoryException {
        // Acquire: the descriptor's other fields, and the chain behind it, are read after its flags. Pairs with the
        // driver's write barrier before its store of the flags of the chain's first descriptor (section 2.8.21.1).
        int flags = memory.readU16Acquire(element(nextAvail) + PackedLayout.DESC_FLAGS);
        boolean wrap = isWrapSet(nextAvail);
        boolean available = (flags & PackedLayout.VIRTQ_DESC_F_AVAIL) != 0 == wrap;
        boolean used = (flags & PackedLayout.VIRTQ_DESC_F_USED) != 0 == wrap;
        return available && !used ? flags : -1;
    }

    private long element(long position) {
        return ring + PackedLayout.DESC_SIZE * (position % size);
    }

    /** The wrap counter at {@code position}: it starts as 1 and flips with each lap. */
    private boolean isWrapSet(long position) {
        return position / size % 2 == 0;
    }

    /**
     * The position that the driver's event names, in the device's lap or the one before. A position of the next lap is
     * taken for one of the lap before; both lie outside of what was just used.
     */
    private long positionOf(int event) {
        long lap = nextUsed - nextUsed % size;
        boolean isSameLap = (event >>> PackedLayout.EVENT_WRAP_SHIFT != 0) == isWrapSet(nextUsed);
        long offset = event & PackedLayout.EVENT_OFFSET_MASK;
        return isSameLap ? lap + offset : lap - size + offset;
    }

    /** Adds the buffers of the chain at {@link #nextAvail}; the last descriptor has its id. */
    private void walk(BufferChain chain, int firstFlags) throws VirtQueueException, GuestMemoryException {
        int flags = firstFlags;
        long position = nextAvail;
        while (true) {
            if (position - nextUsed >= size) {
                throw new VirtQueueException("a chain runs into descriptors that were not used yet, queue size is " + size);
            }
            long at = element(position);
            long addr = memory.readU64(at + PackedLayout.DESC_ADDR);
            long len = memory.readU32(at + PackedLayout.DESC_LEN);
            position++;
            if ((flags & PackedLayout.VIRTQ_DESC_F_INDIRECT) != 0) {
                walkIndirect(chain, addr, len, flags);
            } else {
                chain.add(memory, addr, len, (flags & PackedLayout.VIRTQ_DESC_F_WRITE) != 0);
            }
            if ((flags & PackedLayout.VIRTQ_DESC_F_NEXT) == 0) {
                chain.occupy((int) (position - nextAvail));
                chains.identify(chain, memory.readU16(at + PackedLayout.DESC_ID));
                return;
            }
            flags = memory.readU16(element(position) + PackedLayout.DESC_FLAGS);
        }
    }

    /** Section 2.8.7: the table's descriptors are used in order, and of their flags only WRITE counts, so they cannot nest. */
    private void walkIndirect(BufferChain chain, long table, long length, int flags) throws VirtQueueException, GuestMemoryException {
        if (!indirect) {
            throw new VirtQueueException("a chain has an indirect table that was not negotiated");
        }
        if ((flags & PackedLayout.VIRTQ_DESC_F_NEXT) != 0 || chain.descriptors() > 0) {
            throw new VirtQueueException("an indirect table is part of a longer chain");
        }
        if (length == 0 || length % PackedLayout.DESC_SIZE != 0 || length / PackedLayout.DESC_SIZE > size) {
            throw new VirtQueueException("a chain has an indirect table of " + length + " bytes, queue size is " + size);
        }
        for (long at = table; at != table + length; at += PackedLayout.DESC_SIZE) {
            boolean isWritable = (memory.readU16(at + PackedLayout.DESC_FLAGS) & PackedLayout.VIRTQ_DESC_F_WRITE) != 0;
            chain.add(memory, memory.readU64(at + PackedLayout.DESC_ADDR), memory.readU32(at + PackedLayout.DESC_LEN), isWritable);
        }
    }
}
