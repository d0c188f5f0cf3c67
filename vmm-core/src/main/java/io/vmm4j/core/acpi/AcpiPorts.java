package io.vmm4j.core.acpi;

/** The I/O ports and values by which a guest sleeps, resets and hears of events, as FADT and DSDT name them. */
public final class AcpiPorts {

    /** First port of the window. */
    public static final int BASE = 0x600;
    /** Ports in the window. */
    public static final int LENGTH = 4;

    /** Offset. Sleep control register, ACPI 6.5 table 4.17; 8 bits, reads 0. */
    public static final int SLEEP_CONTROL = 0;
    /** Offset. Sleep status register, ACPI 6.5 table 4.18; 8 bits, reads 0: the machine never wakes. */
    public static final int SLEEP_STATUS = 1;
    /** Offset. Reset register, ACPI 6.5 section 4.8.3.6; 8 bits, reads 0. */
    public static final int RESET = 2;

    /** {@link #SLEEP_CONTROL}: enter the sleep state of {@link #SLP_TYP_MASK}. */
    public static final int SLP_EN = 1 << 5;
    /** {@link #SLEEP_CONTROL}: shift of the sleep type. */
    public static final int SLP_TYP_SHIFT = 2;
    /** {@link #SLEEP_CONTROL}: the sleep type, before the shift. */
    public static final int SLP_TYP_MASK = 7;
    /** The sleep type of S5, soft off. */
    public static final int SLP_TYP_S5 = 5;
    /** The value that {@link #RESET} takes. */
    public static final int RESET_VALUE = 1;

    /** The port of {@link AcpiEventDevice}. */
    public static final int EVENTS = 0x604;
    /** Input of the I/O APIC for {@link AcpiEventDevice}; of every PC the one for ACPI. */
    public static final int EVENTS_GSI = 9;

    /** First port of {@link CpuController}. */
    public static final int CPUS = 0x620;

    /** First port of {@link SlotController}. */
    public static final int SLOTS = 0x640;

    private AcpiPorts() {
    }
}
