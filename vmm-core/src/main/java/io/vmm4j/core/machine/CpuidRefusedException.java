package io.vmm4j.core.machine;

import io.vmm4j.kvm.KvmException;
import io.vmm4j.kvm.KvmVcpu;

/** KVM does not take what CPUID is to answer; it does not say which leaf it is about. */
final class CpuidRefusedException extends KvmException {

    private static final long serialVersionUID = 1;

    private final transient KvmVcpu vcpu;

    CpuidRefusedException(KvmVcpu vcpu, KvmException cause) {
        super("ioctl(KVM_SET_CPUID2)", cause.errno());
        initCause(cause);
        this.vcpu = vcpu;
    }

    /** The vCPU that has not got its answers, and has not run. */
    KvmVcpu vcpu() {
        return vcpu;
    }
}
