package io.vmm4j.core.boot;

import io.vmm4j.core.layout.AddressMap;
import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.memory.GuestMemoryException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * The zero page, {@code struct boot_params} (Linux x86 boot protocol and Documentation/arch/x86/zero-page.rst): what
 * the kernel learns from its loader.
 *
 * @param memoryBytes   RAM of the machine
 * @param kernel        whose setup header is taken over, when it has one
 * @param initrdAddress guest-physical address of the initrd; 0 without one
 * @param initrdSize    bytes; 0 without one
 */
public record BootParams(long memoryBytes, KernelImage kernel, long initrdAddress, long initrdSize) {

    private static final int PAGE = 4096;

    /** Address of the ACPI root pointer. */
    static final int ACPI_RSDP_ADDR = 0x070;
    /** High half of the initrd's address. */
    static final int EXT_RAMDISK_IMAGE = 0x0c0;
    /** High half of the initrd's size. */
    static final int EXT_RAMDISK_SIZE = 0x0c4;
    /** Entries in the memory map. */
    static final int E820_ENTRIES = 0x1e8;
    /** The memory map; 20 bytes an entry. */
    static final int E820_TABLE = 0x2d0;
    static final int E820_ENTRY_SIZE = 20;

    /** A loader without a number of its own. */
    private static final int LOADER_UNDEFINED = 0xff;
    /** 16 MiB, what kernels are built for when they do not say. */
    private static final long ELF_KERNEL_ALIGNMENT = 0x0100_0000;

    /** Writes the page to its place in the {@linkplain AddressMap#ZERO_PAGE address map}. */
    public void write(GuestMemory memory) throws GuestMemoryException {
        long page = AddressMap.ZERO_PAGE;
        memory.write(page, ByteBuffer.allocate(PAGE));
        writeSetupHeader(memory, page);
        memory.writeU64(page + ACPI_RSDP_ADDR, AddressMap.RSDP);
        memory.writeU8(page + SetupHeader.TYPE_OF_LOADER, LOADER_UNDEFINED);
        memory.writeU32(page + SetupHeader.CMD_LINE_PTR, AddressMap.COMMAND_LINE);
        memory.writeU32(page + SetupHeader.RAMDISK_IMAGE, initrdAddress);
        memory.writeU32(page + SetupHeader.RAMDISK_SIZE, initrdSize);
        memory.writeU32(page + EXT_RAMDISK_IMAGE, initrdAddress >>> Integer.SIZE);
        memory.writeU32(page + EXT_RAMDISK_SIZE, initrdSize >>> Integer.SIZE);
        writeMemoryMap(memory, page);
    }

    private void writeSetupHeader(GuestMemory memory, long page) throws GuestMemoryException {
        if (kernel.setupHeader().isPresent()) {
            memory.write(page + SetupHeader.OFFSET, ByteBuffer.wrap(kernel.setupHeader().get().bytes()));
            return;
        }
        memory.writeU16(page + SetupHeader.BOOT_FLAG, SetupHeader.BOOT_FLAG_VALUE);
        memory.writeU32(page + SetupHeader.HEADER, SetupHeader.HEADER_VALUE);
        memory.writeU16(page + SetupHeader.VERSION, SetupHeader.VERSION_2_12);
        memory.writeU8(page + SetupHeader.LOADFLAGS, SetupHeader.LOADED_HIGH);
        memory.writeU32(page + SetupHeader.KERNEL_ALIGNMENT, ELF_KERNEL_ALIGNMENT);
        memory.writeU32(page + SetupHeader.CMDLINE_SIZE, CommandLine.COMMAND_LINE_SIZE - 1);
    }

    private void writeMemoryMap(GuestMemory memory, long page) throws GuestMemoryException {
        List<E820Entry> map = E820Entry.of(memoryBytes);
        memory.writeU8(page + E820_ENTRIES, map.size());
        long at = page + E820_TABLE;
        for (E820Entry entry : map) {
            memory.writeU64(at, entry.gpa());
            memory.writeU64(at + Long.BYTES, entry.length());
            memory.writeU32(at + 2 * Long.BYTES, entry.type());
            at += E820_ENTRY_SIZE;
        }
    }
}
