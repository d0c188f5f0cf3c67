package io.vmm4j.core.acpi;

import io.vmm4j.core.boot.TableBytes;
import java.util.Locale;

/**
 * The processors in the DSDT (ACPI 6.5, section 8.4) and the code that moves their coming and going between
 * {@link CpuController} and the operating system.
 *
 * <pre>
 * Device (CPUS)            // a processor container
 *     OperationRegion, Field: CSEL CSTA CNXT CSRC COST     // the controller's registers, in their order
 *     Method (CPST, 1)     // _STA of a processor
 *     Method (CPEJ, 1)     // _EJ0 of a processor
 *     Method (CPOS, 3)     // _OST of a processor
 *     Method (CPTO, 2)     // notifies a processor
 *     Method (CPSC)        // takes all news; the event device calls it
 *     Device (C000)        // a processor: _HID, _UID, _STA, _MAT, and but for the first _EJ0, _OST
 * </pre>
 */
final class CpuDevices {

    /** The method that takes all news. */
    static final String SCAN = "\\_SB.CPUS.CPSC";

    /** _STA, ACPI 6.5 section 6.3.7: present, enabled, shown, functioning. */
    private static final int STA_THERE = 0xF;
    private static final int CPU_MASK = 0xFFFF;
    private static final int REGISTER_BITS = 32;

    private CpuDevices() {
    }

    /** The container with one device for each of {@code apicIds}, which are those of all vCPUs there can be. */
    static byte[] of(int[] apicIds) {
        TableBytes processors = new TableBytes();
        TableBytes notifications = new TableBytes();
        for (int uid = 0; uid < apicIds.length; uid++) {
            processors.bytes(processor(uid, apicIds[uid]));
            notifications.bytes(AmlCode.when(AmlCode.equal(AmlCode.ARG0, Aml.integer(uid)), AmlCode.notify(name(uid), AmlCode.ARG1)));
        }
        return Aml.device("CPUS",
                Aml.name("_HID", Aml.string("ACPI0010")),
                Aml.name("_CID", Aml.eisaId("PNP0A05")),
                AmlCode.ports("CREG", AcpiPorts.CPUS, CpuController.LENGTH),
                AmlCode.registers("CREG", AmlCode.DWORD_ACCESS, REGISTER_BITS, "CSEL", "CSTA", "CNXT", "CSRC", "COST"),
                AmlCode.mutex("CLCK"),
                status(), eject(), answer(),
                AmlCode.method("CPTO", 2, notifications.toByteArray()),
                scan(),
                processors.toByteArray());
    }

    private static byte[] status() {
        return AmlCode.method("CPST", 1,
                AmlCode.locked("CLCK",
                        AmlCode.store(AmlCode.ARG0, Aml.path("CSEL")),
                        AmlCode.store(Aml.path("CSTA"), AmlCode.LOCAL0)),
                AmlCode.when(AmlCode.LOCAL0, AmlCode.giveBack(Aml.integer(STA_THERE))),
                AmlCode.giveBack(Aml.integer(0)));
    }

    private static byte[] eject() {
        return AmlCode.method("CPEJ", 1,
                AmlCode.locked("CLCK",
                        AmlCode.store(AmlCode.ARG0, Aml.path("CSEL")),
                        AmlCode.store(Aml.integer(1), Aml.path("CSTA"))));
    }

    private static byte[] answer() {
        return AmlCode.method("CPOS", 3,
                AmlCode.locked("CLCK",
                        AmlCode.store(AmlCode.ARG0, Aml.path("CSEL")),
                        AmlCode.store(AmlCode.ARG1, Aml.path("CSRC")),
                        AmlCode.store(AmlCode.ARG2, Aml.path("COST"))));
    }

    private static byte[] scan() {
        return AmlCode.method("CPSC", 0, AmlCode.loop(
                AmlCode.store(Aml.path("CNXT"), AmlCode.LOCAL0),
                AmlCode.shiftRight(AmlCode.LOCAL0, Short.SIZE, AmlCode.LOCAL1),
                AmlCode.when(AmlCode.equal(AmlCode.LOCAL1, Aml.integer(0)), AmlCode.leaveLoop()),
                AmlCode.call("CPTO", AmlCode.and(AmlCode.LOCAL0, CPU_MASK), AmlCode.LOCAL1)));
    }

    private static byte[] processor(int uid, int apicId) {
        byte[] number = Aml.integer(uid);
        byte[] common = Aml.join(
                Aml.name("_HID", Aml.string("ACPI0007")),
                Aml.name("_UID", number),
                AmlCode.method("_STA", 0, AmlCode.giveBack(AmlCode.call("CPST", number))),
                // Asked for only while _STA says that the processor is there.
                Aml.name("_MAT", Aml.buffer(Madt.enabledProcessor(uid, apicId))));
        if (uid == 0) {
            return Aml.device(name(uid), common);
        }
        return Aml.device(name(uid), common,
                AmlCode.method("_EJ0", 1, AmlCode.call("CPEJ", number)),
                AmlCode.method("_OST", 3, AmlCode.call("CPOS", number, AmlCode.ARG0, AmlCode.ARG1)));
    }

    private static String name(int uid) {
        String digits = "00" + Integer.toHexString(uid).toUpperCase(Locale.ROOT);
        return "C" + digits.substring(digits.length() - 3);
    }
}
