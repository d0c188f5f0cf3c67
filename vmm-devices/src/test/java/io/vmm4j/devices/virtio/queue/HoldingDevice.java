package io.vmm4j.devices.virtio.queue;

import io.vmm4j.devices.testing.ByteProgram;
import io.vmm4j.devices.virtio.ByteConfigSpace;
import io.vmm4j.devices.virtio.ConfigSpace;
import io.vmm4j.devices.virtio.VirtioActivation;
import io.vmm4j.devices.virtio.VirtioDevice;
import io.vmm4j.devices.virtio.VirtioDeviceType;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Does with its one queue what it is told, and checks that what it is lent keeps to the contract of {@link VirtQueue}. */
final class HoldingDevice implements VirtioDevice {

    private static final long MOST = 0xFFFF_FFFFL;

    private final ConfigSpace config = new ByteConfigSpace(0);
    private final List<DescriptorChain> held = new ArrayList<>();
    private VirtioActivation activation;
    private VirtQueue queue;
    private int pushed;
    /** The chain polled last, while nothing was pushed since. */
    private DescriptorChain undoable;

    @Override
    public VirtioDeviceType type() {
        return VirtioDeviceType.ENTROPY;
    }

    @Override
    public long deviceFeatures() {
        return 0;
    }

    @Override
    public int[] queueSizeMax() {
        return new int[] {1024};
    }

    @Override
    public ConfigSpace configSpace() {
        return config;
    }

    @Override
    public void activate(VirtioActivation newActivation) {
        activation = newActivation;
        pushed = 0;
        queue = newActivation.queues().get(0);
    }

    @Override
    public void onQueueNotify(int queueIndex) {
        poll();
    }

    @Override
    public void reset() {
        activation = null;
        queue = null;
        held.clear();
        undoable = null;
    }

    /** Chains given back since the last activation. */
    int pushed() {
        return pushed;
    }

    /** One thing that a device may do. */
    void act(ByteProgram program) {
        if (queue == null) {
            return;
        }
        try {
            switch (program.below(8)) {
                case 0, 1 -> poll();
                case 2, 3 -> push(program.u8());
                case 4 -> pushAll();
                case 5 -> undo();
                case 6 -> enable();
                default -> queue.disableNotifications();
            }
            if (queue != null && program.flag() && queue.needsInterrupt()) {
                activation.interrupt().usedBuffer(0);
            }
        } catch (VirtQueueException e) {
            fail();
        }
    }

    private void fail() {
        activation.interrupt().needsReset();
        queue = null;
    }

    private void poll() {
        if (queue == null) {
            return;
        }
        try {
            DescriptorChain chain = queue.poll();
            if (chain != null) {
                held.add(chain);
                undoable = chain;
                check(chain);
            }
        } catch (VirtQueueException e) {
            fail();
        }
    }

    private void check(DescriptorChain chain) {
        if (held.size() > queue.size()) {
            throw new AssertionError(held.size() + " chains are held of a queue of " + queue.size());
        }
        Set<Integer> ids = new HashSet<>();
        held.forEach(each -> ids.add(each.id()));
        if (ids.size() != held.size()) {
            throw new AssertionError("buffer " + chain.id() + " is held twice");
        }
        long readable = 0;
        for (int i = 0; i < chain.readableCount(); i++) {
            readable += chain.readable(i).remaining();
        }
        long writable = 0;
        for (int i = 0; i < chain.writableCount(); i++) {
            writable += chain.writable(i).remaining();
        }
        if (readable != chain.readableLength() || writable != chain.writableLength() || readable + writable > MOST) {
            throw new AssertionError("views of " + readable + " and " + writable + " bytes for a chain of " + chain.readableLength()
                + " and " + chain.writableLength());
        }
    }

    private void push(int choice) throws VirtQueueException {
        if (!held.isEmpty()) {
            DescriptorChain chain = held.remove(choice % held.size());
            undoable = null;
            queue.pushUsed(chain, chain.writableLength());
            pushed++;
        }
    }

    private void pushAll() throws VirtQueueException {
        DescriptorChain[] chains = held.toArray(DescriptorChain[]::new);
        held.clear();
        undoable = null;
        queue.pushUsed(chains, new long[chains.length], chains.length);
        pushed += chains.length;
    }

    private void undo() {
        if (undoable != null) {
            held.remove(undoable);
            undoable = null;
            queue.undoPoll();
        }
    }

    private void enable() throws VirtQueueException {
        if (queue.enableNotifications()) {
            poll();
        }
    }
}
