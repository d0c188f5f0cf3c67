package io.vmm4j.devices.virtio.balloon;

import io.vmm4j.devices.memory.LittleEndian;
import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.time.LoopTimer;
import io.vmm4j.devices.virtio.DriverFault;
import io.vmm4j.devices.virtio.LoopTask;
import io.vmm4j.devices.virtio.QueuePump;
import io.vmm4j.devices.virtio.VirtioActivation;
import io.vmm4j.devices.virtio.queue.ChainCopy;
import io.vmm4j.devices.virtio.queue.DescriptorChain;
import io.vmm4j.devices.virtio.queue.VirtQueueException;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/**
 * The statistics queue, virtio 1.2 section 5.5.6.3: the driver leaves one buffer here; giving it back asks for fresh numbers, which
 * come in the next one. So the guest sends no more often than it is asked. Confined to the event loop, but for
 * {@link #latest} and {@link #setInterval}.
 */
final class StatsQueue {

    private final ByteBuffer bytes = LittleEndian.allocate(BalloonConstants.MAX_STATS * BalloonConstants.STAT_SIZE);
    private final QueuePump pump;
    private final LoopTimer timer;
    private final LoopTask intervalChange;
    private final LongAdder updates = new LongAdder();
    private DescriptorChain held;
    private boolean active;
    private volatile long intervalNanos;
    private volatile Map<BalloonStatistic, Long> latest = Map.of();

    StatsQueue(EventLoop loop, DriverFault fault, int intervalSeconds) {
        this.pump = new QueuePump(loop, fault, BalloonConstants.BATCH, this::serve);
        this.timer = loop.timer(this::ask);
        this.intervalChange = new LoopTask(loop, this::rearm);
        this.intervalNanos = TimeUnit.SECONDS.toNanos(intervalSeconds);
    }

    void start(VirtioActivation activation, int queueIndex) {
        pump.start(activation, queueIndex);
        active = true;
        timer.arm(intervalNanos);
    }

    void stop() {
        active = false;
        timer.disarm();
        pump.stop();
        held = null;
        latest = Map.of();
    }

    void run() {
        pump.run();
    }

    /** A buffer that is held is read once more after a restore. */
    State saveState() {
        List<State> values = latest.entrySet().stream()
                .map(value -> State.builder().put("tag", value.getKey().tag()).put("value", value.getValue()).build()).toList();
        return State.builder().put("intervalNanos", intervalNanos).put("latest", values).build();
    }

    /**
     * The interval begins anew.
     *
     * @param minSeconds of the interval; 0 when there are no statistics
     */
    void restoreState(State state, int minSeconds, int maxSeconds) throws StateException {
        long nanos = state.integer("intervalNanos", TimeUnit.SECONDS.toNanos(minSeconds), TimeUnit.SECONDS.toNanos(maxSeconds));
        Map<BalloonStatistic, Long> values = new EnumMap<>(BalloonStatistic.class);
        for (State each : state.parts("latest", 0, BalloonStatistic.values().length)) {
            BalloonStatistic statistic = BalloonStatistic.of(each.int32("tag", 0, 0xFFFF));
            if (statistic == null) {
                throw new StateException("tag is that of no statistic");
            }
            values.put(statistic, each.bits("value"));
        }
        intervalNanos = nanos;
        latest = Collections.unmodifiableMap(values);
        rearm();
    }

    /** The interval starts anew at the change. Any thread. */
    void setInterval(int seconds) {
        intervalNanos = TimeUnit.SECONDS.toNanos(seconds);
        intervalChange.schedule();
    }

    /** What the guest said last; empty before it did. Any thread. */
    Map<BalloonStatistic, Long> latest() {
        return latest;
    }

    /** Statistics that the guest has given so far. Any thread. */
    long updates() {
        return updates.sum();
    }

    private void rearm() {
        if (active) {
            timer.arm(intervalNanos);
        }
    }

    private void ask() {
        if (held != null) {
            DescriptorChain asked = held;
            held = null;
            pump.giveBack(asked, 0);
        }
        timer.arm(intervalNanos);
    }

    private long serve(DescriptorChain chain) throws VirtQueueException {
        if (held != null) {
            throw new VirtQueueException("a second statistics buffer, not asked for");
        }
        held = chain;
        bytes.clear();
        ChainCopy.read(chain, bytes);
        bytes.flip();
        Map<BalloonStatistic, Long> values = new EnumMap<>(BalloonStatistic.class);
        while (bytes.remaining() >= BalloonConstants.STAT_SIZE) {
            BalloonStatistic statistic = BalloonStatistic.of(Short.toUnsignedInt(bytes.getShort()));
            long value = bytes.getLong();
            if (statistic != null) {
                values.put(statistic, value);
            }
        }
        latest = Collections.unmodifiableMap(values);
        updates.increment();
        return QueuePump.KEPT;
    }
}
