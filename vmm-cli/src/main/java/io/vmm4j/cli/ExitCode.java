package io.vmm4j.cli;

import io.vmm4j.core.VmExitReason;
import io.vmm4j.kvm.KvmException;
import io.vmm4j.kvm.libc.Errno;
import java.util.Set;

/**
 * What the process tells its caller. Signals end it with 128 plus their number, as a shell expects: 129 for SIGHUP, 130
 * for SIGINT, 131 for SIGQUIT, 143 for SIGTERM. The numbers are part of the command's contract and never change their meaning.
 */
public enum ExitCode {
    /** The guest powered off or reset itself, the console's escape ended it, or the command did what it says. */
    OK(0, "the guest powered off or rebooted, or Ctrl-A x ended it"),
    /** A system call failed while the machine was built or ran. The JVM's own start failures have the same number. */
    HOST_ERROR(1, "a host error: a system call failed while the machine was built or ran; or a machine that was meant does not run, or has refused"),
    /** The options or the configuration file are wrong, or name files that cannot be used. */
    USAGE(2, "wrong options or configuration, each problem on its own line"),
    /** {@code /dev/kvm} is missing, not permitted or lacks a capability; {@code vmm doctor} found such a reason. */
    KVM_UNAVAILABLE(3, "KVM cannot be used here; vmm doctor says why"),
    /** The guest took a triple fault. */
    TRIPLE_FAULT(4, "the guest took a triple fault"),
    /** KVM could not go on with the guest. */
    KVM_ERROR(5, "KVM could not go on with the guest (internal error, failed entry)"),
    /** The launcher found no Java to run on; used by {@code bin/vmm}, never by Java code. */
    NO_JAVA(6, "no Java 17 or later was found"),
    /** A fault of the monitor itself. */
    BUG(7, "a fault of vmm itself; its stack is in the log file"),
    /** The guest's kernel said that it panicked. */
    GUEST_PANIC(8, "the guest's kernel panicked and said so by pvpanic"),
    /** The guest of {@code vmm shell} ended without the status of what it ran; all other statuses from 0 to 255 may be that one there. */
    NO_STATUS(125, "vmm shell: the guest ended before its command, or could not run it; else its status is that of the command");

    private static final Set<String> FIRST_CALLS = Set.of("open(/dev/kvm)", "ioctl(KVM_GET_API_VERSION)",
            "ioctl(KVM_CHECK_EXTENSION)", "ioctl(KVM_GET_VCPU_MMAP_SIZE)", "ioctl(KVM_CREATE_VM)");

    private final int code;
    private final String meaning;

    ExitCode(int code, String meaning) {
        this.code = code;
        this.meaning = meaning;
    }

    /** The exit status, 0 to 127. */
    public int code() {
        return code;
    }

    /** What it means, as help and manual say it. */
    public String meaning() {
        return meaning;
    }

    /** The exit status for a machine that ended for {@code reason}. */
    public static ExitCode of(VmExitReason reason) {
        return switch (reason) {
            case POWEROFF, RESET, STOPPED -> OK;
            case TRIPLE_FAULT -> TRIPLE_FAULT;
            case GUEST_PANIC -> GUEST_PANIC;
            case KVM_ERROR -> KVM_ERROR;
            case HOST_ERROR -> HOST_ERROR;
            case DEVICE_FAULT, BUG -> BUG;
        };
    }

    /**
     * The exit status for a call of KVM that failed before there was a guest: {@link #KVM_UNAVAILABLE} when it is one of those
     * that find out whether KVM can be used, unless it is for want of memory or descriptors.
     */
    static ExitCode of(KvmException refusal) {
        boolean isForWantOfResources = switch (refusal.errno()) {
            case Errno.EMFILE, Errno.ENFILE, Errno.ENOMEM -> true;
            default -> false;
        };
        return FIRST_CALLS.contains(refusal.call()) && !isForWantOfResources ? KVM_UNAVAILABLE : HOST_ERROR;
    }
}
