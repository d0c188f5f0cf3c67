package io.vmm4j.kvm.abi;

import java.nio.ByteBuffer;

/** Argument of KVM_SET_USER_MEMORY_REGION: a slot of guest-physical memory and what backs it. */
public final class KvmUserspaceMemoryRegion {
    /*
     * struct kvm_userspace_memory_region {
     *     __u32 slot;
     *     __u32 flags;
     *     __u64 guest_phys_addr;
     *     __u64 memory_size;       // bytes; 0 removes the slot
     *     __u64 userspace_addr;
     * };
     */
    /** Bytes. */
    public static final int SIZE = 32;
    public static final int SLOT = 0;
    public static final int FLAGS = 4;
    public static final int GUEST_PHYS_ADDR = 8;
    public static final int MEMORY_SIZE = 16;
    public static final int USERSPACE_ADDR = 24;

    /** Pages that the guest writes are noted for KVM_GET_DIRTY_LOG. */
    public static final int KVM_MEM_LOG_DIRTY_PAGES = 1;
    /** Guest writes become MMIO exits. */
    public static final int KVM_MEM_READONLY = 2;

    private KvmUserspaceMemoryRegion() {
    }

    /** Fills the structure. */
    public static void write(ByteBuffer b, int slot, int flags, long gpa, long size, long hostAddress) {
        b.putInt(SLOT, slot).putInt(FLAGS, flags).putLong(GUEST_PHYS_ADDR, gpa).putLong(MEMORY_SIZE, size)
                .putLong(USERSPACE_ADDR, hostAddress);
    }
}
