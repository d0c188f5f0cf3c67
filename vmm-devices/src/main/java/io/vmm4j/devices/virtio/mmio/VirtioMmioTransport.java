package io.vmm4j.devices.virtio.mmio;

import io.vmm4j.devices.bus.BusDevice;
import io.vmm4j.devices.irq.InterruptLine;
import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.virtio.ConfigSpace;
import io.vmm4j.devices.virtio.DeviceContract;
import io.vmm4j.devices.virtio.DeviceStatus;
import io.vmm4j.devices.virtio.LoopBarrier;
import io.vmm4j.devices.virtio.VirtioActivation;
import io.vmm4j.devices.virtio.VirtioDevice;
import io.vmm4j.devices.virtio.VirtioFeatures;
import io.vmm4j.devices.virtio.queue.StoppableQueue;
import io.vmm4j.devices.virtio.queue.VirtQueue;
import io.vmm4j.devices.virtio.queue.VirtQueueException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntBinaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Virtio over MMIO, version 2: virtio 1.2 section 4.2. Makes any {@link VirtioDevice} a window of registers.
 *
 * <p>Register accesses come from vCPU threads. The negotiation registers and writes to Status are guarded by one lock; reading
 * Status and InterruptStatus and writing InterruptACK and QueueNotify take none, and nothing that runs on the event loop takes it.
 * DRIVER_OK builds the queues and has the loop activate the device; writing 0 to Status waits until the loop has reset it, so that after the write no buffer
 * of the guest is touched. The loop never waits for a vCPU, so the wait ends.
 *
 * <p>Deviations: accesses to control registers that are not 4 bytes wide and aligned read 0 and are dropped on writing.
 * A feature accepted in word 63 or beyond stays accepted until the reset. Taking QueueReady back while the device is live stops the queue at the next request, without waiting for the one in work.
 */
public final class VirtioMmioTransport implements BusDevice {

    private static final Logger LOG = LoggerFactory.getLogger(VirtioMmioTransport.class);

    /** Captures nothing, so that an acknowledgement allocates nothing. */
    private static final IntBinaryOperator CLEAR_CAUSES = (causes, acknowledged) -> causes & ~acknowledged;
    private static final int REGISTER_WIDTH = 4;
    private static final int LAST_WORD = Long.SIZE - 1;
    private static final long REGISTER_MASK = 0xFFFF_FFFFL;
    private static final long TRANSPORT_FEATURES = VirtioFeatures.mask(VirtioFeatures.VIRTIO_F_VERSION_1)
            | VirtioFeatures.mask(VirtioFeatures.VIRTIO_F_INDIRECT_DESC)
            | VirtioFeatures.mask(VirtioFeatures.VIRTIO_F_EVENT_IDX)
            | VirtioFeatures.mask(VirtioFeatures.VIRTIO_F_RING_PACKED);

    private final VirtioDevice device;
    private final GuestMemory memory;
    private final InterruptLine line;
    private final EventLoop loop;
    private final ConfigSpace config;
    private final QueueConfig[] queues;
    private final DeferredNotify[] notifies;

    private final AtomicInteger status = new AtomicInteger();
    private final AtomicInteger interruptStatus = new AtomicInteger();
    private final AtomicInteger configGeneration = new AtomicInteger();
    /** The activation in force, from the write of DRIVER_OK to that of 0. */
    private volatile DeviceSession session;
    /** The driver has written to the configuration space since the device was reset last. */
    private volatile boolean isConfigWritten;

    private final Object lock = new Object();
    private long deviceFeaturesSel;
    private long driverFeaturesSel;
    private long driverFeatures;
    /** Words of accepted features beyond the second that are not 0: bit i for word i, {@link #LAST_WORD} for all from there on. */
    private long driverFeaturesBeyond;
    private long queueSel;
    /** The configuration's generation when the driver began to look at it. */
    private int firstGeneration;
    /** The reset under way of a session that was ended. */
    private LoopBarrier ending;
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
        int[] sizes = device.queueSizeMax();
        this.queues = new QueueConfig[sizes.length];
        this.notifies = new DeferredNotify[sizes.length];
        for (int i = 0; i < sizes.length; i++) {
            queues[i] = new QueueConfig(sizes[i]);
            notifies[i] = new DeferredNotify(this, loop, i);
        }
    }

    /**
     * An available buffer notification for queue {@code index}. Called on the event loop, or on the loop that the device
     * has for that queue, as when the queue's ioeventfd fires; ignored while the device is not live.
     */
    public void notifyQueue(int index) {
        DeviceSession current = session;
        if (current != null && index >= 0 && index < queues.length) {
            current.notifyQueue(index);
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
            default -> writeGuarded((int) offset, word);
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
                case VirtioMmioRegisters.DEVICE_FEATURES -> deviceFeaturesSel > 1 ? 0 : offeredFeatures() >>> 32 * deviceFeaturesSel;
                case VirtioMmioRegisters.QUEUE_NUM_MAX -> hasSelectedQueue() ? selectedQueue().sizeMax : 0;
                case VirtioMmioRegisters.QUEUE_READY -> hasSelectedQueue() && selectedQueue().ready ? 1 : 0;
                case VirtioMmioRegisters.SHM_LEN_LOW, VirtioMmioRegisters.SHM_LEN_HIGH,
                        VirtioMmioRegisters.SHM_BASE_LOW, VirtioMmioRegisters.SHM_BASE_HIGH -> REGISTER_MASK;
                case VirtioMmioRegisters.CONFIG_GENERATION -> configGeneration.get() + config.generation();
                default -> 0;
            };
        }
    }

    private void writeGuarded(int offset, long value) {
        synchronized (lock) {
            switch (offset) {
                case VirtioMmioRegisters.DEVICE_FEATURES_SEL -> deviceFeaturesSel = value;
                case VirtioMmioRegisters.DRIVER_FEATURES_SEL -> driverFeaturesSel = value;
                case VirtioMmioRegisters.DRIVER_FEATURES -> writeDriverFeatures(value);
                case VirtioMmioRegisters.QUEUE_SEL -> queueSel = value;
                case VirtioMmioRegisters.STATUS -> writeStatus((int) value);
                case VirtioMmioRegisters.QUEUE_READY -> writeQueueReady(value);
                default -> writeQueueField(offset, value);
            }
        }
    }

    private long offeredFeatures() {
        return device.deviceFeatures() | TRANSPORT_FEATURES;
    }

    private boolean hasSelectedQueue() {
        return queueSel < queues.length;
    }

    private QueueConfig selectedQueue() {
        return queues[(int) queueSel];
    }

    private boolean hasStatus(int bit) {
        return (status.get() & bit) != 0;
    }

    /** Section 2.2: what was accepted is settled once FEATURES_OK is set. */
    private void writeDriverFeatures(long value) {
        if (hasStatus(DeviceStatus.FEATURES_OK)) {
            return;
        }
        if (driverFeaturesSel == 0) {
            driverFeatures = QueueConfig.withLow(driverFeatures, value);
        } else if (driverFeaturesSel == 1) {
            driverFeatures = QueueConfig.withHigh(driverFeatures, value);
        } else if (value != 0) {
            driverFeaturesBeyond |= 1L << Math.min(driverFeaturesSel, LAST_WORD);
        } else if (driverFeaturesSel < LAST_WORD) {
            driverFeaturesBeyond &= ~(1L << driverFeaturesSel);
        }
    }

    /** A queue that is ready, or a device that is live, keeps the layout it has. */
    private void writeQueueField(int offset, long value) {
        if (!hasSelectedQueue() || selectedQueue().ready || hasStatus(DeviceStatus.DRIVER_OK)) {
            return;
        }
        QueueConfig queue = selectedQueue();
        switch (offset) {
            case VirtioMmioRegisters.QUEUE_NUM -> queue.size = (int) value;
            case VirtioMmioRegisters.QUEUE_DESC_LOW -> queue.desc = QueueConfig.withLow(queue.desc, value);
            case VirtioMmioRegisters.QUEUE_DESC_HIGH -> queue.desc = QueueConfig.withHigh(queue.desc, value);
            case VirtioMmioRegisters.QUEUE_DRIVER_LOW -> queue.driver = QueueConfig.withLow(queue.driver, value);
            case VirtioMmioRegisters.QUEUE_DRIVER_HIGH -> queue.driver = QueueConfig.withHigh(queue.driver, value);
            case VirtioMmioRegisters.QUEUE_DEVICE_LOW -> queue.device = QueueConfig.withLow(queue.device, value);
            case VirtioMmioRegisters.QUEUE_DEVICE_HIGH -> queue.device = QueueConfig.withHigh(queue.device, value);
            default -> { } // read-only or reserved: dropped
        }
    }

    /** The layout is judged at DRIVER_OK, when the features that shape it are settled. */
    private void writeQueueReady(long value) {
        if (!hasSelectedQueue() || selectedQueue().sizeMax == 0) {
            return;
        }
        QueueConfig queue = selectedQueue();
        if (value == 0) {
            queue.ready = false;
            if (queue.live != null) {
                queue.live.stop();
            }
        } else if (value == 1 && !hasStatus(DeviceStatus.DRIVER_OK)) {
            queue.ready = true;
        }
    }

    /** Section 3.1.1: each step needs the one before it; bits are only added, but for the reset. */
    private void writeStatus(int value) {
        if (value == 0) {
            reset();
            return;
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
        if ((value & DeviceStatus.FEATURES_OK) != 0 && hasStatus(DeviceStatus.DRIVER) && areFeaturesAcceptable()) {
            addStatus(DeviceStatus.FEATURES_OK);
        }
        boolean isNew = !hasStatus(DeviceStatus.DRIVER_OK);
        if ((value & DeviceStatus.DRIVER_OK) != 0 && hasStatus(DeviceStatus.FEATURES_OK) && isNew) {
            addStatus(DeviceStatus.DRIVER_OK);
            activate();
        }
    }

    private void addStatus(int bit) {
        status.getAndUpdate(old -> old | bit);
    }

    /** Sections 2.2.2 and 6.2: only what was offered, and never without VERSION_1. */
    private boolean areFeaturesAcceptable() {
        return driverFeaturesBeyond == 0
                && (driverFeatures & ~offeredFeatures()) == 0
                && (driverFeatures & VirtioFeatures.mask(VirtioFeatures.VIRTIO_F_VERSION_1)) != 0;
    }

    private void activate() {
        MmioInterrupt interrupt = new MmioInterrupt(status, interruptStatus, configGeneration, line);
        List<VirtQueue> live = new ArrayList<>(queues.length);
        try {
            for (QueueConfig queue : queues) {
                queue.live = queue.ready ? StoppableQueue.open(memory, queue.addresses(), queue.sizeMax, driverFeatures) : null;
                live.add(queue.live);
            }
        } catch (VirtQueueException e) {
            warnOnce(e);
            interrupt.needsReset();
            return;
        }
        session = new DeviceSession(device, new VirtioActivation(memory, live, interrupt, driverFeatures), interrupt, firstGeneration);
        session.start(loop);
    }

    private void warnOnce(VirtQueueException e) {
        if (!warned) {
            warned = true;
            LOG.warn("virtio {}: the driver set up a queue that cannot work, device needs reset: {}", device.type(), e.getMessage());
        }
    }

    /** FAILED: the driver will not come back before a reset, so the device stops, though nobody waits for it. */
    private void abandon() {
        if (session != null) {
            isConfigWritten = false;
            ending = session.end(loop);
            session = null;
        }
    }

    /** Status reads its old value until the device has let go of the guest's memory. */
    private void reset() {
        abandon();
        if (isConfigWritten) {
            isConfigWritten = false;
            ending = LoopBarrier.run(loop, device::reset);
        }
        if (ending != null) {
            ending.await();
            ending = null;
        }
        for (QueueConfig queue : queues) {
            queue.reset();
        }
        firstGeneration = config.generation();
        deviceFeaturesSel = 0;
        driverFeaturesSel = 0;
        driverFeatures = 0;
        driverFeaturesBeyond = 0;
        queueSel = 0;
        interruptStatus.set(0);
        status.set(0);
    }

    private void deferNotify(long index) {
        if (index < queues.length && session != null) {
            notifies[(int) index].request();
        }
    }
}
