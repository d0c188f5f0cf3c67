package io.vmm4j.core.acpi;

import io.vmm4j.core.boot.TableBytes;
import io.vmm4j.core.layout.AddressMap;
import io.vmm4j.core.layout.VirtioMmioSlot;
import io.vmm4j.core.memo.Memo;
import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.memory.GuestMemoryException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

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

    /** Machines that are alike have the same tables. */
    private static final Memo<Origin, AcpiTables> MADE = new Memo<>(8);

    /** What the tables follow from. */
    private record Origin(long start, List<Integer> apicIds, int atBoot, List<VirtioMmioSlot> slots, int spares) {

        @Override
        public int hashCode() {
            return Objects.hash(start, apicIds, atBoot, slots.size(), spares);
        }
    }

    /** From {@link #start} on. */
    private final ByteArrayOutputStream tables = new ByteArrayOutputStream();
    private final long start;
    private final byte[] rootPointer;

    private AcpiTables(long start, int[] apicIds, int atBoot, List<VirtioMmioSlot> slots, int spares) {
        this.start = start;
        long dsdt = append(Dsdt.of(apicIds, slots, spares));
        long fadt = append(Fadt.of(dsdt));
        long madt = append(Madt.of(apicIds, atBoot));
        long xsdt = append(AcpiTable.of("XSDT", XSDT_REVISION, new TableBytes().u64(fadt).u64(madt).toByteArray()));
        rootPointer = rootPointer(xsdt);
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
        Origin origin = new Origin(start, Arrays.stream(apicIds).boxed().toList(), atBoot, List.copyOf(slots), spares);
        AcpiTables made = MADE.find(origin);
        if (made == null) {
            made = MADE.keep(origin, new AcpiTables(start, apicIds, atBoot, slots, spares));
        }
        memory.write(start, ByteBuffer.wrap(made.tables.toByteArray()));
        memory.write(AddressMap.RSDP, ByteBuffer.wrap(made.rootPointer));
        return start + made.tables.size();
    }

    private long append(byte[] table) {
        long address = start + tables.size() + ALIGNMENT - 1 & -ALIGNMENT;
        long end = address + table.length;
        if (end > AddressMap.RSDP) {
            throw new IllegalStateException("ACPI tables reach up to 0x" + Long.toHexString(end) + ", the room for them ends at 0x"
                    + Long.toHexString(AddressMap.RSDP));
        }
        tables.writeBytes(new byte[(int) (address - start) - tables.size()]);
        tables.writeBytes(table);
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
