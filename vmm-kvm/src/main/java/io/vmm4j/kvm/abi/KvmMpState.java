package io.vmm4j.kvm.abi;

/** Argument of KVM_GET_MP_STATE and KVM_SET_MP_STATE: whether a vCPU runs, halts or waits to be started. */
public final class KvmMpState {
    /*
     * struct kvm_mp_state {
     *     __u32 mp_state;
     * };
     */
    /** Bytes. */
    public static final int SIZE = 4;
    public static final int MP_STATE = 0;

    /** Running, or ready to. */
    public static final int KVM_MP_STATE_RUNNABLE = 0;
    /** An application processor that has had no INIT yet. */
    public static final int KVM_MP_STATE_UNINITIALIZED = 1;
    /** Had INIT, waits for SIPI. */
    public static final int KVM_MP_STATE_INIT_RECEIVED = 2;
    /** In HLT, waits for an interrupt. */
    public static final int KVM_MP_STATE_HALTED = 3;
    /** Had SIPI. */
    public static final int KVM_MP_STATE_SIPI_RECEIVED = 4;

    private KvmMpState() {
    }
}
