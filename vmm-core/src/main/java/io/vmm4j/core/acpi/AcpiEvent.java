package io.vmm4j.core.acpi;

/** What the host tells a running guest through {@link AcpiEventDevice}. */
public enum AcpiEvent {
    /** The power button was pressed. */
    POWER_BUTTON(1),
    /** {@link CpuController} has something to say. */
    CPUS(1 << 1),
    /** The machine is another than the one the guest started on: its generation id has changed. */
    GENERATION(1 << 2),
    /** {@link SlotController} has something to say. */
    SLOTS(1 << 3);

    private final int bit;

    AcpiEvent(int bit) {
        this.bit = bit;
    }

    /** Its bit in the event register. */
    int bit() {
        return bit;
    }
}
