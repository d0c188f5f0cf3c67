package io.vmm4j.devices.pvpanic;

import io.vmm4j.devices.bus.BusDevice;
import java.util.Objects;

/**
 * The pvpanic device in its ISA form (QEMU's docs/specs/pvpanic): one port of 8 bits. Reading gives the events that the device
 * knows, writing raises one; bits that it does not know are ignored. Of several events at once the lowest bit counts.
 *
 * <p>Stateless, so any number of vCPU threads may use it at once.
 */
public final class PvPanic implements BusDevice {

    /** What the guest tells. Called on vCPU threads, as often as the guest likes; short, never throws. */
    public interface Listener {

        /** The kernel panicked, and leaves it to the host what comes of it. */
        void panicked();

        /** The kernel panicked, and starts another kernel that it keeps for that. */
        void crashLoaded();

        /** The guest has shut down, and the machine can go. */
        void shutDown();
    }

    /** The port where guests look when ACPI does not say. */
    public static final int PORT = 0x505;
    /** Ports in the window. */
    public static final int LENGTH = 1;

    /** Event: a panic has happened. */
    static final int PVPANIC_PANICKED = 1;
    /** Event: a panic has happened, and a crash kernel is loaded for it. */
    static final int PVPANIC_CRASH_LOADED = 1 << 1;
    /** Event: a shutdown has happened. */
    static final int PVPANIC_SHUTDOWN = 1 << 2;

    private final Listener listener;

    /** @param listener hears of the events */
    public PvPanic(Listener listener) {
        this.listener = Objects.requireNonNull(listener, "listener");
    }

    @Override
    public long read(long offset, int width) {
        return PVPANIC_PANICKED | PVPANIC_CRASH_LOADED | PVPANIC_SHUTDOWN;
    }

    @Override
    public void write(long offset, int width, long value) {
        if (width != 1) {
            return;
        }
        if ((value & PVPANIC_PANICKED) != 0) {
            listener.panicked();
        } else if ((value & PVPANIC_CRASH_LOADED) != 0) {
            listener.crashLoaded();
        } else if ((value & PVPANIC_SHUTDOWN) != 0) {
            listener.shutDown();
        }
    }
}
