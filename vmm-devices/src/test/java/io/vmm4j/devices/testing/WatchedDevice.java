package io.vmm4j.devices.testing;

import io.vmm4j.devices.state.Stateful;
import io.vmm4j.devices.virtio.ConfigSpace;
import io.vmm4j.devices.virtio.VirtioActivation;
import io.vmm4j.devices.virtio.VirtioDevice;
import io.vmm4j.devices.virtio.VirtioDeviceType;
import io.vmm4j.devices.virtio.VirtioInterrupt;
import io.vmm4j.devices.virtio.queue.DescriptorChain;
import io.vmm4j.devices.virtio.queue.QueueAddresses;
import io.vmm4j.devices.virtio.queue.VirtQueue;
import io.vmm4j.devices.virtio.queue.VirtQueueException;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A device whose every use of what an activation gives it is looked at: none of it is used, nor kept, once the device is reset,
 * and a chain is given back once, with a length that it has room for. What is wrong is thrown as an {@link AssertionError} where
 * it is done, and again by {@link #check}, lest the device catch it. Confined to the loop, but for what a device says of its end.
 */
final class WatchedDevice implements VirtioDevice {

    private static final String AFTER_RESET = "the device was reset before";

    private final VirtioDevice device;
    private final List<AssertionError> faults = new CopyOnWriteArrayList<>();
    /** What the device is to have let go of. */
    private final List<WeakReference<Object>> given = new ArrayList<>();
    private Session session;

    WatchedDevice(VirtioDevice device) {
        this.device = device;
    }

    /** Throws what was found first, if anything was. */
    void check() {
        if (!faults.isEmpty()) {
            throw faults.get(0);
        }
    }

    private AssertionError fault(String what) {
        AssertionError fault = new AssertionError(what);
        faults.add(fault);
        return fault;
    }

    @Override
    public VirtioDeviceType type() {
        return device.type();
    }

    @Override
    public long deviceFeatures() {
        return device.deviceFeatures();
    }

    @Override
    public int[] queueSizeMax() {
        return device.queueSizeMax();
    }

    @Override
    public ConfigSpace configSpace() {
        return device.configSpace();
    }

    @Override
    public void activate(VirtioActivation activation) {
        session = new Session();
        device.activate(session.watched(activation));
    }

    @Override
    public void onQueueNotify(int queueIndex) {
        device.onQueueNotify(queueIndex);
    }

    @Override
    public void reset() {
        device.reset();
        if (session != null) {
            session.end();
            session = null;
        }
    }

    @Override
    public void beginReset(Runnable quiesced) {
        Session last = session;
        session = null;
        device.beginReset(once("its reset is over", () -> {
            if (last != null) {
                last.end();
            }
            quiesced.run();
        }));
    }

    @Override
    public void beginQueueStop(int queueIndex, Runnable quiesced) {
        device.beginQueueStop(queueIndex, once("queue " + queueIndex + " is quiet", quiesced));
    }

    @Override
    public OptionalLong ringFeaturesElsewhere() {
        return device.ringFeaturesElsewhere();
    }

    @Override
    public Optional<Stateful> stateful() {
        return device.stateful();
    }

    private Runnable once(String what, Runnable action) {
        AtomicBoolean isSaid = new AtomicBoolean();
        return () -> {
            if (isSaid.getAndSet(true)) {
                throw fault("the device says twice that " + what);
            }
            action.run();
        };
    }

    /**
     * Throws unless the device has let go of all that its activations gave it, by what the garbage collector finds; says nothing
     * where that does not run when asked.
     */
    void expectDropped() {
        WeakReference<Object> garbage = new WeakReference<>(new Object());
        for (int i = 0; i < 20 && (garbage.get() != null || kept() != null); i++) {
            System.gc();
        }
        String kept = kept();
        if (garbage.get() == null && kept != null) {
            throw fault("the device still holds " + kept + " of an activation that its reset ended");
        }
        given.clear();
    }

    private String kept() {
        return given.stream().map(WeakReference::get).filter(object -> object != null).findFirst()
                .map(object -> object instanceof VirtioActivation ? "the activation" : object.toString()).orElse(null);
    }

    /** From an activation to its reset. */
    private final class Session {

        private GuardedMemory memory;
        private volatile boolean ended;

        VirtioActivation watched(VirtioActivation activation) {
            memory = new GuardedMemory(activation.memory(), what -> fault(what));
            List<VirtQueue> queues = new ArrayList<>();
            for (VirtQueue queue : activation.queues()) {
                queues.add(queue == null ? null : remember(new Queue(this, queue, queues.size())));
            }
            return remember(new VirtioActivation(remember(memory), queues, remember(new Interrupt(this, activation.interrupt())), activation.driverFeatures()));
        }

        private <T> T remember(T object) {
            given.add(new WeakReference<>(object));
            return object;
        }

        void end() {
            ended = true;
            memory.close(AFTER_RESET);
            memory = null;
        }

        void require(String use) {
            if (ended) {
                throw fault(use + ": " + AFTER_RESET);
            }
        }
    }

    /** The device's side of a queue. */
    private final class Queue implements VirtQueue {

        private final Session owner;
        private final VirtQueue queue;
        private final int index;

        Queue(Session owner, VirtQueue queue, int index) {
            this.owner = owner;
            this.queue = queue;
            this.index = index;
        }

        private VirtQueue open(String call) {
            owner.require(call + " of queue " + index);
            return queue;
        }

        @Override
        public int size() {
            return queue.size();
        }

        @Override
        public Optional<QueueAddresses> addresses() {
            return queue.addresses();
        }

        @Override
        public boolean isStopped() {
            return open("isStopped()").isStopped();
        }

        @Override
        public DescriptorChain poll() throws VirtQueueException {
            return open("poll()").poll();
        }

        @Override
        public void undoPoll() {
            open("undoPoll()").undoPoll();
        }

        @Override
        public void pushUsed(DescriptorChain chain, long bytesWritten) throws VirtQueueException {
            requireRoom(chain, bytesWritten);
            open("pushUsed()").pushUsed(chain, bytesWritten);
        }

        @Override
        public void pushUsed(DescriptorChain[] chains, long[] bytesWritten, int count) throws VirtQueueException {
            for (int i = 0; i < count; i++) {
                requireRoom(chains[i], bytesWritten[i]);
            }
            open("pushUsed()").pushUsed(chains, bytesWritten, count);
        }

        private void requireRoom(DescriptorChain chain, long bytesWritten) {
            if (bytesWritten < 0 || bytesWritten > chain.writableLength()) {
                throw fault("chain " + chain.id() + " of queue " + index + " is given back with " + bytesWritten + " bytes written, and has room for "
                        + chain.writableLength());
            }
        }

        @Override
        public boolean needsInterrupt() throws VirtQueueException {
            return open("needsInterrupt()").needsInterrupt();
        }

        @Override
        public boolean enableNotifications() throws VirtQueueException {
            return open("enableNotifications()").enableNotifications();
        }

        @Override
        public void disableNotifications() throws VirtQueueException {
            open("disableNotifications()").disableNotifications();
        }

        @Override
        public String toString() {
            return "queue " + index;
        }
    }

    /** The device's way to its driver. */
    private static final class Interrupt implements VirtioInterrupt {

        private final Session owner;
        private final VirtioInterrupt interrupt;

        Interrupt(Session owner, VirtioInterrupt interrupt) {
            this.owner = owner;
            this.interrupt = interrupt;
        }

        @Override
        public void usedBuffer(int queueIndex) {
            owner.require("usedBuffer(" + queueIndex + ")");
            interrupt.usedBuffer(queueIndex);
        }

        @Override
        public void configChanged() {
            owner.require("configChanged()");
            interrupt.configChanged();
        }

        @Override
        public void needsReset() {
            owner.require("needsReset()");
            interrupt.needsReset();
        }

        @Override
        public String toString() {
            return "the interrupt";
        }
    }
}
