package io.vmm4j.devices.virtio.mmio;

import io.vmm4j.devices.irq.InterruptLine;
import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import io.vmm4j.devices.state.Stateful;
import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.virtio.ConfigSpace;
import io.vmm4j.devices.virtio.DeviceStatus;
import io.vmm4j.devices.virtio.VirtioActivation;
import io.vmm4j.devices.virtio.VirtioDevice;
import io.vmm4j.devices.virtio.queue.VirtQueue;
import io.vmm4j.devices.virtio.queue.VirtQueueException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The status of a device, its sessions one after the other, and their saving and restoring. The transport's lock guards it, and is held by
 * who calls, but for the methods that say otherwise.
 */
final class DeviceLife implements Stateful {

    private static final Logger LOG = LoggerFactory.getLogger(DeviceLife.class);

    /** What a driver does to the status on its way, section 3.1.1; what it reads of it while it waits for a reset. */
    private static final int STEPS = DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER | DeviceStatus.FEATURES_OK | DeviceStatus.DRIVER_OK;
    private static final CompletableFuture<Void> NOTHING = CompletableFuture.completedFuture(null);

    private final VirtioDevice device;
    private final GuestMemory memory;
    private final InterruptLine line;
    private final EventLoop loop;
    private final LoopActions actions;
    private final ConfigSpace config;
    private final FeatureWords features;
    private final QueueRegisters queues;
    private final Object lock;

    private final AtomicInteger status = new AtomicInteger();
    private final AtomicInteger interruptStatus = new AtomicInteger();
    private final AtomicInteger configGeneration = new AtomicInteger();
    /** The activation in force, from the write of DRIVER_OK to that of 0. */
    private volatile DeviceSession session;
    /** The driver has written to the configuration space since the device was reset last. */
    private volatile boolean isConfigWritten;
    /** The configuration's generation when the driver began to look at it. */
    private int firstGeneration;
    /** Completes when the device has quiesced after all sessions that were ended. */
    private CompletableFuture<Void> ending = CompletableFuture.completedFuture(null);
    /** What {@link #ending} stands for was taken note of. */
    private boolean isQuiesced = true;
    /** The driver has written 0 to Status and waits to read it. */
    private boolean isResetting;
    private boolean warned;

    /** @param lock the transport's */
    DeviceLife(VirtioDevice device, GuestMemory memory, InterruptLine line, EventLoop loop, FeatureWords features, QueueRegisters queues, Object lock) {
        this.device = device;
        this.memory = memory;
        this.line = line;
        this.loop = loop;
        this.actions = new LoopActions(loop);
        this.config = device.configSpace();
        this.features = features;
        this.queues = queues;
        this.lock = lock;
        this.firstGeneration = config.generation();
    }

    /** The activation in force, or {@code null}. Any thread. */
    DeviceSession session() {
        return session;
    }

    /** InterruptStatus. Any thread. */
    AtomicInteger interruptStatus() {
        return interruptStatus;
    }

    /** Status as the driver reads it. Any thread. */
    int status() {
        return status.get();
    }

    /** ConfigGeneration. Any thread. */
    int generation() {
        return configGeneration.get() + config.generation();
    }

    /** The driver has written to the configuration space. Any thread. */
    void configWritten() {
        isConfigWritten = true;
    }

    /** Whether a driver has said that it is ready, and has neither failed nor begun a reset since. */
    boolean isDriven() {
        return hasStatus(DeviceStatus.DRIVER_OK) && !isResetting && !hasStatus(DeviceStatus.FAILED);
    }

    /** Completes when the device has let go of all that it had before now. */
    CompletableFuture<Void> ending() {
        return ending;
    }

    /** Completes when the device has let go of the selected queue, which is stopped. */
    CompletableFuture<Void> stopQueue() {
        return session == null ? ending : session.stopQueue(actions, (int) queues.selected());
    }

    /** Any thread. */
    boolean hasStatus(int bit) {
        return (status.get() & bit) != 0;
    }

    /** Section 3.1.1: each step needs the one before it; bits are only added, but for the reset. */
    void writeStatus(int value) {
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

    /** Why the device cannot be in a snapshot, in one line that names it; empty when it can. Any thread. */
    Optional<String> whyNotSaved() {
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
            List<State> queueStates = state.parts("queues", queues.count(), queues.count());
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
