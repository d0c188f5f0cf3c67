package io.vmm4j.kvm.abi;

/** Argument of KVM_GET_VCPU_EVENTS and KVM_SET_VCPU_EVENTS: exceptions and interrupts in flight. */
public final class KvmVcpuEvents {
    /*
     * struct kvm_vcpu_events {
     *     struct { __u8 injected, nr, has_error_code, pending; __u32 error_code; } exception;
     *     struct { __u8 injected, nr, soft, shadow; } interrupt;
     *     struct { __u8 injected, pending, masked, pad; } nmi;
     *     __u32 sipi_vector;
     *     __u32 flags;
     *     struct { __u8 smm, pending, smm_inside_nmi, latched_init; } smi;
     *     struct { __u8 pending; } triple_fault;
     *     __u8  reserved[26];
     *     __u8  exception_has_payload;
     *     __u64 exception_payload;
     * };
     */
    /** Bytes. */
    public static final int SIZE = 64;
    public static final int EXCEPTION = 0;
    public static final int INTERRUPT = 8;
    public static final int NMI = 12;
    public static final int SIPI_VECTOR = 16;
    public static final int FLAGS = 20;
    public static final int SMI = 24;
    public static final int TRIPLE_FAULT = 28;
    public static final int EXCEPTION_HAS_PAYLOAD = 55;
    public static final int EXCEPTION_PAYLOAD = 56;

    private KvmVcpuEvents() {
    }
}
