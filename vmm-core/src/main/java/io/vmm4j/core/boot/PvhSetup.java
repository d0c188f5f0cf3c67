package io.vmm4j.core.boot;

import io.vmm4j.core.machine.AddressMap;
import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.memory.GuestMemoryException;
import io.vmm4j.kvm.abi.KvmRegs;
import io.vmm4j.kvm.abi.KvmSegment;
import io.vmm4j.kvm.abi.KvmSregs;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Enters a kernel as the x86/HVM direct boot ABI (PVH) has it: the boot vCPU in 32-bit protected mode without paging, flat
 * segments, interrupts off, EBX at the start info. The other vCPUs stay as they come out of reset.
 */
public final class PvhSetup {

    /*
     * struct hvm_start_info, version 1:
     *     u32 magic, version, flags, nr_modules;
     *     u64 modlist_paddr, cmdline_paddr, rsdp_paddr, memmap_paddr;
     *     u32 memmap_entries, reserved;
     * struct hvm_modlist_entry { u64 paddr, size, cmdline_paddr, reserved; };
     * struct hvm_memmap_table_entry { u64 addr, size; u32 type, reserved; };
     */
    private static final int MAGIC = 0x336ec578;
    private static final int VERSION = 1;
    private static final int START_INFO_SIZE = 56;
    private static final int MODULE_SIZE = 32;

    private static final int BOOT_CS = 0x10;
    private static final int BOOT_DS = 0x18;
    private static final int TYPE_CODE = 0xB;
    private static final int TYPE_DATA = 0x3;
    private static final int TYPE_BUSY_TSS = 0xB;
    private static final int TSS_LIMIT = 0x67;
    private static final long CR0_PE = 1L;
    private static final long CR0_ET = 1L << 4;
    private static final long RFLAGS_RESERVED = 1L << 1;

    private PvhSetup() {
    }

    /**
     * Writes the start info and what it points to.
     *
     * @param memoryBytes   RAM of the machine
     * @param initrdAddress guest-physical address of the initrd
     * @param initrdSize    bytes; 0 without one
     */
    public static void writeStartInfo(GuestMemory memory, long memoryBytes, long initrdAddress, long initrdSize) throws GuestMemoryException {
        List<E820Entry> map = E820Entry.of(memoryBytes);
        boolean hasInitrd = initrdSize > 0;
        long module = AddressMap.PVH_START_INFO + START_INFO_SIZE;
        long memoryMap = module + MODULE_SIZE;
        TableBytes info = new TableBytes().u32(MAGIC).u32(VERSION).u32(0).u32(hasInitrd ? 1 : 0)
                .u64(hasInitrd ? module : 0).u64(AddressMap.COMMAND_LINE).u64(AddressMap.RSDP).u64(memoryMap)
                .u32(map.size()).u32(0);
        info.u64(initrdAddress).u64(initrdSize).u64(0).u64(0);
        for (E820Entry entry : map) {
            info.u64(entry.gpa()).u64(entry.length()).u32(entry.type()).u32(0);
        }
        memory.write(AddressMap.PVH_START_INFO, ByteBuffer.wrap(info.toByteArray()));
    }

    /** Changes what KVM gave for the boot vCPU to what the ABI wants; the rest stays. */
    public static void enterProtectedMode(KvmSregs sregs) {
        sregs.cs = segment(BOOT_CS, TYPE_CODE);
        sregs.ds = segment(BOOT_DS, TYPE_DATA);
        sregs.es = segment(BOOT_DS, TYPE_DATA);
        sregs.fs = segment(BOOT_DS, TYPE_DATA);
        sregs.gs = segment(BOOT_DS, TYPE_DATA);
        sregs.ss = segment(BOOT_DS, TYPE_DATA);
        sregs.tr = taskSegment();
        // Not or-ed to the reset value, which has the caches off.
        sregs.cr0 = CR0_PE | CR0_ET;
        sregs.cr4 = 0;
        sregs.efer = 0;
    }

    /** The general registers at the kernel's entry point. */
    public static KvmRegs registers(long entryPoint) {
        KvmRegs regs = new KvmRegs();
        regs.rip = entryPoint;
        regs.rbx = AddressMap.PVH_START_INFO;
        regs.rflags = RFLAGS_RESERVED;
        return regs;
    }

    private static KvmSegment segment(int selector, int type) {
        KvmSegment segment = new KvmSegment();
        segment.selector = selector;
        segment.type = type;
        segment.limit = -1;
        segment.present = 1;
        segment.s = 1;
        segment.db = 1;
        segment.g = 1;
        return segment;
    }

    private static KvmSegment taskSegment() {
        KvmSegment segment = new KvmSegment();
        segment.type = TYPE_BUSY_TSS;
        segment.limit = TSS_LIMIT;
        segment.present = 1;
        return segment;
    }
}
