package io.vmm4j.kvm.abi;

/** Argument of KVM_GET_DIRTY_LOG. */
public final class KvmDirtyLog {
    /*
     * struct kvm_dirty_log {
     *     __u32 slot;
     *     __u32 padding1;
     *     __u64 dirty_bitmap;      // address; one bit a page, in whole 64-bit words
     * };
     */
    /** Bytes. */
    public static final int SIZE = 16;
    public static final int SLOT = 0;
    public static final int DIRTY_BITMAP = 8;

    private KvmDirtyLog() {
    }
}
