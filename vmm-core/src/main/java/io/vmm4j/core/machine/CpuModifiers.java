package io.vmm4j.core.machine;

import io.vmm4j.core.config.BitChange;
import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.CpuConfig;
import io.vmm4j.core.config.CpuTemplates;
import io.vmm4j.core.config.MachineConfig.CpuTemplate;
import io.vmm4j.core.config.VmConfig;
import io.vmm4j.kvm.Kvm;
import io.vmm4j.kvm.KvmException;
import io.vmm4j.kvm.KvmVcpu;
import io.vmm4j.kvm.MsrRefusedException;
import io.vmm4j.kvm.abi.Cpuid;
import io.vmm4j.kvm.abi.CpuidEntry;
import io.vmm4j.kvm.abi.KvmCap;
import io.vmm4j.kvm.abi.MsrEntry;
import java.util.List;

/** Makes the changes of a {@link CpuConfig}, and refuses by name what KVM does not have on this host. */
final class CpuModifiers {

    private final CpuConfig config;
    /** The template that the changes are from, or {@code null}. */
    private final CpuTemplate template;

    /** Changes that a configuration has in full. */
    CpuModifiers(CpuConfig config) {
        this(config, null);
    }

    private CpuModifiers(CpuConfig config, CpuTemplate template) {
        this.config = config;
        this.template = template;
    }

    /** The changes of a machine's CPUs. */
    static CpuModifiers of(VmConfig machine) {
        return new CpuModifiers(machine.cpuChanges(), machine.hasTemplate() ? machine.machineConfig().cpuTemplate() : null);
    }

    /** A problem with change {@code index} of those noted at {@code key}. */
    private ConfigException problem(String key, int index, String message) {
        return template == null ? new ConfigException(key + "[" + index + "]", message)
                : new ConfigException(CpuTemplates.KEY, "CPU template " + template + " does not go with this host: " + message);
    }

    /** Looks for the capabilities that are asked for. */
    void requireCapabilities(Kvm kvm) throws ConfigException, KvmException {
        for (int capability : config.neededCapabilities()) {
            if (kvm.checkExtension(capability) == 0) {
                throw new ConfigException(CpuConfig.CAPABILITIES_KEY, "this host's KVM does not have capability " + capability
                        + " (" + KvmCap.name(capability) + ")");
            }
        }
    }

    /** {@code supported} with the leaves changed. What the machine decides, such as APIC ids, is set after this. */
    List<CpuidEntry> applyTo(List<CpuidEntry> supported) throws ConfigException {
        Cpuid cpuid = new Cpuid(supported);
        for (int i = 0; i < config.cpuidModifiers().size(); i++) {
            CpuConfig.LeafModifier modifier = config.cpuidModifiers().get(i);
            CpuidEntry leaf = cpuid.find(modifier.leafNumber(), modifier.subleafNumber()).orElse(null);
            boolean isIndexed = (modifier.flags() & CpuidEntry.KVM_CPUID_FLAG_SIGNIFCANT_INDEX) != 0;
            if (leaf == null || leaf.hasSignificantIndex() != isIndexed) {
                throw leafRefusal(i, "with flags " + modifier.flags());
            }
            for (CpuConfig.RegisterModifier register : modifier.modifiers()) {
                leaf = change(leaf, register.register(), register.change());
            }
            cpuid.put(leaf);
        }
        return cpuid.entries();
    }

    /** The changes, all of them. */
    CpuConfig changes() {
        return config;
    }

    /** How many leaves are changed. */
    int leaves() {
        return config.cpuidModifiers().size();
    }

    /** The first {@code count} changes of leaves alone. */
    CpuModifiers withLeaves(int count) {
        return new CpuModifiers(new CpuConfig(null, config.cpuidModifiers().subList(0, count), null), template);
    }

    /** What to say when KVM does not take the change {@code index} of a leaf. */
    ConfigException refusalOfLeaf(int index) {
        return leafRefusal(index, "with these bits");
    }

    private ConfigException leafRefusal(int index, String how) {
        CpuConfig.LeafModifier modifier = config.cpuidModifiers().get(index);
        return problem(CpuConfig.LEAVES_KEY, index, "this host's KVM does not support CPUID leaf "
                + hex(modifier.leafNumber()) + ", subleaf " + hex(modifier.subleafNumber()) + ", " + how);
    }

    private static CpuidEntry change(CpuidEntry leaf, String register, BitChange change) {
        return switch (register) {
            case "eax" -> leaf.withEax(change.apply(leaf.eax()));
            case "ebx" -> leaf.withEbx(change.apply(leaf.ebx()));
            case "ecx" -> leaf.withEcx(change.apply(leaf.ecx()));
            default -> leaf.withEdx(change.apply(leaf.edx()));
        };
    }

    /**
     * Changes the registers of a vCPU that has its CPUID and its usual start values.
     *
     * @throws MsrRefusedException when KVM does not have one; {@link #refusal} says it in the configuration's words
     */
    void applyTo(KvmVcpu vcpu) throws KvmException {
        for (CpuConfig.MsrModifier modifier : config.msrModifiers()) {
            long before = vcpu.getMsrs(modifier.number()).get(0).data();
            vcpu.setMsrs(List.of(new MsrEntry(modifier.number(), modifier.change().apply(before))));
        }
    }

    /**
     * Whose fault it is that KVM refused a register: the configuration's, when that changes it.
     *
     * @throws MsrRefusedException {@code refused}, when it does not
     */
    ConfigException refusal(MsrRefusedException refused) throws MsrRefusedException {
        for (int i = 0; i < config.msrModifiers().size(); i++) {
            if (config.msrModifiers().get(i).number() == refused.msr()) {
                return problem(CpuConfig.MSRS_KEY, i, "this host's KVM does not support MSR "
                        + hex(refused.msr()) + ", or not with these bits");
            }
        }
        throw refused;
    }

    private static String hex(int number) {
        return "0x" + Integer.toHexString(number);
    }
}
