package io.vmm4j.core.boot;

import io.vmm4j.core.layout.AddressMap;
import io.vmm4j.core.memo.Memo;
import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.memory.GuestMemoryException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/**
 * The MP configuration table (Intel MultiProcessor Specification 1.4, chapter 4), by which kernels without ACPI find
 * CPUs and interrupts: floating pointer, then the table.
 *
 * <p>Every interrupt input of the I/O APIC is an ISA interrupt of the same number, edge-triggered and active high;
 * above 15 that is beyond the ISA bus, and just what {@code virtio_mmio.device=} needs. Input 0 is the timer's, as in
 * KVM's default routing.
 */
public final class MpTable {

    /** Machines that are alike have the same table. */
    private static final Memo<List<Integer>, byte[]> MADE = new Memo<>(8);

    private static final int FLOATING_POINTER_SIZE = 16;
    private static final int HEADER_SIZE = 44;
    private static final int SPEC_REVISION = 4;

    private static final int PROCESSOR_ENTRY = 0;
    private static final int BUS_ENTRY = 1;
    private static final int IOAPIC_ENTRY = 2;
    private static final int IO_INTERRUPT_ENTRY = 3;
    private static final int LOCAL_INTERRUPT_ENTRY = 4;

    private static final int CPU_ENABLED = 1;
    private static final int CPU_BOOT = 2;
    /** Family 6, which every 64-bit CPU says for this table's purposes. */
    private static final int CPU_SIGNATURE = 0x600;
    /** FPU and APIC. */
    private static final int CPU_FEATURES = 0x201;
    private static final int LOCAL_APIC_VERSION = 0x14;
    private static final int IOAPIC_VERSION = 0x11;
    private static final int IOAPIC_ENABLED = 1;
    private static final int INTERRUPT_INT = 0;
    private static final int INTERRUPT_NMI = 1;
    private static final int INTERRUPT_EXTINT = 3;
    /** Polarity and trigger as the bus has them: active high, edge. */
    private static final int CONFORMS_TO_BUS = 0;
    private static final int ISA_BUS = 0;
    private static final int IOAPIC_PINS = 24;
    private static final int ALL_LOCAL_APICS = 0xFF;
    private static final int MAX_APIC_ID = 253;

    private MpTable() {
    }

    /**
     * Writes the floating pointer at {@link AddressMap#FIRMWARE_TABLES} and the table behind it.
     *
     * @param apicIds APIC id of each vCPU, the boot vCPU's first. Ids above 253 do not fit the table's bytes beside the
     *     I/O APIC's own: those vCPUs are left to ACPI
     * @return the address behind the table
     */
    public static long write(GuestMemory memory, int[] apicIds) throws GuestMemoryException {
        long tableAddress = AddressMap.FIRMWARE_TABLES + FLOATING_POINTER_SIZE;
        List<Integer> ids = Arrays.stream(apicIds).filter(id -> id <= MAX_APIC_ID).boxed().toList();
        byte[] known = MADE.find(ids);
        byte[] table = known == null ? MADE.keep(ids, table(ids.stream().mapToInt(Integer::intValue).toArray())) : known;
        memory.write(AddressMap.FIRMWARE_TABLES, ByteBuffer.wrap(floatingPointer(tableAddress)));
        memory.write(tableAddress, ByteBuffer.wrap(table));
        return tableAddress + table.length;
    }

    private static byte[] floatingPointer(long tableAddress) {
        int lengthInParagraphs = 1;
        int checksumOffset = 10;
        TableBytes pointer = new TableBytes().ascii("_MP_", 4, ' ').u32(tableAddress).u8(lengthInParagraphs).u8(SPEC_REVISION);
        return pointer.padTo(FLOATING_POINTER_SIZE).withChecksum(checksumOffset, FLOATING_POINTER_SIZE);
    }

    private static byte[] table(int[] apicIds) {
        int ioApicId = Arrays.stream(apicIds).max().orElseThrow() + 1;
        TableBytes entries = new TableBytes();
        for (int i = 0; i < apicIds.length; i++) {
            entries.u8(PROCESSOR_ENTRY).u8(apicIds[i]).u8(LOCAL_APIC_VERSION).u8(i == 0 ? CPU_ENABLED | CPU_BOOT : CPU_ENABLED)
                    .u32(CPU_SIGNATURE).u32(CPU_FEATURES).zeros(8);
        }
        entries.u8(BUS_ENTRY).u8(ISA_BUS).ascii("ISA", 6, ' ');
        entries.u8(IOAPIC_ENTRY).u8(ioApicId).u8(IOAPIC_VERSION).u8(IOAPIC_ENABLED).u32(AddressMap.IOAPIC);
        for (int pin = 0; pin < IOAPIC_PINS; pin++) {
            interrupt(entries, IO_INTERRUPT_ENTRY, INTERRUPT_INT, pin, ioApicId, pin);
        }
        interrupt(entries, LOCAL_INTERRUPT_ENTRY, INTERRUPT_EXTINT, 0, apicIds[0], 0);
        interrupt(entries, LOCAL_INTERRUPT_ENTRY, INTERRUPT_NMI, 0, ALL_LOCAL_APICS, 1);
        int count = apicIds.length + 1 + 1 + IOAPIC_PINS + 2;
        return withHeader(entries.toByteArray(), count);
    }

    private static void interrupt(TableBytes entries, int entry, int type, int sourceIrq, int destination, int input) {
        entries.u8(entry).u8(type).u16(CONFORMS_TO_BUS).u8(ISA_BUS).u8(sourceIrq).u8(destination).u8(input);
    }

    private static byte[] withHeader(byte[] entries, int count) {
        int length = HEADER_SIZE + entries.length;
        int checksumOffset = 7;
        TableBytes table = new TableBytes().ascii("PCMP", 4, ' ').u16(length).u8(SPEC_REVISION).u8(0)
                .ascii("VMM4J", 8, ' ').ascii("VM", 12, ' ')
                .u32(0).u16(0).u16(count).u32(AddressMap.LOCAL_APIC).u16(0).u8(0).u8(0);
        return table.bytes(entries).withChecksum(checksumOffset, length);
    }
}
