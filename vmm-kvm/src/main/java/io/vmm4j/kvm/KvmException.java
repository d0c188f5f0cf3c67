package io.vmm4j.kvm;

import io.vmm4j.kvm.libc.LinuxException;

/**
 * A call of the KVM API that failed, with the ioctl's name, the error number, and a hint where there is one.
 */
public class KvmException extends LinuxException {
    private static final long serialVersionUID = 1L;

    /**
     * @param call such as {@code ioctl(KVM_CREATE_VM)}
     * @param errno the error number
     */
    public KvmException(String call, int errno) {
        super(call, errno);
    }

    /**
     * @param call such as {@code ioctl(KVM_CREATE_VM)}
     * @param errno the error number
     * @param hint what to do about it, one clause; empty when there is nothing to say
     */
    public KvmException(String call, int errno, String hint) {
        super(call, errno, hint);
    }
}
