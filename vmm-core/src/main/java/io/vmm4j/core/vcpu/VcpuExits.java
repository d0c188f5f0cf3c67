package io.vmm4j.core.vcpu;

import io.vmm4j.core.VmExit;
import io.vmm4j.core.VmExitReason;
import io.vmm4j.kvm.KvmException;
import io.vmm4j.kvm.KvmVcpu;
import io.vmm4j.kvm.VcpuExit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Puts into words the exits of {@code KVM_RUN} after which a vCPU cannot go on. */
final class VcpuExits {

    private static final Logger LOG = LoggerFactory.getLogger(VcpuExits.class);

    /** KVM_SYSTEM_EVENT_SHUTDOWN. */
    private static final int SYSTEM_EVENT_SHUTDOWN = 1;
    /** KVM_SYSTEM_EVENT_RESET. */
    private static final int SYSTEM_EVENT_RESET = 2;
    /** KVM_SYSTEM_EVENT_CRASH. */
    private static final int SYSTEM_EVENT_CRASH = 3;
    /** RIP after a reset (AMD APM volume 2, table 14-1). */
    private static final long RESET_RIP = 0xFFF0;

    private VcpuExits() {
    }

    /** Called on the vCPU's thread, right after the exit. */
    static VmExit describe(int index, KvmVcpu vcpu, VcpuExit exit) {
        String who = "vCPU " + index;
        return switch (exit) {
            case SHUTDOWN -> new VmExit(VmExitReason.TRIPLE_FAULT, "the guest took a triple fault on " + who + where(vcpu));
            case SYSTEM_EVENT -> systemEvent(vcpu);
            case HLT -> new VmExit(VmExitReason.KVM_ERROR, who + " halted outside the kernel's interrupt controller" + where(vcpu));
            case FAIL_ENTRY -> new VmExit(VmExitReason.KVM_ERROR, "KVM could not enter the guest on " + who
                    + ": hardware reason 0x" + Long.toHexString(vcpu.failEntryReason()) + where(vcpu));
            case INTERNAL_ERROR -> new VmExit(VmExitReason.KVM_ERROR, "KVM internal error on " + who + ": "
                    + suberror(vcpu.internalErrorSuberror()) + where(vcpu));
            default -> new VmExit(VmExitReason.KVM_ERROR, "unexpected exit " + exit + " (reason " + vcpu.exitReason()
                    + ") on " + who + where(vcpu));
        };
    }

    private static VmExit systemEvent(KvmVcpu vcpu) {
        int type = vcpu.systemEventType();
        return switch (type) {
            case SYSTEM_EVENT_SHUTDOWN -> new VmExit(VmExitReason.POWEROFF, "the guest powered off");
            case SYSTEM_EVENT_RESET -> new VmExit(VmExitReason.RESET, "the guest asked for a reset");
            case SYSTEM_EVENT_CRASH -> new VmExit(VmExitReason.GUEST_PANIC, "the guest reported a crash" + where(vcpu));
            default -> new VmExit(VmExitReason.KVM_ERROR, "the guest raised system event " + type + where(vcpu));
        };
    }

    /** KVM_INTERNAL_ERROR_* of the KVM API. */
    private static String suberror(int suberror) {
        return switch (suberror) {
            case 1 -> "an instruction could not be emulated";
            case 2 -> "simultaneous exceptions";
            case 3 -> "an event could not be delivered";
            case 4 -> "unexpected exit reason of the hardware";
            default -> "suberror " + suberror;
        };
    }

    private static String where(KvmVcpu vcpu) {
        try {
            long rip = vcpu.getRegs().rip;
            long cr2 = vcpu.getSregs().cr2;
            // On AMD, KVM resets a vCPU before it tells of a triple fault.
            String note = rip == RESET_RIP && cr2 == 0 ? ", as after a reset: KVM has not kept where it was" : "";
            return " (RIP 0x" + Long.toHexString(rip) + ", CR2 0x" + Long.toHexString(cr2) + note + ")";
        } catch (KvmException e) {
            LOG.warn("registers of a vCPU cannot be read: {}", e.getMessage());
            return "";
        }
    }
}
