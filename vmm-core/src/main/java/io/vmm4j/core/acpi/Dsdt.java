package io.vmm4j.core.acpi;

import io.vmm4j.core.layout.AddressMap;
import io.vmm4j.core.layout.VirtioMmioSlot;
import io.vmm4j.devices.pvpanic.PvPanic;
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

    private static final String POWER_BUTTON = "PWRB";
    private static final String GENERATION_ID = "VGEN";
    /** What a power button and a generation id are notified with (ACPI 6.5, table 5.186; the generation id's specification). */
    private static final int PRESSED = 0x80;
    private static final int CHANGED = 0x80;

    /**
     * @param apicIds of all vCPUs there can be. Only where that is more than one there are processor devices: kernels need
     *     them for hot-plug, and take time for each when they boot
     * @param slots   the virtio-mmio windows in use
     * @param spares  virtio-mmio windows that may be put to use later
     */
    static byte[] of(int[] apicIds, List<VirtioMmioSlot> slots, int spares) {
        boolean hotPluggable = apicIds.length > 1;
        byte[] devices = Aml.join(
                hotPluggable ? CpuDevices.of(apicIds) : new byte[0],
                spares > 0 ? SlotDevices.of(spares) : new byte[0],
                powerButton(),
                generationId(),
                eventDevice(hotPluggable, spares > 0),
                serial("COM1", 1, 0x3f8, 4),
                serial("COM2", 2, 0x2f8, 3),
                keyboard(),
                mouse(),
                clock(),
                panicEvents(),
                Aml.join(slots.stream().map(Dsdt::virtioMmio).toArray(byte[][]::new)));
        return AcpiTable.of("DSDT", REVISION, Aml.join(Aml.scope("\\_SB", devices), softOff()));
    }

    /** 4.8.3.3.2 Control method power button. */
    private static byte[] powerButton() {
        return Aml.device(POWER_BUTTON, Aml.name("_HID", Aml.eisaId("PNP0C0C")));
    }

    /**
     * The device of Microsoft's "Virtual Machine Generation ID": ADDR is the place of the id in two halves. That specification
     * has it known by VM_Gen_Counter, Linux knows it by VMGENCTR; an id of neither form is a valid _HID.
     */
    private static byte[] generationId() {
        byte[] address = Aml.packageOf(Aml.integer(AddressMap.GENERATION_ID & 0xFFFF_FFFFL), Aml.integer(AddressMap.GENERATION_ID >>> Integer.SIZE));
        return Aml.device(GENERATION_ID,
                Aml.name("_HID", Aml.string("VMMJ0001")),
                Aml.name("_CID", Aml.packageOf(Aml.string("VM_Gen_Counter"), Aml.string("VMGENCTR"))),
                Aml.name("_DDN", Aml.string("VM_Gen_Counter")),
                Aml.name("ADDR", address));
    }

    /** 5.6.9 The generic event device, in place of the fixed events that a hardware-reduced machine lacks. */
    private static byte[] eventDevice(boolean hotPluggable, boolean hasSlots) {
        return Aml.device("GED",
                Aml.name("_HID", Aml.string("ACPI0013")),
                Aml.name("_CRS", new ResourceTemplate().interrupt(AcpiPorts.EVENTS_GSI).toAml()),
                AmlCode.ports("EREG", AcpiPorts.EVENTS, AcpiEventDevice.LENGTH),
                AmlCode.registers("EREG", AmlCode.BYTE_ACCESS, Byte.SIZE, "EVTS"),
                AmlCode.method("_EVT", 1,
                        // Reading takes the events.
                        AmlCode.store(Aml.path("EVTS"), AmlCode.LOCAL0),
                        on(AcpiEvent.POWER_BUTTON, AmlCode.notify(POWER_BUTTON, Aml.integer(PRESSED))),
                        hotPluggable ? on(AcpiEvent.CPUS, AmlCode.call(CpuDevices.SCAN)) : new byte[0],
                        hasSlots ? on(AcpiEvent.SLOTS, AmlCode.call(SlotDevices.SCAN)) : new byte[0],
                        on(AcpiEvent.GENERATION, AmlCode.notify(GENERATION_ID, Aml.integer(CHANGED)))));
    }

    private static byte[] on(AcpiEvent event, byte[] reaction) {
        return AmlCode.when(AmlCode.and(AmlCode.LOCAL0, event.bit()), reaction);
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

    /** QEMU's docs/specs/pvpanic. Linux takes the port from _CRS, others call the methods. */
    private static byte[] panicEvents() {
        return Aml.device("PEVT",
                Aml.name("_HID", Aml.string("QEMU0001")),
                Aml.name("_CRS", new ResourceTemplate().io(PvPanic.PORT, PvPanic.LENGTH).toAml()),
                AmlCode.ports("PEOR", PvPanic.PORT, PvPanic.LENGTH),
                AmlCode.registers("PEOR", AmlCode.BYTE_ACCESS, Byte.SIZE, "PEPT"),
                AmlCode.method("RDPT", 0, AmlCode.giveBack(Aml.path("PEPT"))),
                AmlCode.method("WRPT", 1, AmlCode.store(AmlCode.ARG0, Aml.path("PEPT"))));
    }

    private static byte[] virtioMmio(VirtioMmioSlot slot) {
        return virtioMmio("V" + hexDigits(slot.index()), slot);
    }

    /** LNRO0005 is the id by which Linux finds a virtio-mmio window. */
    static byte[] virtioMmio(String name, VirtioMmioSlot slot) {
        return Aml.device(name,
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
