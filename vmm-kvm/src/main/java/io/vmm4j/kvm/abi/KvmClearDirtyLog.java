package io.vmm4j.kvm.abi;

/** Argument of KVM_CLEAR_DIRTY_LOG. */
public final class KvmClearDirtyLog {
    /*
     * struct kvm_clear_dirty_log {
     *     __u32 slot;
     *     __u32 num_pages;
     *     __u64 first_page;
     *     __u64 dirty_bitmap;      // address; bit 0 is first_page
     * };
     */
    /** Bytes. */
    public static final int SIZE = 24;
    public static final int SLOT = 0;
    public static final int NUM_PAGES = 4;
    public static final int FIRST_PAGE = 8;
    public static final int DIRTY_BITMAP = 16;

    private KvmClearDirtyLog() {
    }
}
