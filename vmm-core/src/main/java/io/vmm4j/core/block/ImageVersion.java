package io.vmm4j.core.block;

import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import io.vmm4j.kvm.libc.Fd;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * What an image was like at a moment, by which it is told whether it has been written since. Of a block device, which keeps no such time, only
 * that it is as large.
 *
 * @param size          in bytes
 * @param modifiedNanos when it was written last, in nanoseconds since 1970; 0 for a block device
 */
public record ImageVersion(long size, long modifiedNanos) {

    /** File systems note the time of a write by the kernel's ticks: 10 ms at most. */
    private static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(11);

    /**
     * What {@code file}, which nobody writes at the moment, is like. Comes back when a write from then on has another time.
     *
     * @throws IOException when the host does not tell
     */
    static ImageVersion settled(DiskFile file) throws IOException {
        ImageVersion version = file.version();
        long end = version.modifiedNanos + TICK_NANOS;
        for (long left = end - nowNanos(); left > 0 && left <= TICK_NANOS; left = end - nowNanos()) {
            LockSupport.parkNanos(left);
        }
        return version;
    }

    /** What {@code file} is like now. */
    static ImageVersion of(Fd file, boolean isBlockDevice) throws IOException {
        if (isBlockDevice) {
            return new ImageVersion(file.blockDeviceSize(), 0);
        }
        FileTime time = (FileTime) Files.getAttribute(Path.of("/proc/self/fd", Integer.toString(file.value())), "unix:lastModifiedTime");
        return new ImageVersion(file.stat().size(), time.to(TimeUnit.NANOSECONDS));
    }

    private static long nowNanos() {
        return TimeUnit.MILLISECONDS.toNanos(System.currentTimeMillis());
    }

    /** For a file. */
    public State toState() {
        return State.builder().put("size", size).put("modifiedNanos", modifiedNanos).build();
    }

    /** From a file. */
    public static ImageVersion of(State state) throws StateException {
        return new ImageVersion(state.integer("size", 0, Long.MAX_VALUE), state.bits("modifiedNanos"));
    }
}
