package io.vmm4j.core.memo;

import io.vmm4j.devices.time.NanoClock;
import java.util.function.Supplier;

/**
 * Something about the host that others change now and then, looked at once for all machines that are made within a moment. Thread-safe.
 *
 * @param <T> never changed
 */
public final class Recent<T> {

    /** What was seen, and when. */
    private record Look<T>(T seen, long atNanos) {
    }

    private final Supplier<? extends T> look;
    private final long momentNanos;
    private final NanoClock clock;
    private volatile Look<T> latest;

    /**
     * @param look        looks at the host
     * @param momentNanos how long what was seen is taken for true
     */
    public Recent(Supplier<? extends T> look, long momentNanos, NanoClock clock) {
        this.look = look;
        this.momentNanos = momentNanos;
        this.clock = clock;
    }

    /** What is seen now, or was seen a moment ago. */
    public T get() {
        Look<T> known = latest;
        long now = clock.nanoTime();
        if (known == null || now - known.atNanos >= momentNanos) {
            known = new Look<>(look.get(), now);
            latest = known;
        }
        return known.seen;
    }
}
