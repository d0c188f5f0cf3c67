package io.vmm4j.devices.boottimer;

import io.vmm4j.devices.bus.BusDevice;
import java.util.Objects;

/**
 * Firecracker's boot timer: one register of 8 bits at the begin of a page. Whoever writes {@value #BOOT_COMPLETE} to it tells that the
 * guest has booted; other values, widths and offsets are dropped, and everything reads as 0.
 *
 * <p>Stateless, so any number of vCPU threads may use it at once.
 */
public final class BootTimer implements BusDevice {

    /** Bytes in the window. */
    public static final int LENGTH = 0x1000;

    /** WO. The guest has booted. */
    static final int BOOT_COMPLETE = 123;

    private final Runnable onBooted;

    /** @param onBooted called on vCPU threads, as often as the guest likes; short, never throws */
    public BootTimer(Runnable onBooted) {
        this.onBooted = Objects.requireNonNull(onBooted, "onBooted");
    }

    @Override
    public long read(long offset, int width) {
        return 0;
    }

    @Override
    public void write(long offset, int width, long value) {
        if (offset == 0 && width == 1 && value == BOOT_COMPLETE) {
            onBooted.run();
        }
    }
}
