package io.vmm4j.kvm.abi;

/** Argument of KVM_GET_XSAVE and KVM_SET_XSAVE: the XSAVE area in standard format. */
public final class KvmXsave {
    /*
     * struct kvm_xsave {
     *     __u32 region[1024];
     * };
     */
    /** Bytes. */
    public static final int SIZE = 4096;
    public static final int REGION = 0;

    private KvmXsave() {
    }
}
