package io.vmm4j.core.vhostuser;

import io.vmm4j.devices.memory.GuestMemoryException;
import io.vmm4j.devices.virtio.VirtioActivation;
import io.vmm4j.devices.virtio.queue.QueueAddresses;
import io.vmm4j.devices.virtio.queue.VirtQueue;
import io.vmm4j.kvm.libc.EventFd;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The queues of a device, split rings all, and how far back ends have come with them. Confined to the device's loop.
 *
 * <p>A back end that is told to stop says where it is. Of one that has gone the used ring says it: what it has not given back is to be done by the
 * next, which is right where it works in order, as network devices do, and where it keeps what is in work in memory that outlives it.
 */
final class Rings implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Rings.class);
    private static final int UNKNOWN = -1;
    /** Section 2.7.8 of virtio 1.2: { le16 flags; le16 idx; … }. */
    private static final int USED_IDX = 2;

    private final SharedRam ram;
    private final Wiring wiring;
    private final int[] bases;
    private final int queueSize;
    /** Those that a back end serves. */
    private final BitSet running = new BitSet();
    /** Null while no driver uses the device. */
    private VirtioActivation activation;
    private Optional<Inflight> inflight = Optional.empty();
    private Optional<EventFd> error = Optional.empty();

    /** @param sizes largest size of each queue */
    Rings(SharedRam ram, Wiring wiring, int[] sizes) {
        this.ram = ram;
        this.wiring = wiring;
        this.bases = new int[sizes.length];
        this.queueSize = Arrays.stream(sizes).max().orElseThrow();
    }

    /** A driver uses the device from now on. */
    void begin(VirtioActivation next) {
        activation = next;
        Arrays.fill(bases, 0);
    }

    /** The driver has gone; no queue is served. */
    void end() {
        activation = null;
        dropInflight();
    }

    private void dropInflight() {
        inflight.ifPresent(Inflight::close);
        inflight = Optional.empty();
    }

    /**
     * Has a back end serve the queues that the driver has, with features set. Those that it serves already it is done with first, and says how far.
     *
     * @return what it signals when it meets an error in one of them
     */
    EventFd start(BackEnd backEnd) throws IOException {
        stopAll(backEnd);
        backEnd.setMemory(ram);
        if (backEnd.hasInflight()) {
            keepInflight(backEnd);
        } else {
            dropInflight(); // the next back end would find there what this one has done long ago
        }
        EventFd call = wiring.newCall();
        EventFd errors = EventFd.create();
        error.ifPresent(EventFd::close);
        error = Optional.of(errors);
        List<BackEnd.Ring> rings = new ArrayList<>();
        for (int i = 0; i < bases.length; i++) {
            VirtQueue queue = activation.queues().get(i);
            if (queue != null && !queue.isStopped()) {
                QueueAddresses at = queue.addresses().orElseThrow();
                rings.add(new BackEnd.Ring(i, at, baseOf(i, at), wiring.newKick(i), call, errors));
                running.set(i);
            }
        }
        backEnd.start(rings);
        return errors;
    }

    private void keepInflight(BackEnd backEnd) throws VhostUserException {
        if (inflight.isEmpty()) {
            inflight = backEnd.newInflight(bases.length, queueSize);
        }
        if (inflight.isPresent()) {
            backEnd.setInflight(inflight.get());
        }
    }

    private int baseOf(int index, QueueAddresses at) throws IOException {
        if (bases[index] != UNKNOWN) {
            return bases[index];
        }
        try {
            return activation.memory().readU16(at.device() + USED_IDX);
        } catch (GuestMemoryException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    /** Has the back end be done with one queue, if it serves it. */
    void stop(BackEnd backEnd, int index) throws VhostUserException {
        if (running.get(index)) {
            bases[index] = backEnd.stop(index);
            running.clear(index);
        }
    }

    /** Has the back end be done with all queues. */
    void stopAll(BackEnd backEnd) throws VhostUserException {
        for (int i = running.nextSetBit(0); i >= 0; i = running.nextSetBit(i + 1)) {
            stop(backEnd, i);
        }
    }

    /** The back end has gone. */
    void lost() {
        running.clear();
        Arrays.fill(bases, UNKNOWN);
        try {
            wiring.cutCall();
        } catch (IOException e) {
            LOG.warn("a back end that has gone may still raise interrupts: {}", e.getMessage());
        }
    }

    /** The guest's notification of a queue has come by the register. */
    void notified(int index) {
        if (running.get(index)) {
            wiring.notified(index);
        }
    }

    @Override
    public void close() {
        dropInflight();
        error.ifPresent(EventFd::close);
    }
}
