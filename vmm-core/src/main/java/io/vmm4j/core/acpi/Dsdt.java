package io.vmm4j.core.acpi;

import io.vmm4j.core.machine.VirtioMmioSlot;
import java.util.List;
import java.util.Locale;

/**
 * The differentiated system description table: the devices that cannot be found by looking, and the one sleep state.
 *
 * <p>Interrupts are extended descriptors, for ISA devices too: on a hardware-reduced machine kernels know no ISA
 * interrupts, only numbers of I/O APIC inputs.
 */
final class Dsdt {

    /** Revision 2 and later: integers have 64 bits. */
    private static final int REVISION = 2;

    private Dsdt() {
    }

    static byte[] of(List<VirtioMmioSlot> slots) {
        byte[] devices = Aml.join(
                serial("COM1", 1, 0x3f8, 4),
                serial("COM2", 2, 0x2f8, 3),
                keyboard(),
                mouse(),
                clock(),
                Aml.join(slots.stream().map(Dsdt::virtioMmio).toArray(byte[][]::new)));
        return AcpiTable.of("DSDT", REVISION, Aml.join(Aml.scope("\\_SB", devices), softOff()));
    }

    private static byte[] serial(String name, int uid, int port, int gsi) {
        return Aml.device(name,
                Aml.name("_HID", Aml.eisaId("PNP0501")),
                Aml.name("_UID", Aml.integer(uid)),
                Aml.name("_DDN", Aml.string(name)),
                Aml.name("_CRS", new ResourceTemplate().io(port, 8).interrupt(gsi).toAml()));
    }

    private static byte[] keyboard() {
        return Aml.device("KBD",
                Aml.name("_HID", Aml.eisaId("PNP0303")),
                Aml.name("_CRS", new ResourceTemplate().io(0x60, 1).io(0x64, 1).interrupt(1).toAml()));
    }

    /** Named although the controller has no such port, because Linux warns of a controller without the name; it probes and finds none. */
    private static byte[] mouse() {
        return Aml.device("MOU",
                Aml.name("_HID", Aml.eisaId("PNP0F13")),
                Aml.name("_CRS", new ResourceTemplate().interrupt(12).toAml()));
    }

    private static byte[] clock() {
        return Aml.device("RTC",
                Aml.name("_HID", Aml.eisaId("PNP0B00")),
                Aml.name("_CRS", new ResourceTemplate().io(0x70, 2).interrupt(8).toAml()));
    }

    /** LNRO0005 is the id by which Linux finds a virtio-mmio window. */
    private static byte[] virtioMmio(VirtioMmioSlot slot) {
        return Aml.device("V" + hexDigits(slot.index()),
                Aml.name("_HID", Aml.string("LNRO0005")),
                Aml.name("_UID", Aml.integer(slot.index())),
                Aml.name("_CRS", new ResourceTemplate().memory(slot.base(), slot.size()).interrupt(slot.gsi()).toAml()));
    }

    /** Three digits: names have four characters. */
    private static String hexDigits(int number) {
        String digits = "00" + Integer.toHexString(number).toUpperCase(Locale.ROOT);
        return digits.substring(digits.length() - 3);
    }

    /** 7.4.2 _S5: the value for the sleep control register's type field. */
    private static byte[] softOff() {
        byte[] type = Aml.integer(AcpiPorts.SLP_TYP_S5);
        return Aml.name("\\_S5", Aml.packageOf(type, Aml.integer(0), Aml.integer(0), Aml.integer(0)));
    }
}
