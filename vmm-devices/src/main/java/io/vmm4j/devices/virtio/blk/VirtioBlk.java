package io.vmm4j.devices.virtio.blk;

import io.vmm4j.devices.limit.BucketConfig;
import io.vmm4j.devices.limit.RateLimiter;
import io.vmm4j.devices.limit.SparseCount;
import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.virtio.ConfigSpace;
import io.vmm4j.devices.virtio.LoopBarrier;
import io.vmm4j.devices.virtio.VirtioActivation;
import io.vmm4j.devices.virtio.VirtioDevice;
import io.vmm4j.devices.virtio.VirtioDeviceType;
import io.vmm4j.devices.virtio.VirtioFeatures;
import io.vmm4j.devices.virtio.VirtioInterrupt;
import io.vmm4j.devices.virtio.queue.VirtQueueException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The block device, virtio 1.2 section 5.2: IN, OUT, FLUSH, GET_ID, DISCARD where the backend can, WRITE_ZEROES.
 *
 * <p>Each queue has a loop of its own, so that a slow disk starves nobody; {@link #activate}, {@link #reset} and notifications come
 * from the event loop that owns the device, notifications also from the queue's own loop. The queue loops must not wait for
 * the owning loop: a reset waits for them.
 */
public final class VirtioBlk implements VirtioDevice {

    private static final Logger LOG = LoggerFactory.getLogger(VirtioBlk.class);

    private final BlkConfig config;
    private final BlkBackend backend;
    private final RateLimiter limiter;
    private final BlkConfigSpace space;
    private final List<BlkQueueWorker> workers = new ArrayList<>();
    private final AtomicBoolean warned = new AtomicBoolean();
    private final SparseCount hostFailures = new SparseCount();
    private volatile VirtioInterrupt activeInterrupt;

    /**
     * @param config     what the device is like
     * @param backend    what it reads and writes; the caller closes it, after a reset
     * @param queueLoops the loop of each queue, one or more
     * @param limiter    shared by the queues
     * @throws IOException when the backend does not tell its capacity
     */
    public VirtioBlk(BlkConfig config, BlkBackend backend, List<EventLoop> queueLoops, RateLimiter limiter) throws IOException {
        if (queueLoops.isEmpty()) {
            throw new IllegalArgumentException("a block device needs a queue");
        }
        this.config = config;
        this.backend = backend;
        this.limiter = limiter;
        this.space = new BlkConfigSpace(config, queueLoops.size(), canDiscard());
        space.setCapacitySectors(readCapacitySectors());
        for (int i = 0; i < queueLoops.size(); i++) {
            workers.add(new BlkQueueWorker(this, i, queueLoops.get(i), new BlkExecutor(config, backend, space), limiter));
        }
    }

    /** A device without limits, for good. */
    public VirtioBlk(BlkConfig config, BlkBackend backend, List<EventLoop> queueLoops) throws IOException {
        this(config, backend, queueLoops, RateLimiter.none());
    }

    @Override
    public VirtioDeviceType type() {
        return VirtioDeviceType.BLOCK;
    }

    @Override
    public long deviceFeatures() {
        long features = VirtioFeatures.mask(BlkConstants.VIRTIO_BLK_F_SEG_MAX)
                | VirtioFeatures.mask(BlkConstants.VIRTIO_BLK_F_BLK_SIZE)
                | VirtioFeatures.mask(BlkConstants.VIRTIO_BLK_F_TOPOLOGY);
        if (config.cacheType() == CacheType.WRITEBACK) {
            features |= VirtioFeatures.mask(BlkConstants.VIRTIO_BLK_F_FLUSH) | VirtioFeatures.mask(BlkConstants.VIRTIO_BLK_F_CONFIG_WCE);
        }
        if (workers.size() > 1) {
            features |= VirtioFeatures.mask(BlkConstants.VIRTIO_BLK_F_MQ);
        }
        if (config.readOnly()) {
            return features | VirtioFeatures.mask(BlkConstants.VIRTIO_BLK_F_RO);
        }
        if (canDiscard()) {
            features |= VirtioFeatures.mask(BlkConstants.VIRTIO_BLK_F_DISCARD);
        }
        return features | VirtioFeatures.mask(BlkConstants.VIRTIO_BLK_F_WRITE_ZEROES);
    }

    @Override
    public int[] queueSizeMax() {
        int[] sizes = new int[workers.size()];
        Arrays.fill(sizes, config.queueSize());
        return sizes;
    }

    @Override
    public ConfigSpace configSpace() {
        return space;
    }

    @Override
    public void activate(VirtioActivation activation) {
        boolean canSwitch = activation.hasFeature(BlkConstants.VIRTIO_BLK_F_CONFIG_WCE);
        if (canSwitch && !activation.hasFeature(BlkConstants.VIRTIO_BLK_F_FLUSH)) {
            space.setWriteback(false); // section 5.2.5.2: without FLUSH the cache starts as writethrough
        }
        activeInterrupt = activation.interrupt();
        for (BlkQueueWorker worker : workers) {
            worker.start(activation);
        }
    }

    @Override
    public void onQueueNotify(int queueIndex) {
        workers.get(queueIndex).notified();
    }

    @Override
    public void reset() {
        activeInterrupt = null;
        List<LoopBarrier> barriers = new ArrayList<>();
        for (BlkQueueWorker worker : workers) {
            barriers.add(worker.stop());
        }
        barriers.forEach(LoopBarrier::await);
        space.setWriteback(config.cacheType() == CacheType.WRITEBACK);
    }

    /**
     * Tells the driver of a new capacity, as after the backing file was resized. Any thread may call it.
     *
     * @throws IOException when the backend does not tell its capacity
     */
    public void refreshCapacity() throws IOException {
        boolean changed = space.setCapacitySectors(readCapacitySectors());
        VirtioInterrupt interrupt = activeInterrupt;
        if (changed && interrupt != null) {
            interrupt.configChanged();
        }
    }

    /**
     * Changes the limits of a running device, as {@link RateLimiter#update} does, and has the queues that wait try
     * again. Any thread may call it.
     *
     * @throws IllegalStateException when the device was made without a limiter
     */
    public void updateLimits(Optional<BucketConfig> bandwidth, Optional<BucketConfig> operations) {
        limiter.update(bandwidth, operations);
        workers.forEach(BlkQueueWorker::notified);
    }

    /** The driver broke a rule of a queue: said once, and the device stops. Any queue loop. */
    void broken(VirtioInterrupt interrupt, VirtQueueException cause) {
        if (warned.compareAndSet(false, true)) {
            LOG.warn("virtio-blk {}: the driver broke a rule, device needs reset: {}", backend.id(), cause.getMessage());
        }
        workers.forEach(BlkQueueWorker::halt);
        interrupt.needsReset();
    }

    /** The host could not carry out a request. Any queue loop. */
    void hostFailed(BlkRequest request, IOException cause) {
        long number = hostFailures.next();
        if (number != 0) {
            LOG.warn("virtio-blk {}: {} at sector 0x{} failed, error {} of this device: {}", backend.id(), request.type(),
                    Long.toHexString(request.sector()), number, cause.toString());
        }
    }

    private boolean canDiscard() {
        return !config.readOnly() && backend.canDiscard();
    }

    private long readCapacitySectors() throws IOException {
        long blocks = backend.capacity() / config.logicalBlockSize();
        return blocks * (config.logicalBlockSize() / BlkConstants.SECTOR_SIZE);
    }
}
