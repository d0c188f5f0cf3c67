package io.vmm4j.kvm;

import io.vmm4j.kvm.libc.Errno;

/** KVM does not know a model-specific register, or not that value for it. Those before it in the list were handled. */
public final class MsrRefusedException extends KvmException {
    private static final long serialVersionUID = 1L;

    private final int msr;

    MsrRefusedException(String call, int msr) {
        super(call, Errno.EINVAL, "KVM refuses MSR 0x" + Integer.toHexString(msr));
        this.msr = msr;
    }

    MsrRefusedException(String call, int msr, long value) {
        super(call, Errno.EINVAL, "KVM refuses MSR 0x" + Integer.toHexString(msr) + " the value 0x" + Long.toHexString(value));
        this.msr = msr;
    }

    /** The number of the first register that was refused. */
    public int msr() {
        return msr;
    }
}
