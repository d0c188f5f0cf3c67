package io.vmm4j.core.acpi;

import io.vmm4j.core.boot.TableBytes;

/**
 * The fixed ACPI description table (ACPI 6.5, section 5.2.9) of a hardware-reduced machine: no timer, no event
 * registers, no SCI; sleep control and reset are ports.
 */
final class Fadt {

    private static final int REVISION = 6;
    private static final int MINOR_REVISION = 5;
    private static final int LENGTH = 276;

    private static final int PREFERRED_PM_PROFILE = 45;
    private static final int P_LVL2_LAT = 96;
    private static final int CENTURY = 108;
    private static final int RESET_REG = 116;
    private static final int X_DSDT = 140;
    private static final int SLEEP_CONTROL_REG = 244;
    private static final int HYPERVISOR_VENDOR = 268;
    private static final int GENERIC_ADDRESS_SIZE = 12;

    /** Preferred_PM_Profile: a server. */
    private static final int ENTERPRISE_SERVER = 4;
    /** P_LVL2_LAT, P_LVL3_LAT: above these the states count as absent. */
    private static final int NO_C2 = 101;
    private static final int NO_C3 = 1001;
    /** CMOS register of the century. */
    private static final int RTC_CENTURY = 0x32;

    /** IAPC_BOOT_ARCH: serial ports and the like are there. */
    private static final int LEGACY_DEVICES = 1;
    /** IAPC_BOOT_ARCH: a keyboard controller is there. */
    private static final int I8042 = 1 << 1;
    /** IAPC_BOOT_ARCH: do not probe for VGA. Bit 5, "no CMOS clock", stays 0. */
    private static final int VGA_NOT_PRESENT = 1 << 2;

    /** Flags: WBINVD works. */
    private static final int WBINVD = 1;
    /** Flags: C1 on all CPUs. */
    private static final int PROC_C1 = 1 << 2;
    /** Flags: no power button in fixed registers. */
    private static final int PWR_BUTTON = 1 << 4;
    /** Flags: no sleep button in fixed registers. */
    private static final int SLP_BUTTON = 1 << 5;
    /** Flags: no clock wake status in fixed registers. */
    private static final int FIX_RTC = 1 << 6;
    /** Flags: RESET_REG is there. */
    private static final int RESET_REG_SUP = 1 << 10;
    /** Flags: no display, so do not look for one. */
    private static final int HEADLESS = 1 << 12;
    /** Flags: hardware-reduced. */
    private static final int HW_REDUCED_ACPI = 1 << 20;

    /** Generic address structure, 5.2.3.2: address space of I/O ports. */
    private static final int SYSTEM_IO = 1;
    private static final int BYTE_ACCESS = 1;

    private Fadt() {
    }

    /** @param dsdt guest-physical address of the DSDT, below 4 GiB */
    static byte[] of(long dsdt) {
        int header = AcpiTable.HEADER_SIZE;
        int bootArchitecture = LEGACY_DEVICES | I8042 | VGA_NOT_PRESENT;
        int flags = WBINVD | PROC_C1 | PWR_BUTTON | SLP_BUTTON | FIX_RTC | RESET_REG_SUP | HEADLESS | HW_REDUCED_ACPI;
        TableBytes body = new TableBytes();
        // FIRMWARE_CTRL: a hardware-reduced machine needs no FACS.
        body.u32(0).u32(dsdt);
        body.padTo(PREFERRED_PM_PROFILE - header).u8(ENTERPRISE_SERVER);
        body.padTo(P_LVL2_LAT - header).u16(NO_C2).u16(NO_C3);
        body.padTo(CENTURY - header).u8(RTC_CENTURY).u16(bootArchitecture).u8(0).u32(flags);
        body.padTo(RESET_REG - header);
        port(body, AcpiPorts.RESET);
        // RESET_VALUE, ARM_BOOT_ARCH, FADT Minor Version
        body.u8(AcpiPorts.RESET_VALUE).u16(0).u8(MINOR_REVISION);
        body.padTo(X_DSDT - header).u64(dsdt);
        body.padTo(SLEEP_CONTROL_REG - header);
        port(body, AcpiPorts.SLEEP_CONTROL);
        port(body, AcpiPorts.SLEEP_STATUS);
        body.padTo(HYPERVISOR_VENDOR - header).ascii(AcpiTable.OEM_ID, Long.BYTES, '\0');
        return AcpiTable.of("FACP", REVISION, body.padTo(LENGTH - header).toByteArray());
    }

    private static void port(TableBytes body, int offset) {
        int end = body.size() + GENERIC_ADDRESS_SIZE;
        body.u8(SYSTEM_IO).u8(Byte.SIZE).u8(0).u8(BYTE_ACCESS).u64(AcpiPorts.BASE + offset).padTo(end);
    }
}
