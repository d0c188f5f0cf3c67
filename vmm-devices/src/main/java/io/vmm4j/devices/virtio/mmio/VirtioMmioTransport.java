package io.vmm4j.devices.virtio.mmio;

import io.vmm4j.devices.bus.BusDevice;
import io.vmm4j.devices.irq.InterruptLine;
import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import io.vmm4j.devices.state.Stateful;
import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.virtio.ConfigSpace;
import io.vmm4j.devices.virtio.DeviceContract;
import io.vmm4j.devices.virtio.DeviceStatus;
import io.vmm4j.devices.virtio.VirtioActivation;
import io.vmm4j.devices.virtio.VirtioDevice;
import io.vmm4j.devices.virtio.VirtioFeatures;
import io.vmm4j.devices.virtio.queue.VirtQueue;
import io.vmm4j.devices.virtio.queue.VirtQueueException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntBinaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Virtio over MMIO, version 2: virtio 1.2 section 4.2. Makes any {@link VirtioDevice} a window of registers.
 *
 * <p>Register accesses come from vCPU threads. The negotiation registers and writes to Status are guarded by one lock, which nobody holds
 * who waits; reading Status and InterruptStatus and writing InterruptACK and QueueNotify take none. DRIVER_OK builds the queues and has the
 * loop activate the device; writing 0 to Status has the loop reset it. Status reads 0, and QueueReady of a queue taken back, once no buffer
 * of the guest is touched any more; the loop waits for neither, a vCPU for a moment (see {@link VcpuPatience}).
 *
 * <p>Deviations: accesses to control registers that are not 4 bytes wide and aligned read 0 and are dropped on writing. A driver that begins
 * anew before Status reads 0 is let, as Linux's needs it: its device is activated when the reset is over.
 *
 * <p>It is saved and restored with its device. Both, and what follows a restore, are called on the event loop while that serves nobody, or
 * before it runs. A device with loops of its own for queues serves nothing either: {@code VirtioBlk.pause()} has ended, or they do not run yet.
 */
public final class VirtioMmioTransport implements BusDevice, Stateful {

    private static final Logger LOG = LoggerFactory.getLogger(VirtioMmioTransport.class);

    /** Captures nothing, so that an acknowledgement allocates nothing. */
    private static final IntBinaryOperator CLEAR_CAUSES = (causes, acknowledged) -> causes & ~acknowledged;
    private static final int REGISTER_WIDTH = 4;
    private static final long REGISTER_MASK = 0xFFFF_FFFFL;
    private static final long TRANSPORT_FEATURES = VirtioFeatures.mask(VirtioFeatures.VIRTIO_F_VERSION_1)
            | VirtioFeatures.mask(VirtioFeatures.VIRTIO_F_INDIRECT_DESC)
            | VirtioFeatures.mask(VirtioFeatures.VIRTIO_F_EVENT_IDX)
            | VirtioFeatures.mask(VirtioFeatures.VIRTIO_F_RING_PACKED);

    /** What a driver does to the status on its way, section 3.1.1; what it reads of it while it waits for a reset. */
    private static final int STEPS = DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER | DeviceStatus.FEATURES_OK | DeviceStatus.DRIVER_OK;
    private static final CompletableFuture<Void> NOTHING = CompletableFuture.completedFuture(null);

    private final VirtioDevice device;
    private final GuestMemory memory;
    private final InterruptLine line;
    private final EventLoop loop;
    private final ConfigSpace config;
    private final FeatureWords features;
    private final QueueRegisters queues;
    private final DeferredNotify[] notifies;
    private final LoopActions actions;

    private final AtomicInteger status = new AtomicInteger();
    private final AtomicInteger interruptStatus = new AtomicInteger();
    private final AtomicInteger configGeneration = new AtomicInteger();
    /** The activation in force, from the write of DRIVER_OK to that of 0. */
    private volatile DeviceSession session;
    /** The driver has written to the configuration space since the device was reset last. */
    private volatile boolean isConfigWritten;
    private final Object lock = new Object();
    /** The configuration's generation when the driver began to look at it. */
    private int firstGeneration;
    /** Completes when the device has quiesced after all sessions that were ended. */
    private CompletableFuture<Void> ending = CompletableFuture.completedFuture(null);
    /** What {@link #ending} stands for was taken note of. */
    private boolean isQuiesced = true;
    /** The driver has written 0 to Status and waits to read it. */
    private boolean isResetting;
    private boolean warned;

    /**
     * @param device what the window controls
     * @param memory guest RAM, where queues and buffers are
     * @param line   the device's interrupt
     * @param loop   the thread that owns the device
     * @throws IllegalArgumentException when the device is none that can be offered, see {@link DeviceContract}
     */
    public VirtioMmioTransport(VirtioDevice device, GuestMemory memory, InterruptLine line, EventLoop loop) {
        DeviceContract.problemOf(device).ifPresent(problem -> {
            throw new IllegalArgumentException("virtio device " + device.type() + ": " + problem);
        });
        this.device = device;
        this.memory = memory;
        this.line = line;
        this.loop = loop;
        this.config = device.configSpace();
        this.firstGeneration = config.generation();
        this.features = new FeatureWords(device.deviceFeatures() | TRANSPORT_FEATURES);
        int[] sizes = device.queueSizeMax();
        this.queues = new QueueRegisters(sizes);
        this.actions = new LoopActions(loop);
        this.notifies = new DeferredNotify[sizes.length];
        for (int i = 0; i < sizes.length; i++) {
            notifies[i] = new DeferredNotify(this, loop, i);
        }
    }

    /**
     * An available buffer notification for queue {@code index}. Called on the event loop, or on the loop that the device
     * has for that queue, as when the queue's ioeventfd fires; ignored while the device is not live.
     */
    public void notifyQueue(int index) {
        DeviceSession current = session;
        if (current != null && index >= 0 && index < notifies.length) {
            current.notifyQueue(index);
        }
    }

    /** Whether a driver has said that it is ready, and has neither failed nor begun a reset since. Any thread. */
    public boolean isDriven() {
        synchronized (lock) {
            return hasStatus(DeviceStatus.DRIVER_OK) && !isResetting && !hasStatus(DeviceStatus.FAILED);
        }
    }

    @Override
    public long read(long offset, int width) {
        if (offset >= VirtioMmioRegisters.CONFIG) {
            return isConfigWidth(width) ? config.read(offset - VirtioMmioRegisters.CONFIG, width) : 0;
        }
        if (!isRegister(offset, width)) {
            return 0;
        }
        return switch ((int) offset) {
            case VirtioMmioRegisters.INTERRUPT_STATUS -> interruptStatus.get();
            case VirtioMmioRegisters.STATUS -> status.get();
            case VirtioMmioRegisters.QUEUE_READY -> readQueueReady();
            default -> readGuarded((int) offset) & REGISTER_MASK;
        };
    }

    @Override
    public void write(long offset, int width, long value) {
        if (offset >= VirtioMmioRegisters.CONFIG) {
            if (isConfigWidth(width)) {
                config.write(offset - VirtioMmioRegisters.CONFIG, width, value);
                isConfigWritten = true;
            }
            return;
        }
        if (!isRegister(offset, width)) {
            return;
        }
        long word = value & REGISTER_MASK;
        switch ((int) offset) {
            case VirtioMmioRegisters.QUEUE_NOTIFY -> deferNotify(word);
            case VirtioMmioRegisters.INTERRUPT_ACK -> interruptStatus.getAndAccumulate((int) word, CLEAR_CAUSES);
            default -> VcpuPatience.await(writeGuarded((int) offset, word), loop);
        }
    }

    private static boolean isRegister(long offset, int width) {
        return offset >= 0 && width == REGISTER_WIDTH && offset % REGISTER_WIDTH == 0;
    }

    private static boolean isConfigWidth(int width) {
        return width == 1 || width == 2 || width == 4 || width == 8;
    }

    private long readGuarded(int offset) {
        synchronized (lock) {
            return switch (offset) {
                case VirtioMmioRegisters.MAGIC_VALUE -> VirtioMmioRegisters.MAGIC;
                case VirtioMmioRegisters.VERSION -> VirtioMmioRegisters.VERSION_2;
                case VirtioMmioRegisters.DEVICE_ID -> device.type().id();
                case VirtioMmioRegisters.VENDOR_ID -> VirtioMmioRegisters.VENDOR;
                case VirtioMmioRegisters.DEVICE_FEATURES -> features.readOffered();
                case VirtioMmioRegisters.QUEUE_NUM_MAX -> queues.sizeMax();
                case VirtioMmioRegisters.SHM_LEN_LOW, VirtioMmioRegisters.SHM_LEN_HIGH,
                        VirtioMmioRegisters.SHM_BASE_LOW, VirtioMmioRegisters.SHM_BASE_HIGH -> REGISTER_MASK;
                case VirtioMmioRegisters.CONFIG_GENERATION -> configGeneration.get() + config.generation();
                default -> 0;
            };
        }
    }

    /** Section 4.2.2.2: 0 only once the queue is quiet. */
    private long readQueueReady() {
        CompletableFuture<Void> quiescence;
        synchronized (lock) {
            QueueConfig queue = queues.selectedQueue();
            if (queue == null) {
                return 0;
            }
            if (queue.ready) {
                return 1;
            }
            quiescence = queue.letGo();
        }
        return VcpuPatience.await(quiescence, loop) ? 0 : 1;
    }

    /** Returns what the vCPU is to wait for. */
    private CompletableFuture<Void> writeGuarded(int offset, long value) {
        synchronized (lock) {
            switch (offset) {
                case VirtioMmioRegisters.DEVICE_FEATURES_SEL -> features.selectOffered(value);
                case VirtioMmioRegisters.DRIVER_FEATURES_SEL -> features.selectAccepted(value);
                case VirtioMmioRegisters.DRIVER_FEATURES -> writeDriverFeatures(value);
                case VirtioMmioRegisters.QUEUE_SEL -> queues.select(value);
                case VirtioMmioRegisters.STATUS -> {
                    writeStatus((int) value);
                    return value == 0 ? ending : NOTHING;
                }
                case VirtioMmioRegisters.QUEUE_READY -> {
                    return writeQueueReady(value);
                }
                default -> writeQueueField(offset, value);
            }
            return NOTHING;
        }
    }

    private boolean hasStatus(int bit) {
        return (status.get() & bit) != 0;
    }

    /** Section 2.2: what was accepted is settled once FEATURES_OK is set. */
    private void writeDriverFeatures(long value) {
        if (!hasStatus(DeviceStatus.FEATURES_OK)) {
            features.writeAccepted(value);
        }
    }

    /** A device that is live keeps the layout it has. */
    private void writeQueueField(int offset, long value) {
        if (!hasStatus(DeviceStatus.DRIVER_OK)) {
            queues.write(offset, value);
        }
    }

    /** The layout is judged at DRIVER_OK, when the features that shape it are settled. */
    private CompletableFuture<Void> writeQueueReady(long value) {
        QueueConfig queue = queues.selectedQueue();
        if (queue == null || queue.sizeMax == 0) {
            return NOTHING;
        }
        if (value == 0) {
            queue.ready = false;
            if (queue.live != null && queue.takeBack()) {
                queue.letGoBy(session == null ? ending : session.stopQueue(actions, (int) queues.selected()));
            }
            return queue.letGo();
        }
        if (value == 1 && !hasStatus(DeviceStatus.DRIVER_OK)) {
            queue.ready = true;
        }
        return NOTHING;
    }

    /** Section 3.1.1: each step needs the one before it; bits are only added, but for the reset. */
    private void writeStatus(int value) {
        if (value == 0) {
            reset();
            return;
        }
        if (isResetting) {
            if ((value & DeviceStatus.ACKNOWLEDGE) == 0) {
                return;
            }
            isResetting = false; // the driver does not wait
            status.set(DeviceStatus.ACKNOWLEDGE);
        }
        if (hasStatus(DeviceStatus.FAILED)) {
            return;
        }
        if ((value & DeviceStatus.FAILED) != 0) {
            addStatus(DeviceStatus.FAILED);
            abandon();
            return;
        }
        if ((value & DeviceStatus.ACKNOWLEDGE) != 0) {
            addStatus(DeviceStatus.ACKNOWLEDGE);
        }
        if ((value & DeviceStatus.DRIVER) != 0 && hasStatus(DeviceStatus.ACKNOWLEDGE)) {
            addStatus(DeviceStatus.DRIVER);
        }
        if ((value & DeviceStatus.FEATURES_OK) != 0 && hasStatus(DeviceStatus.DRIVER) && features.areAcceptable()) {
            addStatus(DeviceStatus.FEATURES_OK);
        }
        if ((value & DeviceStatus.DRIVER_OK) != 0 && hasStatus(DeviceStatus.FEATURES_OK) && !hasStatus(DeviceStatus.DRIVER_OK)) {
            addStatus(DeviceStatus.DRIVER_OK);
            activate();
        }
    }

    private void addStatus(int bit) {
        status.getAndUpdate(old -> old | bit);
    }

    private void activate() {
        MmioInterrupt interrupt = new MmioInterrupt(status, interruptStatus, configGeneration, line);
        List<VirtQueue> live;
        try {
            live = queues.open(memory, features.accepted());
        } catch (VirtQueueException e) {
            if (!warned) {
                LOG.warn("virtio {}: the driver set up a queue that cannot work, device needs reset: {}", device.type(), e.getMessage());
            }
            warned = true;
            interrupt.needsReset();
            return;
        }
        session = newSession(live, interrupt);
        if (isQuiesced) {
            session.start(loop);
        }
    }

    private DeviceSession newSession(List<VirtQueue> live, MmioInterrupt interrupt) {
        return new DeviceSession(device, new VirtioActivation(memory, live, interrupt, features.accepted()), interrupt, firstGeneration);
    }

    /** FAILED: the driver will not come back before a reset, so the device stops, though nobody waits for it. */
    private void abandon() {
        DeviceSession last = session;
        session = null;
        if (last != null && last.isStarted()) { // else the device has never heard of it
            isConfigWritten = false;
            endBy(last.end(actions));
        }
    }

    /** {@link #ending} completes behind what is done about the end, so that who has waited for it finds the registers right. */
    private void endBy(CompletableFuture<Void> end) {
        CompletableFuture<Void> all = CompletableFuture.allOf(ending, end);
        CompletableFuture<Void> noted = new CompletableFuture<>();
        isQuiesced = false;
        ending = noted;
        all.thenRun(() -> {
            quiesced(noted);
            noted.complete(null);
        });
    }

    /** Status reads something else until the device has let go of the guest's memory. */
    private void reset() {
        int before = status.get();
        abandon();
        if (isConfigWritten && isQuiesced) {
            resetIdle();
        }
        queues.reset(ending);
        firstGeneration = config.generation();
        features.reset();
        interruptStatus.set(0);
        isResetting = !isQuiesced;
        status.set(isResetting ? before & STEPS | DeviceStatus.ACKNOWLEDGE : 0);
    }

    /** Undoes what a driver has written that did not get as far as to use the device. */
    private void resetIdle() {
        isConfigWritten = false;
        endBy(DeviceSession.resetIdle(device, actions));
    }

    /** The device has quiesced after the end {@code which}; any thread. However often it is reset until then, one more end follows at most. */
    private void quiesced(CompletableFuture<Void> which) {
        synchronized (lock) {
            if (ending != which) {
                return; // of an end before the last
            }
            if (isResetting && isConfigWritten) {
                resetIdle();
                return;
            }
            isQuiesced = true;
            if (!hasStatus(DeviceStatus.FAILED)) {
                interruptStatus.set(0);
            }
            if (isResetting) {
                isResetting = false;
                firstGeneration = config.generation();
                status.set(0);
            }
            if (session != null) {
                session.start(loop);
            }
        }
    }

    private void deferNotify(long index) {
        if (index < notifies.length && session != null) {
            notifies[(int) index].request();
        }
    }

    /** Why the device cannot be in a snapshot, in one line that names it; empty when it can. Any thread. */
    public Optional<String> whyNotSaved() {
        return device.stateful().isPresent() ? Optional.empty() : Optional.of("virtio device " + device.type() + " cannot be saved");
    }

    /** A reset that the driver waits for counts as over: the device has nothing of the guest's in work any more. */
    @Override
    public State saveState() {
        Stateful saved = device.stateful().orElseThrow(() -> new IllegalStateException(whyNotSaved().orElseThrow()));
        actions.catchUp();
        DeviceSession current = session;
        if (current != null) {
            current.catchUp();
        }
        State.Builder state = State.builder().put("type", device.type().id()).put("device", saved.saveState());
        synchronized (lock) {
            SavedRegisters registers = new SavedRegisters(isResetting ? 0 : status.get(), isResetting ? 0 : interruptStatus.get(),
                    configGeneration.get() + config.generation(), queues.selected(), isConfigWritten && !isResetting,
                    !isResetting && config.generation() != firstGeneration, session != null);
            registers.addTo(state);
            state.put("features", features.saveState());
            state.put("queues", queues.saveState(registers.isServing()));
        }
        return state.build();
    }

    /** The device is reset and becomes the saved one; no thread waits for another. */
    @Override
    public void restoreState(State state) throws StateException {
        Stateful saved = device.stateful().orElseThrow(() -> new StateException(whyNotSaved().orElseThrow()));
        try {
            state.integer("type", device.type().id(), device.type().id());
            SavedRegisters registers = SavedRegisters.of(state);
            List<State> queueStates = state.parts("queues", notifies.length, notifies.length);
            clear();
            DeviceSession next;
            synchronized (lock) {
                next = takeRegisters(registers, state.part("features"), queueStates);
            }
            if (registers.isServing()) {
                next.takeUp();
            }
            saved.restoreState(state.part("device"));
            synchronized (lock) {
                // As the driver has seen it, and on by what the device has just told it of.
                configGeneration.getAndAdd(registers.generation() - config.generation());
                firstGeneration = config.generation() - (registers.isConfigChanged() ? 1 : 0);
            }
        } catch (StateException e) {
            clear();
            throw e.in("virtio " + device.type());
        }
    }

    /** Every queue is looked at once, for a notification of the guest's may be lost, and the interrupt is raised once more that may be too. */
    @Override
    public void afterRestore() {
        device.stateful().ifPresent(Stateful::afterRestore);
        DeviceSession current = session;
        if (current != null) {
            current.kick(loop);
        }
        if (interruptStatus.get() != 0) {
            line.trigger();
        }
    }

    /** Ends at once what was before. */
    private void clear() {
        actions.catchUp();
        boolean wasUsed;
        synchronized (lock) {
            wasUsed = session != null || isConfigWritten || !isQuiesced;
            if (session != null) {
                session.drop();
                session = null;
            }
            ending = NOTHING; // what still ends of it is none of the next
            isQuiesced = true;
            isResetting = false;
            isConfigWritten = false;
            queues.reset(NOTHING);
            features.reset();
            status.set(0);
            interruptStatus.set(0);
            configGeneration.set(0);
        }
        if (wasUsed) {
            device.beginReset(() -> { });
        }
    }

    private DeviceSession takeRegisters(SavedRegisters registers, State featureState, List<State> queueStates) throws StateException {
        features.restoreState(featureState, registers.areFeaturesSettled());
        queues.select(registers.queueSel());
        List<VirtQueue> live = queues.restoreState(queueStates, registers.isServing(), memory, features.accepted());
        isConfigWritten = registers.isConfigWritten();
        interruptStatus.set(registers.causes());
        status.set(registers.status());
        if (registers.isLive()) {
            session = newSession(live, new MmioInterrupt(status, interruptStatus, configGeneration, line));
            session.takeOver();
        }
        return session;
    }
}
