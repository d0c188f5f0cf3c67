package io.vmm4j.core.acpi;

import io.vmm4j.devices.bus.BusDevice;
import java.util.Objects;

/**
 * The sleep and reset registers of a hardware-reduced ACPI machine (ACPI 6.5, sections 4.8.3.6 and 4.8.3.7), a window
 * of {@link AcpiPorts#LENGTH} ports at {@link AcpiPorts#BASE}.
 *
 * <p>Stateless, so any number of vCPU threads may use it at once. Registers are one byte wide; other widths and other
 * values are dropped.
 */
public final class AcpiPowerDevice implements BusDevice {

    private final Runnable onPowerOff;
    private final Runnable onReset;

    /**
     * @param onPowerOff the guest entered S5; runs on a vCPU thread, again each time the guest asks, and must not throw
     * @param onReset    the guest wrote the reset value; likewise
     */
    public AcpiPowerDevice(Runnable onPowerOff, Runnable onReset) {
        this.onPowerOff = Objects.requireNonNull(onPowerOff, "onPowerOff");
        this.onReset = Objects.requireNonNull(onReset, "onReset");
    }

    @Override
    public long read(long offset, int width) {
        return 0;
    }

    @Override
    public void write(long offset, int width, long value) {
        if (width != 1) {
            return;
        }
        if (offset == AcpiPorts.SLEEP_CONTROL && entersS5(value)) {
            onPowerOff.run();
        } else if (offset == AcpiPorts.RESET && value == AcpiPorts.RESET_VALUE) {
            onReset.run();
        }
    }

    private static boolean entersS5(long value) {
        boolean enabled = (value & AcpiPorts.SLP_EN) != 0;
        return enabled && (value >>> AcpiPorts.SLP_TYP_SHIFT & AcpiPorts.SLP_TYP_MASK) == AcpiPorts.SLP_TYP_S5;
    }
}
