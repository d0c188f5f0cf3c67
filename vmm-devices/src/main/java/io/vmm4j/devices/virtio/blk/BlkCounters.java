package io.vmm4j.devices.virtio.blk;

import io.vmm4j.devices.time.NanoClock;
import java.util.concurrent.atomic.LongAccumulator;
import java.util.concurrent.atomic.LongAdder;

/** Counted by the queues' loops, read by any thread. See {@link BlkStatistics} for the meaning of each. */
final class BlkCounters {

    private static final long NANOS_PER_MICRO = 1_000;

    private final NanoClock clock;
    private final Kind reads = new Kind();
    private final Kind writes = new Kind();
    private final LongAdder flushes = new LongAdder();
    private final LongAdder discards = new LongAdder();
    private final LongAdder refused = new LongAdder();
    final LongAdder hostFails = new LongAdder();
    final LongAdder throttled = new LongAdder();
    final LongAdder notifications = new LongAdder();
    final LongAdder imageChanges = new LongAdder();
    final LongAdder changeFails = new LongAdder();

    /** Of reads, or of writes. */
    private static final class Kind {
        final LongAdder requests = new LongAdder();
        final LongAdder bytes = new LongAdder();
        final LongAdder sumMicros = new LongAdder();
        final LongAccumulator minMicros = new LongAccumulator(Math::min, Long.MAX_VALUE);
        final LongAccumulator maxMicros = new LongAccumulator(Math::max, 0);

        void count(long length, long micros) {
            requests.increment();
            bytes.add(length);
            sumMicros.add(micros);
            minMicros.accumulate(micros);
            maxMicros.accumulate(micros);
        }

        BlkStatistics.Latency latency() {
            long min = minMicros.get();
            return new BlkStatistics.Latency(min == Long.MAX_VALUE ? 0 : min, maxMicros.get(), sumMicros.sum());
        }
    }

    /** @param clock by which requests are timed */
    BlkCounters(NanoClock clock) {
        this.clock = clock;
    }

    long now() {
        return clock.nanoTime();
    }

    /** A request has ended well, which was taken up at {@code begun}. */
    void carriedOut(BlkRequestType type, long length, long begun) {
        long micros = (clock.nanoTime() - begun) / NANOS_PER_MICRO;
        switch (type) {
            case IN -> reads.count(length, micros);
            case OUT -> writes.count(length, micros);
            case FLUSH -> flushes.increment();
            case DISCARD, WRITE_ZEROES -> discards.increment();
            default -> { }
        }
    }

    /** A request was refused for what it asked. */
    void refused() {
        refused.increment();
    }

    BlkStatistics snapshot() {
        return new BlkStatistics(reads.requests.sum(), reads.bytes.sum(), reads.latency(), writes.requests.sum(), writes.bytes.sum(),
                writes.latency(), flushes.sum(), discards.sum(), hostFails.sum(), refused.sum(), throttled.sum(), notifications.sum(),
                imageChanges.sum(), changeFails.sum());
    }
}
