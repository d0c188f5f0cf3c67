package io.vmm4j.core.machine;

import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.MachineConfig;
import io.vmm4j.core.cpu.GuestCpu;
import io.vmm4j.kvm.Kvm;
import io.vmm4j.kvm.KvmException;
import io.vmm4j.kvm.KvmVm;
import io.vmm4j.kvm.abi.KvmCap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What KVM has to be told of a machine before its first vCPU: performance counters, and idling without exits. */
final class CpuFeatures {

    private static final Logger LOG = LoggerFactory.getLogger(CpuFeatures.class);

    private static final int LEVEL_NONE = 0;
    private static final int LEVEL_LIMITED = 1;

    /** Core cycles, reference cycles and instructions: Intel SDM volume 3, architectural events; event 0xC0 is AMD's too. */
    private static final long[] CYCLES_AND_INSTRUCTIONS = {0x003C, 0x013C, 0x00C0, 0x0076};
    /** Intel's fixed counters: instructions, core cycles, reference cycles. */
    private static final int FIXED_COUNTERS = 0b111;

    private static final int IDLE_EXITS = KvmCap.KVM_X86_DISABLE_EXITS_MWAIT | KvmCap.KVM_X86_DISABLE_EXITS_HLT
            | KvmCap.KVM_X86_DISABLE_EXITS_PAUSE | KvmCap.KVM_X86_DISABLE_EXITS_CSTATE;

    private CpuFeatures() {
    }

    /**
     * Tells KVM, and returns what the CPUs are to say of themselves.
     *
     * @param vm without vCPUs
     * @throws ConfigException when KVM cannot do what is asked for
     */
    static GuestCpu enable(Kvm kvm, KvmVm vm, MachineConfig machine) throws ConfigException, KvmException {
        setCounters(kvm, vm, machine.vpmuLevel());
        boolean mwait = machine.cpuPm() && (disableIdleExits(vm) & KvmCap.KVM_X86_DISABLE_EXITS_MWAIT) != 0;
        boolean tscDeadlineTimer = kvm.checkExtension(KvmCap.KVM_CAP_TSC_DEADLINE_TIMER) > 0;
        return new GuestCpu(machine.topology(), tscDeadlineTimer, machine.vpmuLevel(), mwait);
    }

    /** KVM that cannot take the counters away, before Linux 5.18, still has them hidden from CPUID. */
    private static void setCounters(Kvm kvm, KvmVm vm, int level) throws KvmException {
        boolean hasSwitch = (kvm.checkExtension(KvmCap.KVM_CAP_PMU_CAPABILITY) & KvmCap.KVM_PMU_CAP_DISABLE) != 0;
        if (level == LEVEL_NONE && hasSwitch) {
            vm.enableCap(KvmCap.KVM_CAP_PMU_CAPABILITY, KvmCap.KVM_PMU_CAP_DISABLE);
        }
        if (level != LEVEL_NONE && !hasSwitch) {
            LOG.warn("vPMU level {}: this KVM seems to have no performance counters for guests", level);
        }
        if (level == LEVEL_LIMITED && vm.checkExtension(KvmCap.KVM_CAP_PMU_EVENT_FILTER) > 0) {
            vm.allowPmuEvents(FIXED_COUNTERS, CYCLES_AND_INSTRUCTIONS);
        }
    }

    private static int disableIdleExits(KvmVm vm) throws ConfigException, KvmException {
        int possible = vm.checkExtension(KvmCap.KVM_CAP_X86_DISABLE_EXITS) & IDLE_EXITS;
        if (possible == 0) {
            throw new ConfigException("machine-config.cpu_pm", "CPU power management (on): this host's KVM cannot let guests idle"
                    + " without exits");
        }
        vm.enableCap(KvmCap.KVM_CAP_X86_DISABLE_EXITS, possible);
        LOG.info("the guest idles without exits: KVM_CAP_X86_DISABLE_EXITS 0x{}", Integer.toHexString(possible));
        return possible;
    }
}
