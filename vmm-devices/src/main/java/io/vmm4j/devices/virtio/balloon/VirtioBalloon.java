package io.vmm4j.devices.virtio.balloon;

import io.vmm4j.devices.limit.SparseCount;
import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.memory.GuestMemoryException;
import io.vmm4j.devices.memory.GuestViews;
import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import io.vmm4j.devices.state.Stateful;
import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.virtio.ByteConfigSpace;
import io.vmm4j.devices.virtio.ConfigSpace;
import io.vmm4j.devices.virtio.DriverFault;
import io.vmm4j.devices.virtio.QueuePump;
import io.vmm4j.devices.virtio.VirtioActivation;
import io.vmm4j.devices.virtio.VirtioDevice;
import io.vmm4j.devices.virtio.VirtioDeviceType;
import io.vmm4j.devices.virtio.VirtioFeatures;
import io.vmm4j.devices.virtio.VirtioInterrupt;
import io.vmm4j.devices.virtio.queue.DescriptorChain;
import io.vmm4j.devices.virtio.queue.VirtQueueException;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The traditional memory balloon, virtio 1.2 section 5.5: inflate, deflate (also on OOM), statistics, free page hinting and
 * free page reporting. Memory that the guest gives up goes back to the host.
 *
 * <p>Deviations: page numbers that are no RAM, and those behind the first 4096 of a request, are passed over; deflated
 * pages need no action, since the host fills them in again when they are touched. Offers neither MUST_TELL_HOST nor
 * PAGE_POISON.
 *
 * <p>Confined to the event loop; methods that any thread may call say so.
 */
public final class VirtioBalloon implements VirtioDevice, Stateful {

    private static final Logger LOG = LoggerFactory.getLogger(VirtioBalloon.class);

    private final BalloonConfig config;
    private final ByteConfigSpace space = new ByteConfigSpace(BalloonConstants.CONFIG_LENGTH);
    private final DriverFault fault = new DriverFault(VirtioDeviceType.BALLOON);
    private final MemoryReturn memoryReturn;
    private final PfnRanges ranges = new PfnRanges();
    private final GuestViews views = new GuestViews();
    private final QueuePump inflate;
    private final QueuePump deflate;
    private final StatsQueue stats;
    private final FreePageHinting hinting;
    private final QueuePump hintingPump;
    private final QueuePump reporting;
    private final SparseCount refusedPages = new SparseCount();
    private final LongAdder inflations = new LongAdder();
    private final LongAdder deflations = new LongAdder();
    private final LongAdder reports = new LongAdder();

    private GuestMemory memory;
    private BalloonQueues queues = new BalloonQueues(BalloonQueues.NONE, BalloonQueues.NONE, BalloonQueues.NONE);
    private volatile VirtioInterrupt activeInterrupt;

    /**
     * @param loop    the thread that owns the device
     * @param config  what the balloon is like
     * @param backend where memory goes
     */
    public VirtioBalloon(EventLoop loop, BalloonConfig config, BalloonBackend backend) {
        this.config = config;
        this.memoryReturn = new MemoryReturn(backend);
        this.inflate = new QueuePump(loop, fault, BalloonConstants.BATCH, this::serveInflate);
        this.deflate = new QueuePump(loop, fault, BalloonConstants.BATCH, this::serveDeflate);
        this.stats = new StatsQueue(loop, fault, config.statsIntervalSeconds());
        this.hinting = new FreePageHinting(space, memoryReturn);
        this.hintingPump = new QueuePump(loop, fault, BalloonConstants.BATCH, this::serveHint);
        this.reporting = new QueuePump(loop, fault, BalloonConstants.BATCH, this::serveReport);
        space.put(BalloonConstants.CONFIG_NUM_PAGES, Integer.BYTES, config.targetPages());
        space.guestWritable(BalloonConstants.CONFIG_ACTUAL, Integer.BYTES);
    }

    @Override
    public VirtioDeviceType type() {
        return VirtioDeviceType.BALLOON;
    }

    @Override
    public long deviceFeatures() {
        return bit(hasStatistics(), BalloonConstants.VIRTIO_BALLOON_F_STATS_VQ)
            | bit(config.deflateOnOom(), BalloonConstants.VIRTIO_BALLOON_F_DEFLATE_ON_OOM)
            | bit(config.freePageHinting(), BalloonConstants.VIRTIO_BALLOON_F_FREE_PAGE_HINT)
            | bit(config.freePageReporting(), BalloonConstants.VIRTIO_BALLOON_F_PAGE_REPORTING);
    }

    private static long bit(boolean offered, int feature) {
        return offered ? VirtioFeatures.mask(feature) : 0;
    }

    /** All five, since which numbers the optional ones have is the driver's choice (see {@link BalloonQueues}). */
    @Override
    public int[] queueSizeMax() {
        boolean hasOptional = hasStatistics() || config.freePageHinting() || config.freePageReporting();
        int[] sizes = new int[hasOptional ? BalloonConstants.QUEUE_COUNT : BalloonConstants.QUEUE_OPTIONAL];
        Arrays.fill(sizes, BalloonConstants.QUEUE_SIZE);
        return sizes;
    }

    @Override
    public ConfigSpace configSpace() {
        return space;
    }

    @Override
    public void activate(VirtioActivation activation) {
        memory = activation.memory();
        fault.arm(activation.interrupt());
        queues = BalloonQueues.of(activation);
        inflate.start(activation, BalloonConstants.QUEUE_INFLATE);
        deflate.start(activation, BalloonConstants.QUEUE_DEFLATE);
        if (queues.stats() != BalloonQueues.NONE) {
            stats.start(activation, queues.stats());
        }
        if (queues.hinting() != BalloonQueues.NONE) {
            hinting.activate(activation.interrupt());
            hintingPump.start(activation, queues.hinting());
        }
        if (queues.reporting() != BalloonQueues.NONE) {
            reporting.start(activation, queues.reporting());
        }
        activeInterrupt = activation.interrupt();
    }

    @Override
    public void onQueueNotify(int queueIndex) {
        if (queueIndex == BalloonConstants.QUEUE_INFLATE) {
            inflate.run();
        } else if (queueIndex == BalloonConstants.QUEUE_DEFLATE) {
            deflate.run();
        } else if (queueIndex == queues.stats()) {
            stats.run();
        } else if (queueIndex == queues.hinting()) {
            hintingPump.run();
        } else if (queueIndex == queues.reporting()) {
            reporting.run();
        }
    }

    /** A guest that starts over has its balloon empty, so the actual size starts at 0 again. */
    @Override
    public void reset() {
        activeInterrupt = null;
        inflate.stop();
        deflate.stop();
        stats.stop();
        hintingPump.stop();
        hinting.reset();
        reporting.stop();
        fault.disarm();
        memory = null;
        space.put(BalloonConstants.CONFIG_ACTUAL, Integer.BYTES, 0);
    }

    /** The pages in it are those that the guest's memory lacks. */
    @Override
    public State saveState() {
        return State.builder().put("targetPages", targetPages()).put("actualPages", actualPages()).put("stats", stats.saveState())
                .put("hinting", hinting.saveState()).build();
    }

    @Override
    public void restoreState(State state) throws StateException {
        long target = state.integer("targetPages", 0, BalloonConfig.MAX_PAGES);
        long actual = state.integer("actualPages", 0, BalloonConfig.MAX_PAGES);
        stats.restoreState(state.part("stats"), hasStatistics() ? 1 : 0, hasStatistics() ? BalloonConfig.MAX_INTERVAL_SECONDS : 0);
        hinting.restoreState(state.part("hinting"));
        space.put(BalloonConstants.CONFIG_NUM_PAGES, Integer.BYTES, target);
        space.put(BalloonConstants.CONFIG_ACTUAL, Integer.BYTES, actual);
    }

    /**
     * Changes how large the balloon shall be, and tells the driver. Any thread.
     *
     * @param pages pages of 4 KiB, 0 to 2^32 - 1
     */
    public void setTargetPages(long pages) {
        BalloonConfig.checkTarget(pages);
        boolean changed = space.put(BalloonConstants.CONFIG_NUM_PAGES, Integer.BYTES, pages);
        VirtioInterrupt interrupt = activeInterrupt;
        if (changed && interrupt != null) {
            interrupt.configChanged();
        }
    }

    /** How large the balloon shall be, in pages of 4 KiB. Any thread. */
    public long targetPages() {
        return space.read(BalloonConstants.CONFIG_NUM_PAGES, Integer.BYTES);
    }

    /** How large the driver says it is, in pages of 4 KiB. Any thread. */
    public long actualPages() {
        return space.read(BalloonConstants.CONFIG_ACTUAL, Integer.BYTES);
    }

    /** Bytes handed to the backend since the device was made. Any thread. */
    public long discardedBytes() {
        return memoryReturn.bytes();
    }

    /** What the device has done so far. Any thread. */
    public BalloonActivity activity() {
        return new BalloonActivity(inflations.sum(), deflations.sum(), stats.updates(), reports.sum(), memoryReturn.bytes(),
            memoryReturn.refused());
    }

    /** True when a driver is using the device. Any thread. */
    public boolean isActive() {
        return activeInterrupt != null;
    }

    /** Whether the device has statistics; settled when it is made. Any thread. */
    public boolean hasStatistics() {
        return config.statsIntervalSeconds() > 0;
    }

    /** The values of the guest's last statistics, unsigned; empty before the first. Immutable. Any thread. */
    public Map<BalloonStatistic, Long> statistics() {
        return stats.latest();
    }

    /**
     * Changes how often statistics are asked for. Any thread.
     *
     * @param seconds 1 to 65535
     * @throws IllegalStateException when the device has no statistics
     */
    public void setStatisticsInterval(int seconds) {
        if (seconds < 1 || seconds > BalloonConfig.MAX_INTERVAL_SECONDS) {
            throw new IllegalArgumentException(
                "balloon statistics interval of " + seconds + " s is not within 1 to " + BalloonConfig.MAX_INTERVAL_SECONDS);
        }
        if (!hasStatistics()) {
            throw new IllegalStateException("the balloon was made without statistics");
        }
        stats.setInterval(seconds);
    }

    /**
     * Asks the guest to name free pages, whose memory goes back to the host. Any thread.
     *
     * @param acknowledgeOnStop whether the guest may use the pages again as soon as it has named all; else after {@link #stopHinting}
     * @return false when no driver is there to ask
     * @throws IllegalStateException when the device was made without hinting
     */
    public boolean startHinting(boolean acknowledgeOnStop) {
        checkHinting();
        return hinting.start(acknowledgeOnStop);
    }

    /** Ends hinting and lets the guest use the pages again. Any thread. */
    public void stopHinting() {
        checkHinting();
        hinting.stop();
    }

    /** How far hinting is. Any thread. */
    public HintingStatus hintingStatus() {
        checkHinting();
        return hinting.status();
    }

    private void checkHinting() {
        if (!config.freePageHinting()) {
            throw new IllegalStateException("the balloon was made without free page hinting");
        }
    }

    private long serveDeflate(DescriptorChain chain) {
        deflations.increment();
        return 0;
    }

    private long serveInflate(DescriptorChain chain) throws VirtQueueException {
        inflations.increment();
        int refused = ranges.load(chain, memory);
        if (refused > 0) {
            long number = refusedPages.next();
            if (number != 0) {
                LOG.warn("virtio-balloon: {} pages are not guest RAM and stay out of the balloon, request {} of that kind", refused, number);
            }
        }
        for (int i = 0; i < ranges.count(); i++) {
            discard(ranges.gpa(i), ranges.length(i));
        }
        return 0;
    }

    private void discard(long gpa, long length) throws VirtQueueException {
        views.clear();
        try {
            memory.views(gpa, length, views);
        } catch (GuestMemoryException e) {
            throw new VirtQueueException(e.getMessage());
        }
        for (int i = 0; i < views.count(); i++) {
            memoryReturn.discard(views.get(i));
        }
    }

    private long serveHint(DescriptorChain chain) throws VirtQueueException {
        long result = hinting.serve(chain);
        if (result == QueuePump.LATER) {
            hintingPump.schedule();
        }
        return result;
    }

    private long serveReport(DescriptorChain chain) {
        if (memoryReturn.discard(chain)) {
            reports.increment();
            return 0;
        }
        reporting.schedule();
        return QueuePump.LATER;
    }
}
