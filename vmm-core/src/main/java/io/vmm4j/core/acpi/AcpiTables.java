package io.vmm4j.core.acpi;

import io.vmm4j.core.boot.TableBytes;
import io.vmm4j.core.layout.AddressMap;
import io.vmm4j.core.layout.VirtioMmioSlot;
import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.memory.GuestMemoryException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Writes the ACPI tables of a machine: DSDT, FADT, MADT and XSDT one behind the other, and the root pointer at
 * {@link AddressMap#RSDP}, to which the zero page points.
 *
 * <p>The machine is hardware-reduced (ACPI 6.5, section 4.1). Kernels then leave the 8259 and the PIT alone, so time
 * comes from kvmclock or CPUID and ticks from the local APIC; without ACPI ({@code acpi=off}) they find all of them by
 * the MP table.
 */
public final class AcpiTables {

    private static final int ALIGNMENT = 16;
    private static final int XSDT_REVISION = 1;
    private static final int RSDP_REVISION = 2;
    private static final int RSDP_V1_LENGTH = 20;
    private static final int RSDP_LENGTH = 36;
    private static final int RSDP_CHECKSUM = 8;
    private static final int RSDP_EXTENDED_CHECKSUM = 32;

    private final GuestMemory memory;
    private long next;

    private AcpiTables(GuestMemory memory, long start) {
        this.memory = memory;
        this.next = start;
    }

    /**
     * Writes all tables.
     *
     * @param start   where the first may go: behind the MP table
     * @param apicIds APIC id of each vCPU there can be, the boot vCPU's first
     * @param atBoot  how many of them are there from the start
     * @param slots   the virtio-mmio windows in use
     * @param spares  virtio-mmio windows that may be put to use later, at most {@link SlotTable#COUNT_MAX}
     * @return the address behind the last table
     * @throws IllegalStateException when the tables do not fit below the root pointer
     */
    public static long write(GuestMemory memory, long start, int[] apicIds, int atBoot, List<VirtioMmioSlot> slots, int spares)
            throws GuestMemoryException {
        AcpiTables tables = new AcpiTables(memory, start);
        long dsdt = tables.append(Dsdt.of(apicIds, slots, spares));
        long fadt = tables.append(Fadt.of(dsdt));
        long madt = tables.append(Madt.of(apicIds, atBoot));
        long xsdt = tables.append(AcpiTable.of("XSDT", XSDT_REVISION, new TableBytes().u64(fadt).u64(madt).toByteArray()));
        memory.write(AddressMap.RSDP, ByteBuffer.wrap(rootPointer(xsdt)));
        return tables.next;
    }

    private long append(byte[] table) throws GuestMemoryException {
        long address = next + ALIGNMENT - 1 & -ALIGNMENT;
        long end = address + table.length;
        if (end > AddressMap.RSDP) {
            throw new IllegalStateException("ACPI tables reach up to 0x" + Long.toHexString(end) + ", the room for them ends at 0x"
                    + Long.toHexString(AddressMap.RSDP));
        }
        memory.write(address, ByteBuffer.wrap(table));
        next = end;
        return address;
    }

    /** 5.2.5.3 RSDP; the first checksum covers what ACPI 1.0 had. */
    private static byte[] rootPointer(long xsdt) {
        byte[] pointer = new TableBytes().ascii("RSD PTR ", 8, ' ').u8(0).ascii(AcpiTable.OEM_ID, 6, ' ').u8(RSDP_REVISION)
                .u32(0).u32(RSDP_LENGTH).u64(xsdt).u8(0).zeros(3).withChecksum(RSDP_CHECKSUM, RSDP_V1_LENGTH);
        pointer[RSDP_EXTENDED_CHECKSUM] = TableBytes.checksum(pointer, RSDP_LENGTH);
        return pointer;
    }
}
