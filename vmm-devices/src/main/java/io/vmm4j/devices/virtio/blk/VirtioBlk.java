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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The block device, virtio 1.2 section 5.2: IN, OUT, FLUSH, GET_ID, DISCARD where the backend can, WRITE_ZEROES; in as many
 * queues as it has loops, each with as many requests in flight as its backend takes. SIZE_MAX is not offered, for no segment is
 * too long; neither are GEOMETRY, LIFETIME and SECURE_ERASE, which say nothing true of an image.
 *
 * <p>Each queue has a loop of its own, so that a slow disk starves nobody; {@link #activate}, {@link #reset} and notifications come
 * from the event loop that owns the device, notifications also from the queue's own loop. The queue loops must not wait for
 * the owning loop: a reset waits for them.
 */
public final class VirtioBlk implements VirtioDevice {

    private static final Logger LOG = LoggerFactory.getLogger(VirtioBlk.class);

    private final BlkConfig config;
    private volatile BlkBackend backend;
    private final RateLimiter limiter;
    private final BlkConfigSpace space;
    /** What was offered to the driver, whatever becomes of the backend. */
    private final boolean canDiscard;
    private final List<BlkQueueWorker> workers = new ArrayList<>();
    private final AtomicBoolean warned = new AtomicBoolean();
    private final SparseCount hostFailures = new SparseCount();
    private volatile VirtioInterrupt activeInterrupt;

    /**
     * @param config     what the device is like
     * @param backend    what it reads and writes; the caller closes it, after a reset
     * @param queueLoops the loop of each queue, one or more
     * @param limiter    shared by the queues
     * @throws IOException when the backend does not tell its capacity, or a queue cannot be opened
     */
    public VirtioBlk(BlkConfig config, BlkBackend backend, List<? extends EventLoop> queueLoops, RateLimiter limiter) throws IOException {
        if (queueLoops.isEmpty()) {
            throw new IllegalArgumentException("a block device needs a queue");
        }
        this.config = config;
        this.backend = backend;
        this.limiter = limiter;
        this.canDiscard = !config.readOnly() && backend.canDiscard();
        this.space = new BlkConfigSpace(config, queueLoops.size(), canDiscard);
        space.setCapacitySectors(sectorsOf(backend));
        for (int i = 0; i < queueLoops.size(); i++) {
            workers.add(new BlkQueueWorker(this, i, queueLoops.get(i), new BlkExecutor(config, space), limiter, backend));
        }
    }

    /** A device without limits, for good. */
    public VirtioBlk(BlkConfig config, BlkBackend backend, List<? extends EventLoop> queueLoops) throws IOException {
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
        if (canDiscard) {
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
     * Tells the driver of a new capacity, as after the backing file was resized. Any thread but the device's loops may call it.
     *
     * @throws IOException when the backend does not tell its capacity
     */
    public synchronized void refreshCapacity() throws IOException {
        changeCapacity(space.capacitySectors(), sectorsOf(backend));
    }

    /**
     * Goes on with another disk: requests in flight end on the old one, later ones find the new one, and the driver is
     * told its capacity. Any thread but the device's loops may call it. The caller closes the old backend afterwards.
     *
     * @throws IOException when {@code next} does not tell its capacity or cannot be opened; the device has its old disk then
     */
    public synchronized void replaceBackend(BlkBackend next) throws IOException {
        long before = space.capacitySectors();
        long after = sectorsOf(next);
        List<BlkIo> opened = openQueues(next);
        // While queues change over, no request may reach beyond the end of either disk.
        space.setCapacitySectors(Math.min(before, after));
        List<LoopBarrier> barriers = new ArrayList<>();
        for (int i = 0; i < opened.size(); i++) {
            barriers.add(workers.get(i).exchange(opened.get(i), next.id()));
        }
        barriers.forEach(LoopBarrier::await);
        backend = next;
        changeCapacity(before, after);
    }

    private List<BlkIo> openQueues(BlkBackend next) throws IOException {
        List<CompletableFuture<BlkIo>> openings = new ArrayList<>();
        workers.forEach(worker -> openings.add(worker.open(next)));
        List<BlkIo> opened = new ArrayList<>();
        IOException failure = null;
        for (CompletableFuture<BlkIo> opening : openings) {
            try {
                opened.add(opening.join());
            } catch (CompletionException e) {
                failure = new IOException("a queue cannot be opened: " + e.getCause().getMessage(), e.getCause());
            }
        }
        if (failure != null) {
            for (int i = 0; i < openings.size(); i++) {
                if (!openings.get(i).isCompletedExceptionally()) {
                    workers.get(i).discard(openings.get(i).join()).await();
                }
            }
            throw failure;
        }
        return opened;
    }

    private void changeCapacity(long before, long after) {
        space.setCapacitySectors(after);
        VirtioInterrupt interrupt = activeInterrupt;
        if (before != after && interrupt != null) {
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

    private long sectorsOf(BlkBackend disk) throws IOException {
        long blocks = disk.capacity() / config.logicalBlockSize();
        return blocks * (config.logicalBlockSize() / BlkConstants.SECTOR_SIZE);
    }
}
