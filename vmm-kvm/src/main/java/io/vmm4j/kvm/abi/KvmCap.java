package io.vmm4j.kvm.abi;

/**
 * Capability numbers for KVM_CHECK_EXTENSION and KVM_ENABLE_CAP, under their names in linux/kvm.h; those that matter on
 * x86-64.
 */
public final class KvmCap {
    public static final int KVM_CAP_IRQCHIP = 0;
    public static final int KVM_CAP_HLT = 1;
    public static final int KVM_CAP_USER_MEMORY = 3;
    public static final int KVM_CAP_SET_TSS_ADDR = 4;
    public static final int KVM_CAP_EXT_CPUID = 7;
    public static final int KVM_CAP_NR_VCPUS = 9;
    public static final int KVM_CAP_NR_MEMSLOTS = 10;
    public static final int KVM_CAP_MP_STATE = 14;
    public static final int KVM_CAP_COALESCED_MMIO = 15;
    public static final int KVM_CAP_DESTROY_MEMORY_REGION_WORKS = 21;
    public static final int KVM_CAP_USER_NMI = 22;
    public static final int KVM_CAP_SET_GUEST_DEBUG = 23;
    public static final int KVM_CAP_IRQ_ROUTING = 25;
    public static final int KVM_CAP_JOIN_MEMORY_REGIONS_WORKS = 30;
    public static final int KVM_CAP_MCE = 31;
    public static final int KVM_CAP_IRQFD = 32;
    public static final int KVM_CAP_PIT2 = 33;
    public static final int KVM_CAP_PIT_STATE2 = 35;
    public static final int KVM_CAP_IOEVENTFD = 36;
    public static final int KVM_CAP_SET_IDENTITY_MAP_ADDR = 37;
    public static final int KVM_CAP_ADJUST_CLOCK = 39;
    public static final int KVM_CAP_INTERNAL_ERROR_DATA = 40;
    public static final int KVM_CAP_VCPU_EVENTS = 41;
    public static final int KVM_CAP_HYPERV = 44;
    public static final int KVM_CAP_DEBUGREGS = 50;
    public static final int KVM_CAP_X86_ROBUST_SINGLESTEP = 51;
    public static final int KVM_CAP_ENABLE_CAP = 54;
    public static final int KVM_CAP_XSAVE = 55;
    public static final int KVM_CAP_XCRS = 56;
    public static final int KVM_CAP_TSC_CONTROL = 60;
    public static final int KVM_CAP_GET_TSC_KHZ = 61;
    public static final int KVM_CAP_MAX_VCPUS = 66;
    public static final int KVM_CAP_TSC_DEADLINE_TIMER = 72;
    public static final int KVM_CAP_SYNC_REGS = 74;
    public static final int KVM_CAP_KVMCLOCK_CTRL = 76;
    public static final int KVM_CAP_SIGNAL_MSI = 77;
    public static final int KVM_CAP_READONLY_MEM = 81;
    public static final int KVM_CAP_IRQFD_RESAMPLE = 82;
    public static final int KVM_CAP_DEVICE_CTRL = 89;
    public static final int KVM_CAP_EXT_EMUL_CPUID = 95;
    public static final int KVM_CAP_ENABLE_CAP_VM = 98;
    public static final int KVM_CAP_IOEVENTFD_NO_LENGTH = 100;
    public static final int KVM_CAP_VM_ATTRIBUTES = 101;
    public static final int KVM_CAP_CHECK_EXTENSION_VM = 105;
    public static final int KVM_CAP_DISABLE_QUIRKS = 116;
    public static final int KVM_CAP_X86_SMM = 117;
    public static final int KVM_CAP_SPLIT_IRQCHIP = 121;
    public static final int KVM_CAP_IOEVENTFD_ANY_LENGTH = 122;
    public static final int KVM_CAP_VCPU_ATTRIBUTES = 127;
    public static final int KVM_CAP_MAX_VCPU_ID = 128;
    public static final int KVM_CAP_X2APIC_API = 129;
    public static final int KVM_CAP_IMMEDIATE_EXIT = 136;
    public static final int KVM_CAP_X86_DISABLE_EXITS = 143;
    public static final int KVM_CAP_GET_MSR_FEATURES = 153;
    public static final int KVM_CAP_NESTED_STATE = 157;
    public static final int KVM_CAP_MSR_PLATFORM_INFO = 159;
    public static final int KVM_CAP_COALESCED_PIO = 162;
    public static final int KVM_CAP_EXCEPTION_PAYLOAD = 164;
    public static final int KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2 = 168;
    public static final int KVM_CAP_PMU_EVENT_FILTER = 173;
    public static final int KVM_CAP_HALT_POLL = 182;
    public static final int KVM_CAP_STEAL_TIME = 187;
    public static final int KVM_CAP_X86_USER_SPACE_MSR = 188;
    public static final int KVM_CAP_X86_MSR_FILTER = 189;
    public static final int KVM_CAP_ENFORCE_PV_FEATURE_CPUID = 190;
    public static final int KVM_CAP_DIRTY_LOG_RING = 192;
    public static final int KVM_CAP_X86_BUS_LOCK_EXIT = 193;
    public static final int KVM_CAP_SREGS2 = 200;
    public static final int KVM_CAP_EXIT_HYPERCALL = 201;
    public static final int KVM_CAP_BINARY_STATS_FD = 203;
    public static final int KVM_CAP_EXIT_ON_EMULATION_FAILURE = 204;
    public static final int KVM_CAP_VM_GPA_BITS = 207;
    public static final int KVM_CAP_XSAVE2 = 208;
    public static final int KVM_CAP_SYS_ATTRIBUTES = 209;
    public static final int KVM_CAP_PMU_CAPABILITY = 212;
    public static final int KVM_CAP_DISABLE_QUIRKS2 = 213;
    public static final int KVM_CAP_VM_TSC_CONTROL = 214;
    public static final int KVM_CAP_SYSTEM_EVENT_DATA = 215;
    public static final int KVM_CAP_X86_TRIPLE_FAULT_EVENT = 218;
    public static final int KVM_CAP_X86_NOTIFY_VMEXIT = 219;
    public static final int KVM_CAP_VM_DISABLE_NX_HUGE_PAGES = 220;
    public static final int KVM_CAP_USER_MEMORY2 = 231;
    public static final int KVM_CAP_MEMORY_FAULT_INFO = 232;
    public static final int KVM_CAP_GUEST_MEMFD = 234;

    /** KVM_CAP_X86_DISABLE_EXITS: MWAIT, HLT, PAUSE and C-states without exits. */
    public static final int KVM_X86_DISABLE_EXITS_MWAIT = 1;
    public static final int KVM_X86_DISABLE_EXITS_HLT = 2;
    public static final int KVM_X86_DISABLE_EXITS_PAUSE = 4;
    public static final int KVM_X86_DISABLE_EXITS_CSTATE = 8;
    /** KVM_CAP_X2APIC_API: APIC ids of 32 bits in routes, messages and local APIC states. */
    public static final int KVM_X2APIC_API_USE_32BIT_IDS = 1;
    /** KVM_CAP_X2APIC_API: id 255 is a CPU's like any other. */
    public static final int KVM_X2APIC_API_DISABLE_BROADCAST_QUIRK = 2;
    /** KVM_CAP_PMU_CAPABILITY: no performance counters. */
    public static final int KVM_PMU_CAP_DISABLE = 1;

    private KvmCap() {
    }

    /** The name in linux/kvm.h; {@code capability 4095} for a number not listed here. */
    public static String name(int capability) {
        return switch (capability) {
            case KVM_CAP_IRQCHIP -> "KVM_CAP_IRQCHIP";
            case KVM_CAP_HLT -> "KVM_CAP_HLT";
            case KVM_CAP_USER_MEMORY -> "KVM_CAP_USER_MEMORY";
            case KVM_CAP_SET_TSS_ADDR -> "KVM_CAP_SET_TSS_ADDR";
            case KVM_CAP_EXT_CPUID -> "KVM_CAP_EXT_CPUID";
            case KVM_CAP_NR_VCPUS -> "KVM_CAP_NR_VCPUS";
            case KVM_CAP_NR_MEMSLOTS -> "KVM_CAP_NR_MEMSLOTS";
            case KVM_CAP_MP_STATE -> "KVM_CAP_MP_STATE";
            case KVM_CAP_COALESCED_MMIO -> "KVM_CAP_COALESCED_MMIO";
            case KVM_CAP_DESTROY_MEMORY_REGION_WORKS -> "KVM_CAP_DESTROY_MEMORY_REGION_WORKS";
            case KVM_CAP_USER_NMI -> "KVM_CAP_USER_NMI";
            case KVM_CAP_SET_GUEST_DEBUG -> "KVM_CAP_SET_GUEST_DEBUG";
            case KVM_CAP_IRQ_ROUTING -> "KVM_CAP_IRQ_ROUTING";
            case KVM_CAP_JOIN_MEMORY_REGIONS_WORKS -> "KVM_CAP_JOIN_MEMORY_REGIONS_WORKS";
            case KVM_CAP_MCE -> "KVM_CAP_MCE";
            case KVM_CAP_IRQFD -> "KVM_CAP_IRQFD";
            case KVM_CAP_PIT2 -> "KVM_CAP_PIT2";
            case KVM_CAP_PIT_STATE2 -> "KVM_CAP_PIT_STATE2";
            case KVM_CAP_IOEVENTFD -> "KVM_CAP_IOEVENTFD";
            case KVM_CAP_SET_IDENTITY_MAP_ADDR -> "KVM_CAP_SET_IDENTITY_MAP_ADDR";
            case KVM_CAP_ADJUST_CLOCK -> "KVM_CAP_ADJUST_CLOCK";
            case KVM_CAP_INTERNAL_ERROR_DATA -> "KVM_CAP_INTERNAL_ERROR_DATA";
            case KVM_CAP_VCPU_EVENTS -> "KVM_CAP_VCPU_EVENTS";
            case KVM_CAP_HYPERV -> "KVM_CAP_HYPERV";
            case KVM_CAP_DEBUGREGS -> "KVM_CAP_DEBUGREGS";
            case KVM_CAP_X86_ROBUST_SINGLESTEP -> "KVM_CAP_X86_ROBUST_SINGLESTEP";
            case KVM_CAP_ENABLE_CAP -> "KVM_CAP_ENABLE_CAP";
            case KVM_CAP_XSAVE -> "KVM_CAP_XSAVE";
            case KVM_CAP_XCRS -> "KVM_CAP_XCRS";
            case KVM_CAP_TSC_CONTROL -> "KVM_CAP_TSC_CONTROL";
            case KVM_CAP_GET_TSC_KHZ -> "KVM_CAP_GET_TSC_KHZ";
            case KVM_CAP_MAX_VCPUS -> "KVM_CAP_MAX_VCPUS";
            case KVM_CAP_TSC_DEADLINE_TIMER -> "KVM_CAP_TSC_DEADLINE_TIMER";
            case KVM_CAP_SYNC_REGS -> "KVM_CAP_SYNC_REGS";
            case KVM_CAP_KVMCLOCK_CTRL -> "KVM_CAP_KVMCLOCK_CTRL";
            case KVM_CAP_SIGNAL_MSI -> "KVM_CAP_SIGNAL_MSI";
            case KVM_CAP_READONLY_MEM -> "KVM_CAP_READONLY_MEM";
            case KVM_CAP_IRQFD_RESAMPLE -> "KVM_CAP_IRQFD_RESAMPLE";
            case KVM_CAP_DEVICE_CTRL -> "KVM_CAP_DEVICE_CTRL";
            case KVM_CAP_EXT_EMUL_CPUID -> "KVM_CAP_EXT_EMUL_CPUID";
            case KVM_CAP_ENABLE_CAP_VM -> "KVM_CAP_ENABLE_CAP_VM";
            case KVM_CAP_IOEVENTFD_NO_LENGTH -> "KVM_CAP_IOEVENTFD_NO_LENGTH";
            case KVM_CAP_VM_ATTRIBUTES -> "KVM_CAP_VM_ATTRIBUTES";
            case KVM_CAP_CHECK_EXTENSION_VM -> "KVM_CAP_CHECK_EXTENSION_VM";
            case KVM_CAP_DISABLE_QUIRKS -> "KVM_CAP_DISABLE_QUIRKS";
            case KVM_CAP_X86_SMM -> "KVM_CAP_X86_SMM";
            case KVM_CAP_SPLIT_IRQCHIP -> "KVM_CAP_SPLIT_IRQCHIP";
            case KVM_CAP_IOEVENTFD_ANY_LENGTH -> "KVM_CAP_IOEVENTFD_ANY_LENGTH";
            case KVM_CAP_VCPU_ATTRIBUTES -> "KVM_CAP_VCPU_ATTRIBUTES";
            case KVM_CAP_MAX_VCPU_ID -> "KVM_CAP_MAX_VCPU_ID";
            case KVM_CAP_X2APIC_API -> "KVM_CAP_X2APIC_API";
            case KVM_CAP_IMMEDIATE_EXIT -> "KVM_CAP_IMMEDIATE_EXIT";
            case KVM_CAP_X86_DISABLE_EXITS -> "KVM_CAP_X86_DISABLE_EXITS";
            case KVM_CAP_GET_MSR_FEATURES -> "KVM_CAP_GET_MSR_FEATURES";
            case KVM_CAP_NESTED_STATE -> "KVM_CAP_NESTED_STATE";
            case KVM_CAP_MSR_PLATFORM_INFO -> "KVM_CAP_MSR_PLATFORM_INFO";
            case KVM_CAP_COALESCED_PIO -> "KVM_CAP_COALESCED_PIO";
            case KVM_CAP_EXCEPTION_PAYLOAD -> "KVM_CAP_EXCEPTION_PAYLOAD";
            case KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2 -> "KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2";
            case KVM_CAP_PMU_EVENT_FILTER -> "KVM_CAP_PMU_EVENT_FILTER";
            case KVM_CAP_HALT_POLL -> "KVM_CAP_HALT_POLL";
            case KVM_CAP_STEAL_TIME -> "KVM_CAP_STEAL_TIME";
            case KVM_CAP_X86_USER_SPACE_MSR -> "KVM_CAP_X86_USER_SPACE_MSR";
            case KVM_CAP_X86_MSR_FILTER -> "KVM_CAP_X86_MSR_FILTER";
            case KVM_CAP_ENFORCE_PV_FEATURE_CPUID -> "KVM_CAP_ENFORCE_PV_FEATURE_CPUID";
            case KVM_CAP_DIRTY_LOG_RING -> "KVM_CAP_DIRTY_LOG_RING";
            case KVM_CAP_X86_BUS_LOCK_EXIT -> "KVM_CAP_X86_BUS_LOCK_EXIT";
            case KVM_CAP_SREGS2 -> "KVM_CAP_SREGS2";
            case KVM_CAP_EXIT_HYPERCALL -> "KVM_CAP_EXIT_HYPERCALL";
            case KVM_CAP_BINARY_STATS_FD -> "KVM_CAP_BINARY_STATS_FD";
            case KVM_CAP_EXIT_ON_EMULATION_FAILURE -> "KVM_CAP_EXIT_ON_EMULATION_FAILURE";
            case KVM_CAP_VM_GPA_BITS -> "KVM_CAP_VM_GPA_BITS";
            case KVM_CAP_XSAVE2 -> "KVM_CAP_XSAVE2";
            case KVM_CAP_SYS_ATTRIBUTES -> "KVM_CAP_SYS_ATTRIBUTES";
            case KVM_CAP_PMU_CAPABILITY -> "KVM_CAP_PMU_CAPABILITY";
            case KVM_CAP_DISABLE_QUIRKS2 -> "KVM_CAP_DISABLE_QUIRKS2";
            case KVM_CAP_VM_TSC_CONTROL -> "KVM_CAP_VM_TSC_CONTROL";
            case KVM_CAP_SYSTEM_EVENT_DATA -> "KVM_CAP_SYSTEM_EVENT_DATA";
            case KVM_CAP_X86_TRIPLE_FAULT_EVENT -> "KVM_CAP_X86_TRIPLE_FAULT_EVENT";
            case KVM_CAP_X86_NOTIFY_VMEXIT -> "KVM_CAP_X86_NOTIFY_VMEXIT";
            case KVM_CAP_VM_DISABLE_NX_HUGE_PAGES -> "KVM_CAP_VM_DISABLE_NX_HUGE_PAGES";
            case KVM_CAP_USER_MEMORY2 -> "KVM_CAP_USER_MEMORY2";
            case KVM_CAP_MEMORY_FAULT_INFO -> "KVM_CAP_MEMORY_FAULT_INFO";
            case KVM_CAP_GUEST_MEMFD -> "KVM_CAP_GUEST_MEMFD";
            default -> "capability " + capability;
        };
    }
}
