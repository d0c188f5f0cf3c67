package io.vmm4j.kvm;

import io.vmm4j.kvm.abi.CpuidEntry;
import io.vmm4j.kvm.abi.MsrEntry;
import io.vmm4j.kvm.libc.Fd;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Which model-specific registers of a vCPU are its state: those of KVM's list, and some that the list leaves out though
 * guests write them. Remembers those that cannot be read, so that they cost a call only once. As confined as the vCPU is.
 */
final class MsrSelection {
    private static final int IA32_TSC = 0x10;
    private static final int IA32_TSC_DEADLINE = 0x6E0;
    private static final int IA32_FEATURE_CONTROL = 0x3A;
    /** Centuries of cycles. */
    private static final long FAR = 1L << 62;

    /** Memory types, Intel SDM volume 3, 12.11: eight ranges of two registers, eleven fixed ones, the default. */
    private static final int MTRR_PHYS_BASE0 = 0x200;
    private static final int MTRR_PHYS_REGISTERS = 16;
    private static final int[] MTRR_FIXED = {0x250, 0x258, 0x259, 0x268, 0x269, 0x26A, 0x26B, 0x26C, 0x26D, 0x26E, 0x26F};
    private static final int MTRR_DEF_TYPE = 0x2FF;

    /** Registers of another hypervisor's interface: to ask for one has KVM make room for all of it in every vCPU. */
    private static final int HYPERV_FIRST = 0x4000_0000;
    private static final int HYPERV_LAST = 0x4000_01FF;
    private static final int HYPERV_INTERFACE_LEAF = 0x4000_0001;
    /** "Hv#1". */
    private static final int HYPERV_INTERFACE = 0x3123_7648;

    private int[] readable;
    private List<Integer> leftOut = List.of();

    private MsrSelection(int[] readable) {
        this.readable = readable;
    }

    /**
     * @param list KVM's
     * @param cpuid the guest's
     */
    static MsrSelection of(int[] list, List<CpuidEntry> cpuid) {
        boolean hasHyperV = cpuid.stream().anyMatch(e -> e.function() == HYPERV_INTERFACE_LEAF && e.eax() == HYPERV_INTERFACE);
        Set<Integer> chosen = new LinkedHashSet<>();
        for (int index : list) {
            if (hasHyperV || index < HYPERV_FIRST || index > HYPERV_LAST) {
                chosen.add(index);
            }
        }
        for (int i = 0; i < MTRR_PHYS_REGISTERS; i++) {
            chosen.add(MTRR_PHYS_BASE0 + i);
        }
        Arrays.stream(MTRR_FIXED).forEach(chosen::add);
        chosen.add(MTRR_DEF_TYPE);
        return new MsrSelection(chosen.stream().mapToInt(Integer::intValue).toArray());
    }

    int size() {
        return readable.length;
    }

    /** The numbers of those that could not be read. */
    List<Integer> leftOut() {
        return leftOut;
    }

    List<MsrEntry> read(MsrCalls calls) throws KvmException {
        List<Integer> refused = new ArrayList<>();
        List<MsrEntry> entries = calls.getWhatCanBe(readable, refused);
        if (!refused.isEmpty()) {
            readable = entries.stream().mapToInt(MsrEntry::index).toArray();
            refused.addAll(leftOut);
            leftOut = List.copyOf(refused);
        }
        return entries;
    }

    /** The time-stamp counter first, the deadline that it is compared with last. */
    static List<MsrEntry> inOrder(List<MsrEntry> entries) {
        List<MsrEntry> ordered = new ArrayList<>(entries.size());
        entries.stream().filter(e -> e.index() == IA32_TSC).forEach(ordered::add);
        entries.stream().filter(e -> e.index() != IA32_TSC && e.index() != IA32_TSC_DEADLINE).forEach(ordered::add);
        entries.stream().filter(e -> e.index() == IA32_TSC_DEADLINE).forEach(ordered::add);
        return ordered;
    }

    /**
     * Has KVM not take the next value of the time-stamp counter for one of another vCPU's that is to go with it: within a second of what it counts itself,
     * as in a machine that was saved in its first second or is reset within one of its snapshot, it would drop the value and go on.
     *
     * @param entries with the value that comes next
     */
    static void forgetTsc(Fd vcpu, List<MsrEntry> entries) throws KvmException {
        for (MsrEntry entry : entries) {
            if (entry.index() == IA32_TSC) {
                new MsrCalls(vcpu, 1).set(List.of(new MsrEntry(IA32_TSC, entry.data() ^ FAR)));
            }
        }
    }

    /** What says that the guest may be a hypervisor, which KVM asks for before it is. */
    static void allowVmx(Fd vcpu, List<MsrEntry> entries) throws KvmException {
        List<MsrEntry> control = entries.stream().filter(entry -> entry.index() == IA32_FEATURE_CONTROL).toList();
        new MsrCalls(vcpu, 1).setUnlessSet(control);
    }

    /** Takes back a deadline that the guest has set; where it has no such timer there is none to take back. */
    static void stopTimer(Fd vcpu) throws KvmException {
        try {
            new MsrCalls(vcpu, 1).set(List.of(new MsrEntry(IA32_TSC_DEADLINE, 0)));
        } catch (MsrRefusedException e) {
            return;
        }
    }
}
