package io.vmm4j.core.machine;

import io.vmm4j.core.block.SharedDisk;
import io.vmm4j.core.memory.FrozenMemory;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A machine that stood still: all that others need to go on from there. Immutable; counts those that hold it, and lets go of memory and disks with
 * the last. Thread-safe.
 */
public final class FrozenMachine {

    private static final Logger LOG = LoggerFactory.getLogger(FrozenMachine.class);

    private final MachineState state;
    private final FrozenMemory memory;
    private final Map<String, SharedDisk> disks;
    private final AtomicInteger holders = new AtomicInteger(1);

    /**
     * Held by the caller.
     *
     * @param memory held by the caller, who gives that hold away
     * @param disks  likewise: by drive id, what is not in an image alone
     */
    public FrozenMachine(MachineState state, FrozenMemory memory, Map<String, SharedDisk> disks) {
        this.state = state;
        this.memory = memory;
        this.disks = Map.copyOf(disks);
    }

    /** All but memory and disks. */
    public MachineState state() {
        return state;
    }

    /** The RAM. */
    public FrozenMemory memory() {
        return memory;
    }

    /** What drive {@code id} was on, where that is not in its image alone. */
    Optional<SharedDisk> disk(String id) {
        return Optional.ofNullable(disks.get(id));
    }

    /** The drives whose disks are not in an image alone. */
    public List<String> changedDrives() {
        return List.copyOf(new TreeSet<>(disks.keySet()));
    }

    /**
     * One more holder.
     *
     * @throws IllegalStateException when the last has let go
     */
    public FrozenMachine hold() {
        if (holders.getAndUpdate(count -> count == 0 ? 0 : count + 1) == 0) {
            throw new IllegalStateException("the snapshot is closed");
        }
        return this;
    }

    /** One holder less. */
    public void release() {
        if (holders.decrementAndGet() > 0) {
            return;
        }
        memory.release();
        for (SharedDisk disk : disks.values()) {
            try {
                disk.close();
            } catch (IOException e) {
                LOG.warn("a disk that several machines had was not closed in order: {}", e.getMessage());
            }
        }
    }
}
