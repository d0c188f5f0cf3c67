package io.vmm4j.kvm.abi;

/** The page in which KVM queues coalesced writes; one a VM, mapped with every vCPU. */
public final class KvmCoalescedMmioRing {
    /*
     * struct kvm_coalesced_mmio_ring {
     *     __u32 first;             // the consumer's index
     *     __u32 last;              // the producer's
     *     struct kvm_coalesced_mmio {
     *         __u64 phys_addr;
     *         __u32 len;
     *         __u32 pio;           // 1: phys_addr is a port
     *         __u8  data[8];
     *     } coalesced_mmio[];
     * };
     */
    /** Bytes. */
    public static final int SIZE = 8;
    public static final int FIRST = 0;
    public static final int LAST = 4;
    public static final int COALESCED_MMIO = 8;

    /** Bytes of one entry. */
    public static final int ENTRY_SIZE = 24;
    public static final int ENTRY_PHYS_ADDR = 0;
    public static final int ENTRY_LEN = 8;
    public static final int ENTRY_PIO = 12;
    public static final int ENTRY_DATA = 16;

    /** Where the ring lies in the mapping of a vCPU, in pages (KVM_CHECK_EXTENSION says the same). */
    public static final int KVM_COALESCED_MMIO_PAGE_OFFSET = 2;
    /** Entries in the page: KVM_COALESCED_MMIO_MAX. */
    public static final int MAX_ENTRIES = (4096 - SIZE) / ENTRY_SIZE;

    private KvmCoalescedMmioRing() {
    }
}
