package io.vmm4j.kvm.abi;

/** Argument of KVM_CREATE_PIT2. */
public final class KvmPitConfig {
    /*
     * struct kvm_pit_config {
     *     __u32 flags;
     *     __u32 pad[15];
     * };
     */
    /** Bytes. */
    public static final int SIZE = 64;
    public static final int FLAGS = 0;

    /** KVM answers port 0x61 too, with a speaker that is always silent. */
    public static final int KVM_PIT_SPEAKER_DUMMY = 1;

    private KvmPitConfig() {
    }
}
