package io.vmm4j.core.acpi;

import io.vmm4j.core.boot.TableBytes;
import io.vmm4j.core.layout.AddressMap;

/**
 * The multiple APIC description table (ACPI 6.5, section 5.2.12): vCPUs and interrupt controllers.
 *
 * <p>There is no interrupt source override: ISA interrupts go to the I/O APIC input of the same number, the timer's
 * number 0 included, as KVM's default routing has them, and all are edge-triggered and active high.
 */
final class Madt {

    private static final int REVISION = 6;
    /** Flags: two 8259 interrupt controllers are there as well. */
    private static final int PCAT_COMPAT = 1;

    private static final int LOCAL_APIC = 0;
    private static final int LOCAL_APIC_LENGTH = 8;
    private static final int IO_APIC = 1;
    private static final int IO_APIC_LENGTH = 12;
    private static final int LOCAL_APIC_NMI = 4;
    private static final int LOCAL_APIC_NMI_LENGTH = 6;
    private static final int LOCAL_X2APIC = 9;
    private static final int LOCAL_X2APIC_LENGTH = 16;
    private static final int LOCAL_X2APIC_NMI = 10;
    private static final int LOCAL_X2APIC_NMI_LENGTH = 12;

    private static final int ENABLED = 1;
    /** Not there yet, but may come. */
    private static final int ONLINE_CAPABLE = 1 << 1;
    private static final int ALL_PROCESSORS = 0xFF;
    private static final long ALL_X2APIC_PROCESSORS = 0xFFFF_FFFFL;
    private static final int NMI_LINT = 1;
    /** 255 is broadcast: from here on an id needs an x2APIC entry. */
    private static final int FIRST_X2APIC_ID = 255;
    private static final int IO_APIC_ID = 0;

    private Madt() {
    }

    /**
     * @param apicIds APIC id of each vCPU there can be; the index is its processor UID
     * @param atBoot  how many of them are there from the start
     */
    static byte[] of(int[] apicIds, int atBoot) {
        boolean x2apic = needsX2Apic(apicIds.length - 1, apicIds[apicIds.length - 1]);
        // A machine with x2APICs has no 8259: those are KVM's only together with its I/O APIC.
        TableBytes body = new TableBytes().u32(AddressMap.LOCAL_APIC).u32(x2apic ? 0 : PCAT_COMPAT);
        for (int uid = 0; uid < apicIds.length; uid++) {
            processor(body, uid, apicIds[uid], uid < atBoot ? ENABLED : ONLINE_CAPABLE);
        }
        body.u8(IO_APIC).u8(IO_APIC_LENGTH).u8(IO_APIC_ID).u8(0).u32(AddressMap.IOAPIC).u32(0);
        body.u8(LOCAL_APIC_NMI).u8(LOCAL_APIC_NMI_LENGTH).u8(ALL_PROCESSORS).u16(0).u8(NMI_LINT);
        if (x2apic) {
            body.u8(LOCAL_X2APIC_NMI).u8(LOCAL_X2APIC_NMI_LENGTH).u16(0).u32(ALL_X2APIC_PROCESSORS).u8(NMI_LINT).zeros(3);
        }
        return AcpiTable.of("APIC", REVISION, body.toByteArray());
    }

    /** The entry of a processor that is there, as {@code _MAT} has it. */
    static byte[] enabledProcessor(int uid, int apicId) {
        TableBytes entry = new TableBytes();
        processor(entry, uid, apicId, ENABLED);
        return entry.toByteArray();
    }

    private static void processor(TableBytes body, int uid, int apicId, int flags) {
        if (needsX2Apic(uid, apicId)) {
            body.u8(LOCAL_X2APIC).u8(LOCAL_X2APIC_LENGTH).u16(0).u32(apicId).u32(flags).u32(uid);
        } else {
            body.u8(LOCAL_APIC).u8(LOCAL_APIC_LENGTH).u8(uid).u8(apicId).u32(flags);
        }
    }

    /** A local APIC entry has one byte for either number. */
    private static boolean needsX2Apic(int uid, int apicId) {
        return apicId >= FIRST_X2APIC_ID || uid >= FIRST_X2APIC_ID;
    }
}
