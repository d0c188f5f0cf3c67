package io.vmm4j.devices.virtio.blk;

import io.vmm4j.devices.limit.BucketConfig;
import io.vmm4j.devices.limit.RateLimiter;
import io.vmm4j.devices.limit.SparseCount;
import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import io.vmm4j.devices.state.Stateful;
import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.time.NanoClock;
import io.vmm4j.devices.virtio.ConfigSpace;
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
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The block device, virtio 1.2 section 5.2: IN, OUT, FLUSH, GET_ID, DISCARD where the backend can, WRITE_ZEROES; in as many
 * queues as it has loops, each with as many requests in flight as its backend takes. SIZE_MAX is not offered, for no segment is
 * too long; neither are GEOMETRY, LIFETIME and SECURE_ERASE, which say nothing true of an image.
 *
 * <p>Each queue has a loop of its own, so that a slow disk starves nobody; {@link #activate}, {@link #beginReset} and notifications come
 * from the event loop that owns the device, notifications also from the queue's own loop. The owning loop never waits for those of the
 * queues.
 *
 * <p>What a limit counts: each request is one operation, whatever it is and whatever becomes of it. Bytes are those of the disk that the
 * host is made to read, write, zero or give back; a request that is refused has none, a flush neither. So an fstrim goes through a drive's
 * bandwidth limit as a write of the same length would.
 */
public final class VirtioBlk implements VirtioDevice, Stateful {

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
    private final HostFailures listener;
    private final BlkCounters counters;
    /** Completes, never exceptionally, when all exchanges so far are over. Guarded by this. */
    private CompletableFuture<Void> lastExchange = CompletableFuture.completedFuture(null);
    private volatile VirtioInterrupt activeInterrupt;
    /** The reset that has not ended yet, or null. */
    private volatile Object currentReset;

    /**
     * @param config     what the device is like
     * @param backend    what it reads and writes; the caller closes it, after a reset
     * @param queueLoops the loop of each queue, one or more
     * @param limiter    shared by the queues
     * @throws IOException when the backend does not tell its capacity, or a queue cannot be opened
     */
    public VirtioBlk(BlkConfig config, BlkBackend backend, List<? extends EventLoop> queueLoops, RateLimiter limiter) throws IOException {
        this(config, backend, queueLoops, limiter, () -> 0, HostFailures.UNHEARD);
    }

    /**
     * As the other constructor, for one who watches.
     *
     * @param clock    by which requests are timed
     * @param listener hears of a host that fails
     */
    public VirtioBlk(BlkConfig config, BlkBackend backend, List<? extends EventLoop> queueLoops, RateLimiter limiter, NanoClock clock,
            HostFailures listener) throws IOException {
        if (queueLoops.isEmpty()) {
            throw new IllegalArgumentException("a block device needs a queue");
        }
        this.config = config;
        this.counters = new BlkCounters(clock);
        this.listener = Objects.requireNonNull(listener);
        this.backend = backend;
        this.limiter = limiter;
        this.canDiscard = !config.readOnly() && backend.canDiscard();
        this.space = new BlkConfigSpace(config, queueLoops.size(), canDiscard);
        space.setCapacitySectors(sectorsOf(backend));
        for (int i = 0; i < queueLoops.size(); i++) {
            workers.add(new BlkQueueWorker(this, i, queueLoops.get(i), new BlkExecutor(config, space), limiter, backend, counters));
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
        workers.forEach(BlkQueueWorker::arm);
        workers.forEach(worker -> worker.start(activation));
    }

    @Override
    public void onQueueNotify(int queueIndex) {
        counters.notifications.increment();
        workers.get(queueIndex).notified();
    }

    /** Waits for the requests in work, so not for the event loop: that calls {@link #beginReset}. */
    @Override
    public void reset() {
        CompletableFuture<Void> quiescence = new CompletableFuture<>();
        beginReset(() -> quiescence.complete(null));
        quiescence.join();
    }

    @Override
    public void beginReset(Runnable quiesced) {
        activeInterrupt = null;
        Object reset = new Object();
        currentReset = reset;
        CompletableFuture.allOf(workers.stream().map(BlkQueueWorker::stop).toArray(CompletableFuture[]::new)).thenRun(() -> {
            endReset(reset);
            quiesced.run();
        });
    }

    private synchronized void endReset(Object reset) {
        if (currentReset == reset) { // else a restore has overtaken it, which waits for nobody
            currentReset = null;
            space.setWriteback(isWritebackAtFirst());
        }
    }

    private boolean isWritebackAtFirst() {
        return config.cacheType() == CacheType.WRITEBACK;
    }

    /**
     * Of a paused device: no request is in work, and what the driver has made available waits in its rings. The disk is not part of it.
     *
     * @throws IllegalStateException when {@link #pause} was not called, or has not ended
     */
    @Override
    public State saveState() {
        if (!workers.stream().allMatch(BlkQueueWorker::isAtRest)) {
            throw new IllegalStateException("block device " + backend.id() + " is not paused");
        }
        return State.builder().put("writeback", currentReset == null ? space.isWriteback() : isWritebackAtFirst())
                .put("capacitySectors", space.capacitySectors()).put("limiter", limiter.saveState()).build();
    }

    /** The driver is told of the disk's capacity when that is another than it was. */
    @Override
    public void restoreState(State state) throws StateException {
        boolean writeback = state.flag("writeback");
        if (writeback && !isWritebackAtFirst()) {
            throw new StateException("writeback is 1, and the device has no cache that could");
        }
        long capacity = state.integer("capacitySectors", 0, Long.MAX_VALUE / BlkConstants.SECTOR_SIZE);
        limiter.restoreState(state.part("limiter"));
        synchronized (this) {
            currentReset = null;
            space.setWriteback(writeback);
            changeCapacity(capacity, space.capacitySectors());
        }
    }

    @Override
    public void beginQueueStop(int queueIndex, Runnable quiesced) {
        workers.get(queueIndex).stopQueue().thenRun(quiesced);
    }

    /**
     * Has all queues take up no request until {@link #resume}, and end those in work; the disk may be exchanged meanwhile. Any thread.
     *
     * @return completes once no buffer of the guest and no byte of the disk is touched any more, unless {@link #resume} comes first; never
     *     exceptionally
     */
    public CompletableFuture<Void> pause() {
        return CompletableFuture.allOf(workers.stream().map(BlkQueueWorker::pause).toArray(CompletableFuture[]::new));
    }

    /** Has the device go on, with what was made available meanwhile too. Also when not all queues have come to their pause. Any thread. */
    public void resume() {
        workers.forEach(BlkQueueWorker::resume);
    }

    /**
     * Tells the driver of a new capacity, as after the backing file was resized. Waits for the host: any thread but a loop may call it.
     *
     * @throws IOException when the backend does not tell its capacity
     */
    public void refreshCapacity() throws IOException {
        refreshCapacity(() -> true);
    }

    /**
     * As {@link #refreshCapacity()}, with a last say in it.
     *
     * @param isWanted asked once the host has told the capacity; when false, nothing is changed
     * @return what {@code isWanted} said
     */
    public boolean refreshCapacity(BooleanSupplier isWanted) throws IOException {
        BlkBackend disk = backend;
        long sectors = 0;
        try {
            sectors = sectorsOf(disk);
        } catch (IOException e) {
            if (disk == backend) {
                throw e;
            }
            // It was closed, for the device is on another one, whose capacity the driver was told.
        }
        synchronized (this) {
            if (!isWanted.getAsBoolean()) {
                return false;
            }
            if (disk == backend) { // else the driver was told of another disk meanwhile
                changeCapacity(space.capacitySectors(), sectors);
            }
            counters.imageChanges.increment();
            return true;
        }
    }

    /**
     * Goes on with another disk: requests in flight end on the old one, later ones find the new one, and the driver is
     * told its capacity. Any thread but the device's loops may call it. The caller closes the old backend afterwards.
     *
     * @throws IOException when {@code next} does not tell its capacity or cannot be opened; the device has its old disk then
     */
    public void replaceBackend(BlkBackend next) throws IOException {
        try {
            exchange(next).done().join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof IOException) {
                throw (IOException) e.getCause();
            }
            throw e;
        }
    }

    /**
     * Begins what {@link #replaceBackend} does, and waits for nothing but the host's word on the capacity of {@code next}. Exchanges come one after
     * the other. Any thread.
     *
     * @throws IOException when {@code next} does not tell its capacity; nothing was begun then
     */
    public BlkExchange exchange(BlkBackend next) throws IOException {
        BlkExchange exchange = new BlkExchange(this, next, sectorsOf(next), workers);
        CompletableFuture<Void> before;
        synchronized (this) {
            before = lastExchange;
            // One that is withdrawn before its turn is over, and those before it are not.
            lastExchange = CompletableFuture.allOf(before, exchange.done().handle((done, failure) -> null));
        }
        before.thenRun(exchange::begin);
        exchange.done().whenComplete((done, failure) -> (failure == null ? counters.imageChanges : counters.changeFails).increment());
        return exchange;
    }

    /** All queues hold still. */
    synchronized void changeDisk(BlkExchange exchange) {
        backend = exchange.next();
        changeCapacity(space.capacitySectors(), exchange.sectors());
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

    /** What the device has done so far. Any thread. */
    public BlkStatistics statistics() {
        return counters.snapshot();
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
        counters.hostFails.increment();
        long number = hostFailures.next();
        if (number != 0) {
            listener.failed(number, cause.toString());
            LOG.warn("virtio-blk {}: {} at sector 0x{} failed, error {} of this device: {}", backend.id(), request.type(),
                    Long.toHexString(request.sector()), number, cause.toString());
        }
    }

    private long sectorsOf(BlkBackend disk) throws IOException {
        long blocks = disk.capacity() / config.logicalBlockSize();
        return blocks * (config.logicalBlockSize() / BlkConstants.SECTOR_SIZE);
    }
}
