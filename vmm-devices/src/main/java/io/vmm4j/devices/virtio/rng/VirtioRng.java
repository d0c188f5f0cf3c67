package io.vmm4j.devices.virtio.rng;

import io.vmm4j.devices.limit.BucketConfig;
import io.vmm4j.devices.limit.RateLimiter;
import io.vmm4j.devices.limit.SparseCount;
import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import io.vmm4j.devices.state.Stateful;
import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.time.LoopTimer;
import io.vmm4j.devices.virtio.ByteConfigSpace;
import io.vmm4j.devices.virtio.ConfigSpace;
import io.vmm4j.devices.virtio.DriverFault;
import io.vmm4j.devices.virtio.QueuePump;
import io.vmm4j.devices.virtio.VirtioActivation;
import io.vmm4j.devices.virtio.VirtioDevice;
import io.vmm4j.devices.virtio.VirtioDeviceType;
import io.vmm4j.devices.virtio.queue.DescriptorChain;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The entropy device, virtio 1.2 section 5.4: fills the driver's buffers with random bytes, at most 64 KiB a request, straight
 * in guest RAM, so that a large buffer costs the host no memory and little time.
 *
 * <p>Confined to the event loop, but for {@link #updateLimits} and {@link #statistics}.
 */
public final class VirtioRng implements VirtioDevice, Stateful {

    private static final Logger LOG = LoggerFactory.getLogger(VirtioRng.class);

    private final RngSource source;
    private final RateLimiter limiter;
    private final DriverFault fault = new DriverFault(VirtioDeviceType.ENTROPY);
    private final QueuePump pump;
    private final LoopTimer retry;
    private final ConfigSpace config = new ByteConfigSpace(0);
    private final SparseCount hostFailures = new SparseCount();
    private final LongAdder requests = new LongAdder();
    private final LongAdder bytes = new LongAdder();
    private final LongAdder hostFails = new LongAdder();
    private final LongAdder throttled = new LongAdder();
    private final LongAdder notifications = new LongAdder();

    /** An entropy device without a rate limit. */
    public VirtioRng(EventLoop loop, RngSource source) {
        this(loop, source, RateLimiter.none());
    }

    /**
     * @param loop    the thread that owns the device
     * @param source  where the bytes come from
     * @param limiter asked with the bytes that a request will get; one without room for any is an operation too
     */
    public VirtioRng(EventLoop loop, RngSource source, RateLimiter limiter) {
        this.source = Objects.requireNonNull(source);
        this.limiter = Objects.requireNonNull(limiter);
        this.pump = new QueuePump(loop, fault, RngConstants.BATCH, this::serve);
        this.retry = loop.timer(pump::run);
    }

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
        return new int[] {RngConstants.QUEUE_SIZE};
    }

    @Override
    public ConfigSpace configSpace() {
        return config;
    }

    @Override
    public void activate(VirtioActivation activation) {
        fault.arm(activation.interrupt());
        pump.start(activation, RngConstants.QUEUE_REQUEST);
    }

    @Override
    public void onQueueNotify(int queueIndex) {
        notifications.increment();
        pump.run();
    }

    @Override
    public void reset() {
        retry.disarm();
        pump.stop();
        fault.disarm();
    }

    /** A request that waits for the limiter is asked for once more after a restore; it has not been paid for. */
    @Override
    public State saveState() {
        return State.builder().put("limiter", limiter.saveState()).build();
    }

    @Override
    public void restoreState(State state) throws StateException {
        limiter.restoreState(state.part("limiter"));
    }

    /** Changes the limits, as {@link RateLimiter#update} does, and has a request that waits try again. Any thread. */
    public void updateLimits(Optional<BucketConfig> bandwidth, Optional<BucketConfig> operations) {
        limiter.update(bandwidth, operations);
        pump.schedule();
    }

    /** What the device has done so far. Any thread. */
    public RngStatistics statistics() {
        return new RngStatistics(requests.sum(), bytes.sum(), hostFails.sum(), throttled.sum(), notifications.sum());
    }

    private long serve(DescriptorChain chain) {
        int wanted = (int) Math.min(chain.writableLength(), RngConstants.MAX_REQUEST);
        long delayNanos = limiter.admit(wanted);
        if (delayNanos > 0) {
            throttled.increment();
            retry.arm(delayNanos);
            return QueuePump.LATER;
        }
        try {
            fill(chain, wanted);
            requests.increment();
            bytes.add(wanted);
            return wanted;
        } catch (IOException e) {
            hostFails.increment();
            long number = hostFailures.next();
            if (number != 0) {
                LOG.warn("virtio-rng: the host gave no random bytes, failure {} of this device: {}", number, e.toString());
            }
            return 0;
        }
    }

    private void fill(DescriptorChain chain, int wanted) throws IOException {
        int left = wanted;
        for (int i = 0; i < chain.writableCount() && left > 0; i++) {
            ByteBuffer view = chain.writable(i);
            view.limit(view.position() + Math.min(view.remaining(), left));
            left -= view.remaining();
            source.fill(view);
        }
    }
}
