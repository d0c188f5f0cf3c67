package io.vmm4j.core.layout;

import java.util.List;

/**
 * Where everything lies in the guest-physical address space of an x86-64 machine. RAM is [0, 3 GiB) and goes on at
 * 4 GiB; device windows are in the hole between.
 */
public final class AddressMap {

    /** Global descriptor table of the boot vCPU, four entries. */
    public static final long GDT = 0x500;
    /** Interrupt descriptor table of the boot vCPU: one empty entry, so an early fault is a triple fault. */
    public static final long IDT = 0x520;
    /** The start info of the PVH boot ABI, with what it points to, for kernels that are entered so. */
    public static final long PVH_START_INFO = 0x6000;
    /** The zero page: {@code struct boot_params} of the Linux boot protocol, one page. */
    public static final long ZERO_PAGE = 0x7000;
    /** Top of the boot vCPU's stack, which grows down from here. */
    public static final long BOOT_STACK = 0x8ff0;
    /** Page map level 4. */
    public static final long PML4 = 0x9000;
    /** Page directory pointer table. */
    public static final long PDPT = 0xa000;
    /** The first page directory, for [0, 1 GiB); those of further GiB follow it. */
    public static final long PAGE_DIRECTORIES = 0xb000;
    /** The kernel command line. */
    public static final long COMMAND_LINE = 0x20000;
    /** End of conventional memory; firmware tables begin here, the MP floating pointer first. */
    public static final long FIRMWARE_TABLES = 0x9fc00;
    /** The ACPI root pointer, and the end of the room for the other tables. */
    public static final long RSDP = 0xe0000;
    /** The VM generation id, 16 bytes with a page of their own. */
    public static final long GENERATION_ID = 0xe1000;
    /** The tables of virtio-mmio windows that are put to use while the guest runs, one page. */
    public static final long SLOT_TABLES = 0xe2000;
    /** Where a processor in real mode begins after a reset; 16 bytes. */
    public static final long RESET_VECTOR = 0xffff0;
    /** RAM above the first MiB begins here; the lowest address a kernel may be loaded at. */
    public static final long HIGH_RAM = 0x10_0000;
    /** End of low RAM, begin of the hole for device windows. */
    public static final long HOLE = 0xC000_0000L;
    /** The boot timer of machines that have one, one page. */
    public static final long BOOT_TIMER = 0xC000_0000L;
    /** The first virtio-mmio window. */
    public static final long VIRTIO_MMIO = 0xC000_1000L;
    /** Bytes in a virtio-mmio window. */
    public static final long VIRTIO_MMIO_SIZE = 0x1000;
    /** The I/O APIC. */
    public static final long IOAPIC = 0xFEC0_0000L;
    /** The local APIC of each vCPU. */
    public static final long LOCAL_APIC = 0xFEE0_0000L;
    /** Three pages that KVM needs on Intel hosts for itself. */
    public static final long KVM_TSS = 0xFFFB_D000L;
    /** End of the hole; RAM goes on here. */
    public static final long RAM_ABOVE_HOLE = 0x1_0000_0000L;

    /** Pages that every machine writes to before its guest runs, but for the kernel's and the initrd's; ascending. */
    public static final List<RamRegion> BOOT_PAGES = List.of(new RamRegion(PVH_START_INFO, 0x2000), new RamRegion(COMMAND_LINE, 0x1000),
            new RamRegion(FIRMWARE_TABLES & -0x1000, 0x3000), new RamRegion(RSDP, 0x2000), new RamRegion(RESET_VECTOR & -0x1000, 0x2000));

    private AddressMap() {
    }

    /**
     * A contiguous range of guest RAM.
     *
     * @param gpa    first byte
     * @param length bytes, above 0
     */
    public record RamRegion(long gpa, long length) {

        /** The address behind the last byte. */
        public long end() {
            return gpa + length;
        }
    }

    /**
     * Lays RAM around the hole.
     *
     * @param memoryBytes RAM of the machine, above 0
     * @return one region, or two when the RAM does not fit below the hole; ascending
     */
    public static List<RamRegion> ramRegions(long memoryBytes) {
        if (memoryBytes <= 0 || memoryBytes > Long.MAX_VALUE - RAM_ABOVE_HOLE) {
            throw new IllegalArgumentException("a machine with " + memoryBytes + " bytes of RAM");
        }
        if (memoryBytes <= HOLE) {
            return List.of(new RamRegion(0, memoryBytes));
        }
        return List.of(new RamRegion(0, HOLE), new RamRegion(RAM_ABOVE_HOLE, memoryBytes - HOLE));
    }

    /** End of the RAM below the hole, where kernel and initrd go. */
    public static long lowRamBytes(long memoryBytes) {
        return Math.min(memoryBytes, HOLE);
    }
}
