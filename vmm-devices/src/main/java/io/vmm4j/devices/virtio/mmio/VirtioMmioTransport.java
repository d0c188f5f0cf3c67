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
import io.vmm4j.devices.virtio.VirtioDevice;
import io.vmm4j.devices.virtio.VirtioFeatures;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntBinaryOperator;

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

    /** Captures nothing, so that an acknowledgement allocates nothing. */
    private static final IntBinaryOperator CLEAR_CAUSES = (causes, acknowledged) -> causes & ~acknowledged;
    private static final int REGISTER_WIDTH = 4;
    private static final long REGISTER_MASK = 0xFFFF_FFFFL;
    private static final long TRANSPORT_FEATURES = VirtioFeatures.mask(VirtioFeatures.VIRTIO_F_VERSION_1)
            | VirtioFeatures.mask(VirtioFeatures.VIRTIO_F_INDIRECT_DESC)
            | VirtioFeatures.mask(VirtioFeatures.VIRTIO_F_EVENT_IDX)
            | VirtioFeatures.mask(VirtioFeatures.VIRTIO_F_RING_PACKED);

    private static final long ALWAYS_OFFERED = VirtioFeatures.mask(VirtioFeatures.VIRTIO_F_VERSION_1);
    private static final CompletableFuture<Void> NOTHING = CompletableFuture.completedFuture(null);

    private final VirtioDevice device;
    private final EventLoop loop;
    private final ConfigSpace config;
    private final FeatureWords features;
    private final QueueRegisters queues;
    private final DeferredNotify[] notifies;
    /** Who serves the queues raises interrupts that nobody here hears of. */
    private final boolean isServedElsewhere;

    private final DeviceLife life;
    /** InterruptStatus; acknowledged without a lock. */
    private final AtomicInteger interruptStatus;
    private final Object lock = new Object();

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
        this.loop = loop;
        this.config = device.configSpace();
        OptionalLong elsewhere = device.ringFeaturesElsewhere();
        this.isServedElsewhere = elsewhere.isPresent();
        this.features = new FeatureWords(device.deviceFeatures() | TRANSPORT_FEATURES & (elsewhere.orElse(-1) | ALWAYS_OFFERED));
        int[] sizes = device.queueSizeMax();
        this.queues = new QueueRegisters(sizes);
        this.life = new DeviceLife(device, memory, line, loop, features, queues, lock);
        this.interruptStatus = life.interruptStatus();
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
        DeviceSession current = life.session();
        if (current != null && index >= 0 && index < notifies.length) {
            current.notifyQueue(index);
        }
    }

    /** Whether a driver has said that it is ready, and has neither failed nor begun a reset since. Any thread. */
    public boolean isDriven() {
        synchronized (lock) {
            return life.isDriven();
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
            case VirtioMmioRegisters.INTERRUPT_STATUS -> interruptStatus.get() | causesElsewhere();
            case VirtioMmioRegisters.STATUS -> life.status();
            case VirtioMmioRegisters.QUEUE_READY -> readQueueReady();
            default -> readGuarded((int) offset) & REGISTER_MASK;
        };
    }

    @Override
    public void write(long offset, int width, long value) {
        if (offset >= VirtioMmioRegisters.CONFIG) {
            if (isConfigWidth(width)) {
                config.write(offset - VirtioMmioRegisters.CONFIG, width, value);
                life.configWritten();
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

    /** Section 4.2.2, InterruptStatus: set where an edge may have been another process'. */
    private int causesElsewhere() {
        return isServedElsewhere && life.session() != null ? VirtioMmioRegisters.INT_VRING : 0;
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
                case VirtioMmioRegisters.CONFIG_GENERATION -> life.generation();
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
                    life.writeStatus((int) value);
                    return value == 0 ? life.ending() : NOTHING;
                }
                case VirtioMmioRegisters.QUEUE_READY -> {
                    return writeQueueReady(value);
                }
                default -> writeQueueField(offset, value);
            }
            return NOTHING;
        }
    }

    /** Section 2.2: what was accepted is settled once FEATURES_OK is set. */
    private void writeDriverFeatures(long value) {
        if (!life.hasStatus(DeviceStatus.FEATURES_OK)) {
            features.writeAccepted(value);
        }
    }

    /** A device that is live keeps the layout it has. */
    private void writeQueueField(int offset, long value) {
        if (!life.hasStatus(DeviceStatus.DRIVER_OK)) {
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
                queue.letGoBy(life.stopQueue());
            }
            return queue.letGo();
        }
        if (value == 1 && !life.hasStatus(DeviceStatus.DRIVER_OK)) {
            queue.ready = true;
        }
        return NOTHING;
    }

    private void deferNotify(long index) {
        if (index < notifies.length && life.session() != null) {
            notifies[(int) index].request();
        }
    }

    /** Why the device cannot be in a snapshot, in one line that names it; empty when it can. Any thread. */
    public Optional<String> whyNotSaved() {
        return life.whyNotSaved();
    }

    /** A reset that the driver waits for counts as over: the device has nothing of the guest's in work any more. */
    @Override
    public State saveState() {
        return life.saveState();
    }

    /** The device is reset and becomes the saved one; no thread waits for another. */
    @Override
    public void restoreState(State state) throws StateException {
        life.restoreState(state);
    }

    /** Every queue is looked at once, for a notification of the guest's may be lost, and the interrupt is raised once more that may be too. */
    @Override
    public void afterRestore() {
        life.afterRestore();
    }
}
