package io.vmm4j.core.boot;

import io.vmm4j.core.layout.AddressMap;
import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.memory.GuestMemoryException;
import io.vmm4j.kvm.abi.KvmRegs;
import io.vmm4j.kvm.abi.KvmSregs;
import java.nio.ByteBuffer;

/**
 * Puts the boot vCPU into long mode, as the Linux x86 64-bit boot protocol wants it: flat segments {@code __BOOT_CS}
 * and {@code __BOOT_DS}, memory from 0 mapped to itself, interrupts off, RSI at the zero page. The other vCPUs stay as
 * they come out of reset and wait for INIT and SIPI.
 */
public final class LongModeSetup {

    /** Base 0, 4 GiB, present, ring 0, execute and read, 64-bit. */
    private static final long CODE_DESCRIPTOR = 0x00AF_9B00_0000_FFFFL;
    /** Base 0, 4 GiB, present, ring 0, read and write. */
    private static final long DATA_DESCRIPTOR = 0x00CF_9300_0000_FFFFL;
    private static final int GDT_LIMIT = 4 * Long.BYTES - 1;
    private static final int IDT_LIMIT = Long.BYTES - 1;


    private static final long CR0_PE = 1L;
    private static final long CR0_ET = 1L << 4;
    private static final long CR0_PG = 1L << 31;
    private static final long CR4_PAE = 1L << 5;
    private static final long EFER_LME = 1L << 8;
    private static final long EFER_LMA = 1L << 10;
    private static final long RFLAGS_RESERVED = 1L << 1;

    private static final long PTE_PRESENT = 1L;
    private static final long PTE_WRITABLE = 1L << 1;
    private static final long PTE_HUGE = 1L << 7;
    private static final long PAGE = 0x1000;
    private static final long HUGE_PAGE = 0x20_0000;
    private static final int ENTRIES = 512;
    private static final long GIB = 1L << 30;
    private static final int MAX_GIB = 4;

    private LongModeSetup() {
    }

    /**
     * Writes the GDT, an empty IDT, and page tables that map [0, n GiB) to itself with 2 MiB pages.
     *
     * @param mappedEnd all below must be mapped; 1 GiB at least is, at most 4 GiB can be
     */
    public static void writeTables(GuestMemory memory, long mappedEnd) throws GuestMemoryException {
        int gibs = (int) Math.max(1, (mappedEnd + GIB - 1) / GIB);
        if (mappedEnd < 0 || gibs > MAX_GIB) {
            throw new IllegalArgumentException("page tables for [0, 0x" + Long.toHexString(mappedEnd) + "): at most " + MAX_GIB + " GiB");
        }
        write(memory, AddressMap.GDT, new TableBytes().u64(0).u64(0).u64(CODE_DESCRIPTOR).u64(DATA_DESCRIPTOR));
        write(memory, AddressMap.IDT, new TableBytes().u64(0));
        write(memory, AddressMap.PML4, new TableBytes().u64(AddressMap.PDPT | PTE_PRESENT | PTE_WRITABLE).padTo((int) PAGE));
        TableBytes pdpt = new TableBytes();
        TableBytes directories = new TableBytes();
        for (int gib = 0; gib < gibs; gib++) {
            pdpt.u64(AddressMap.PAGE_DIRECTORIES + gib * PAGE | PTE_PRESENT | PTE_WRITABLE);
            for (int i = 0; i < ENTRIES; i++) {
                directories.u64(gib * GIB + i * HUGE_PAGE | PTE_PRESENT | PTE_WRITABLE | PTE_HUGE);
            }
        }
        write(memory, AddressMap.PDPT, pdpt.padTo((int) PAGE));
        write(memory, AddressMap.PAGE_DIRECTORIES, directories);
    }

    private static void write(GuestMemory memory, long gpa, TableBytes table) throws GuestMemoryException {
        memory.write(gpa, ByteBuffer.wrap(table.toByteArray()));
    }

    /** Changes what KVM gave for the boot vCPU to long mode with the tables above; the rest stays. */
    public static void enterLongMode(KvmSregs sregs) {
        FlatSegments.load(sregs, FlatSegments.code64());
        sregs.gdt.base = AddressMap.GDT;
        sregs.gdt.limit = GDT_LIMIT;
        sregs.idt.base = AddressMap.IDT;
        sregs.idt.limit = IDT_LIMIT;
        // Not or-ed to the reset value, which has the caches off.
        sregs.cr0 = CR0_PE | CR0_ET | CR0_PG;
        sregs.cr3 = AddressMap.PML4;
        sregs.cr4 = CR4_PAE;
        sregs.efer = EFER_LME | EFER_LMA;
    }

    /** The general registers at the kernel's entry point. */
    public static KvmRegs registers(long entryPoint) {
        KvmRegs regs = new KvmRegs();
        regs.rip = entryPoint;
        regs.rsi = AddressMap.ZERO_PAGE;
        regs.rsp = AddressMap.BOOT_STACK;
        regs.rbp = AddressMap.BOOT_STACK;
        regs.rflags = RFLAGS_RESERVED;
        return regs;
    }
}
