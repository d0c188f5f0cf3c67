package io.vmm4j.core.boot;

import io.vmm4j.core.layout.AddressMap;
import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.memory.GuestMemoryException;
import io.vmm4j.kvm.abi.KvmRegs;
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
        FlatSegments.load(sregs, FlatSegments.code32());
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
}
