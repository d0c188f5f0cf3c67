package io.vmm4j.kvm.abi;

import java.nio.ByteBuffer;

/** Argument of KVM_REGISTER_COALESCED_MMIO: writes here are queued in a ring instead of exiting. */
public final class KvmCoalescedMmioZone {
    /*
     * struct kvm_coalesced_mmio_zone {
     *     __u64 addr;
     *     __u32 size;
     *     __u32 pio;               // 1: addr is a port
     * };
     */
    /** Bytes. */
    public static final int SIZE = 16;
    public static final int ADDR = 0;
    public static final int ZONE_SIZE = 8;
    public static final int PIO = 12;

    private KvmCoalescedMmioZone() {
    }

    /** Fills the structure. */
    public static void write(ByteBuffer b, long address, int size, boolean port) {
        b.putLong(ADDR, address).putInt(ZONE_SIZE, size).putInt(PIO, port ? 1 : 0);
    }
}
