package io.vmm4j.core.cpu;

import io.vmm4j.kvm.abi.Cpuid;
import io.vmm4j.kvm.abi.CpuidEntry;
import java.util.ArrayList;
import java.util.List;

/**
 * Makes what CPUID answers in each vCPU: what KVM supports on this host, with the leaves made right that depend on the
 * machine or the vCPU, so that all of them tell the same topology. The CPU's name and caches are the host's.
 *
 * <p>Immutable, so vCPU threads may share one.
 */
public final class CpuidSetup {

    private static final int LEAF_VENDOR = 0x0;
    private static final int LEAF_FEATURES = 0x1;
    /** MONITOR and MWAIT: sizes and sub-states. */
    private static final int LEAF_MWAIT = 0x5;
    /** EAX: what KVM has for its guests. */
    private static final int LEAF_KVM_FEATURES = 0x4000_0001;
    /** KVM_FEATURE_MSI_EXT_DEST_ID: the I/O APIC takes destinations of 15 bits. */
    private static final int KVM_FEATURE_MSI_EXT_DEST_ID = 1 << 15;
    private static final int LEAF_TOPOLOGY = 0xB;
    private static final int LEAF_TOPOLOGY_V2 = 0x1F;

    private static final int PMU_LEVEL_ALL = 2;

    /** EBX of leaf 0: "Auth", of AuthenticAMD. */
    private static final int VENDOR_AMD_EBX = 0x68747541;
    /** EBX of leaf 0: "Hygo", of HygonGenuine, which follows AMD. */
    private static final int VENDOR_HYGON_EBX = 0x6F677948;

    /** Leaf 1 EBX bits 31..24. */
    private static final int APIC_ID_HIGH = 31;
    private static final int APIC_ID_LOW = 24;
    /** Leaf 1 EBX bits 23..16: room for APIC ids in a socket on Intel, threads in a socket on AMD. */
    private static final int LOGICAL_COUNT_HIGH = 23;
    private static final int LOGICAL_COUNT_LOW = 16;
    /** Leaf 1 EBX bits 15..8, in units of 8 bytes. */
    private static final int CLFLUSH_HIGH = 15;
    private static final int CLFLUSH_LOW = 8;
    private static final int CLFLUSH_64_BYTES = 8;
    private static final int APIC_ID_MASK = 0xFF;

    /** Leaf 1 ECX: 64-bit debug store, qualified debug store, performance capabilities. */
    private static final int ECX_DTES64_DS_CPL_PDCM = 1 << 2 | 1 << 4 | 1 << 15;
    private static final int ECX_MONITOR_BIT = 3;
    private static final int ECX_TSC_DEADLINE_BIT = 24;
    private static final int ECX_HYPERVISOR_BIT = 31;
    /** Leaf 1 EDX: debug store. */
    private static final int EDX_DS = 1 << 21;
    /** Leaf 1 EDX: a socket has more than one thread. */
    private static final int EDX_HTT_BIT = 28;

    /** The answers for vCPU 0, which are most of the others' too. */
    private final List<CpuidEntry> first;
    private final GuestCpu guest;
    private final CpuTopology topology;
    private final boolean isAmd;

    /**
     * @param supported what KVM_GET_SUPPORTED_CPUID gives
     * @param guest     what the CPUs are to be like
     * @param host      answers what KVM leaves out; not used after the constructor
     */
    public CpuidSetup(List<CpuidEntry> supported, GuestCpu guest, HostLeafReader host) {
        this.guest = guest;
        this.topology = guest.topology();
        Cpuid cpuid = new Cpuid(supported);
        this.isAmd = isAmd(cpuid);
        if (isAmd) {
            AmdCaches.complete(cpuid, host);
        }
        BrandString.apply(cpuid, host, isAmd ? AmdCpuid.FALLBACK_NAME : IntelCpuid.FALLBACK_NAME);
        if (guest.mwait()) {
            cpuid.put(host.read(LEAF_MWAIT, 0));
        }
        cpuid.find(LEAF_FEATURES, 0).ifPresent(leaf -> cpuid.put(features(leaf)));
        if (topology.needsX2Apic()) {
            cpuid.find(LEAF_KVM_FEATURES, 0).ifPresent(leaf -> cpuid.put(leaf.withEax(leaf.eax() | KVM_FEATURE_MSI_EXT_DEST_ID)));
        }
        if (!isAmd) {
            ExtendedTopology.reachDies(cpuid, topology);
        }
        ExtendedTopology.apply(cpuid, topology, topology.apicId(0));
        if (isAmd) {
            AmdCpuid.apply(cpuid, guest, 0);
        } else {
            IntelCpuid.apply(cpuid, guest);
        }
        this.first = cpuid.entries();
    }

    /**
     * The answers for one vCPU, for KVM_SET_CPUID2.
     *
     * @param vcpu index, from 0
     */
    public List<CpuidEntry> forVcpu(int vcpu) {
        return forVcpu(first, vcpu);
    }

    /**
     * The answers for one vCPU of a machine whose first has others than here, for it came from another host.
     *
     * @param ofFirst those of vCPU 0
     * @param vcpu    index, from 0
     */
    public List<CpuidEntry> forVcpu(List<CpuidEntry> ofFirst, int vcpu) {
        List<CpuidEntry> entries = new ArrayList<>(ofFirst);
        if (vcpu != 0) {
            entries.replaceAll(entry -> forVcpu(entry, vcpu));
        }
        return entries;
    }

    private CpuidEntry forVcpu(CpuidEntry entry, int vcpu) {
        int apicId = topology.apicId(vcpu);
        return switch (entry.function()) {
            case LEAF_FEATURES -> entry.withEbx(CpuidField.with(entry.ebx(), APIC_ID_HIGH, APIC_ID_LOW, apicId & APIC_ID_MASK));
            case LEAF_TOPOLOGY, LEAF_TOPOLOGY_V2 -> entry.withEdx(apicId);
            case AmdCpuid.LEAF_TOPOLOGY -> isAmd ? AmdCpuid.topology(topology, vcpu) : entry;
            default -> entry;
        };
    }

    private CpuidEntry features(CpuidEntry leaf) {
        int ebx = CpuidField.with(leaf.ebx(), APIC_ID_HIGH, APIC_ID_LOW, 0);
        ebx = CpuidField.with(ebx, LOGICAL_COUNT_HIGH, LOGICAL_COUNT_LOW, isAmd ? topology.threadsPerSocket() : 1 << topology.socketShift());
        ebx = CpuidField.with(ebx, CLFLUSH_HIGH, CLFLUSH_LOW, CLFLUSH_64_BYTES);
        boolean hidesDebugStore = guest.vpmuLevel() < PMU_LEVEL_ALL;
        int ecx = hidesDebugStore ? CpuidField.without(leaf.ecx(), ECX_DTES64_DS_CPL_PDCM) : leaf.ecx();
        ecx = CpuidField.withBit(ecx, ECX_MONITOR_BIT, guest.mwait());
        ecx = CpuidField.withBit(ecx, ECX_TSC_DEADLINE_BIT, guest.tscDeadlineTimer());
        ecx = CpuidField.withBit(ecx, ECX_HYPERVISOR_BIT, true);
        int edx = hidesDebugStore ? CpuidField.without(leaf.edx(), EDX_DS) : leaf.edx();
        edx = CpuidField.withBit(edx, EDX_HTT_BIT, topology.threadsPerSocket() > 1);
        return leaf.withRegisters(leaf.eax(), ebx, ecx, edx);
    }

    private static boolean isAmd(Cpuid cpuid) {
        int vendor = cpuid.find(LEAF_VENDOR, 0).map(CpuidEntry::ebx).orElse(0);
        return vendor == VENDOR_AMD_EBX || vendor == VENDOR_HYGON_EBX;
    }
}
