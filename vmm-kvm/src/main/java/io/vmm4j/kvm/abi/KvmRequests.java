package io.vmm4j.kvm.abi;

import static io.vmm4j.kvm.abi.Ioctl.io;
import static io.vmm4j.kvm.abi.Ioctl.ior;
import static io.vmm4j.kvm.abi.Ioctl.iow;
import static io.vmm4j.kvm.abi.Ioctl.iowr;

/** The request numbers of the KVM API, under their names in linux/kvm.h. */
public final class KvmRequests {
    private static final int KVMIO = 0xAE;

    // On /dev/kvm.
    public static final long KVM_GET_API_VERSION = io(KVMIO, 0x00);
    public static final long KVM_CREATE_VM = io(KVMIO, 0x01);
    public static final long KVM_GET_MSR_INDEX_LIST = iowr(KVMIO, 0x02, KvmMsrList.SIZE);
    public static final long KVM_CHECK_EXTENSION = io(KVMIO, 0x03);
    public static final long KVM_GET_VCPU_MMAP_SIZE = io(KVMIO, 0x04);
    public static final long KVM_GET_SUPPORTED_CPUID = iowr(KVMIO, 0x05, KvmCpuid2.SIZE);

    // On a VM.
    public static final long KVM_CREATE_VCPU = io(KVMIO, 0x41);
    public static final long KVM_GET_DIRTY_LOG = iow(KVMIO, 0x42, KvmDirtyLog.SIZE);
    public static final long KVM_SET_USER_MEMORY_REGION = iow(KVMIO, 0x46, KvmUserspaceMemoryRegion.SIZE);
    public static final long KVM_SET_TSS_ADDR = io(KVMIO, 0x47);
    public static final long KVM_SET_IDENTITY_MAP_ADDR = iow(KVMIO, 0x48, Long.BYTES);
    public static final long KVM_CREATE_IRQCHIP = io(KVMIO, 0x60);
    public static final long KVM_IRQ_LINE = iow(KVMIO, 0x61, KvmIrqLevel.SIZE);
    public static final long KVM_GET_IRQCHIP = iowr(KVMIO, 0x62, KvmIrqchip.SIZE);
    public static final long KVM_SET_IRQCHIP = ior(KVMIO, 0x63, KvmIrqchip.SIZE);
    public static final long KVM_REGISTER_COALESCED_MMIO = iow(KVMIO, 0x67, KvmCoalescedMmioZone.SIZE);
    public static final long KVM_UNREGISTER_COALESCED_MMIO = iow(KVMIO, 0x68, KvmCoalescedMmioZone.SIZE);
    public static final long KVM_SET_GSI_ROUTING = iow(KVMIO, 0x6a, KvmIrqRouting.SIZE);
    public static final long KVM_IRQFD = iow(KVMIO, 0x76, KvmIrqfd.SIZE);
    public static final long KVM_CREATE_PIT2 = iow(KVMIO, 0x77, KvmPitConfig.SIZE);
    public static final long KVM_IOEVENTFD = iow(KVMIO, 0x79, KvmIoeventfd.SIZE);
    public static final long KVM_SET_CLOCK = iow(KVMIO, 0x7b, KvmClockData.SIZE);
    public static final long KVM_GET_CLOCK = ior(KVMIO, 0x7c, KvmClockData.SIZE);
    public static final long KVM_GET_PIT2 = ior(KVMIO, 0x9f, KvmPitState2.SIZE);
    public static final long KVM_SET_PIT2 = iow(KVMIO, 0xa0, KvmPitState2.SIZE);
    public static final long KVM_SET_PMU_EVENT_FILTER = iow(KVMIO, 0xb2, KvmPmuEventFilter.SIZE);
    public static final long KVM_CLEAR_DIRTY_LOG = iowr(KVMIO, 0xc0, KvmClearDirtyLog.SIZE);

    // On a vCPU.
    public static final long KVM_RUN = io(KVMIO, 0x80);
    public static final long KVM_GET_REGS = ior(KVMIO, 0x81, KvmRegs.SIZE);
    public static final long KVM_SET_REGS = iow(KVMIO, 0x82, KvmRegs.SIZE);
    public static final long KVM_GET_SREGS = ior(KVMIO, 0x83, KvmSregs.SIZE);
    public static final long KVM_SET_SREGS = iow(KVMIO, 0x84, KvmSregs.SIZE);
    public static final long KVM_GET_MSRS = iowr(KVMIO, 0x88, KvmMsrs.SIZE);
    public static final long KVM_SET_MSRS = iow(KVMIO, 0x89, KvmMsrs.SIZE);
    public static final long KVM_SET_SIGNAL_MASK = iow(KVMIO, 0x8b, KvmSignalMask.SIZE);
    public static final long KVM_GET_FPU = ior(KVMIO, 0x8c, KvmFpu.SIZE);
    public static final long KVM_SET_FPU = iow(KVMIO, 0x8d, KvmFpu.SIZE);
    public static final long KVM_GET_LAPIC = ior(KVMIO, 0x8e, LapicState.SIZE);
    public static final long KVM_SET_LAPIC = iow(KVMIO, 0x8f, LapicState.SIZE);
    public static final long KVM_SET_CPUID2 = iow(KVMIO, 0x90, KvmCpuid2.SIZE);
    public static final long KVM_GET_CPUID2 = iowr(KVMIO, 0x91, KvmCpuid2.SIZE);
    public static final long KVM_GET_MP_STATE = ior(KVMIO, 0x98, KvmMpState.SIZE);
    public static final long KVM_SET_MP_STATE = iow(KVMIO, 0x99, KvmMpState.SIZE);
    public static final long KVM_NMI = io(KVMIO, 0x9a);
    public static final long KVM_GET_VCPU_EVENTS = ior(KVMIO, 0x9f, KvmVcpuEvents.SIZE);
    public static final long KVM_SET_VCPU_EVENTS = iow(KVMIO, 0xa0, KvmVcpuEvents.SIZE);
    public static final long KVM_GET_DEBUGREGS = ior(KVMIO, 0xa1, KvmDebugregs.SIZE);
    public static final long KVM_SET_DEBUGREGS = iow(KVMIO, 0xa2, KvmDebugregs.SIZE);
    public static final long KVM_SET_TSC_KHZ = io(KVMIO, 0xa2);
    public static final long KVM_GET_TSC_KHZ = io(KVMIO, 0xa3);
    /** On a VM, too, where KVM_CAP_ENABLE_CAP_VM says so. */
    public static final long KVM_ENABLE_CAP = iow(KVMIO, 0xa3, KvmEnableCap.SIZE);
    public static final long KVM_GET_XSAVE = ior(KVMIO, 0xa4, KvmXsave.SIZE);
    public static final long KVM_SET_XSAVE = iow(KVMIO, 0xa5, KvmXsave.SIZE);
    public static final long KVM_GET_XCRS = ior(KVMIO, 0xa6, KvmXcrs.SIZE);
    public static final long KVM_SET_XCRS = iow(KVMIO, 0xa7, KvmXcrs.SIZE);
    public static final long KVM_KVMCLOCK_CTRL = io(KVMIO, 0xad);
    /** The structure is as long as it says itself. */
    public static final long KVM_GET_NESTED_STATE = iowr(KVMIO, 0xbe, KvmNestedState.SIZE);
    public static final long KVM_SET_NESTED_STATE = iow(KVMIO, 0xbf, KvmNestedState.SIZE);
    public static final long KVM_GET_SREGS2 = ior(KVMIO, 0xcc, KvmSregs2.SIZE);
    public static final long KVM_SET_SREGS2 = iow(KVMIO, 0xcd, KvmSregs2.SIZE);
    /** The structure is as long as KVM_CAP_XSAVE2 says; KVM_SET_XSAVE takes it too. */
    public static final long KVM_GET_XSAVE2 = ior(KVMIO, 0xcf, KvmXsave.SIZE);

    private KvmRequests() {
    }
}
