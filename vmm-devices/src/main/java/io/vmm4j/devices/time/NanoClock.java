package io.vmm4j.devices.time;

/** A monotonic clock. Devices never read the machine's clock themselves, so tests can turn time by hand. */
@FunctionalInterface
public interface NanoClock {

    /** Nanoseconds since an arbitrary, fixed origin; never goes back. Compare by difference, as with {@link System#nanoTime()}. */
    long nanoTime();
}
