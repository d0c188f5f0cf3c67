package io.vmm4j.core.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.CpuConfig;
import io.vmm4j.core.cpu.CpuTopology;
import io.vmm4j.core.cpu.GuestCpu;
import io.vmm4j.kvm.Kvm;
import io.vmm4j.kvm.KvmVcpu;
import io.vmm4j.kvm.KvmVm;
import io.vmm4j.kvm.MsrRefusedException;
import io.vmm4j.kvm.abi.CpuidEntry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class CpuModifiersTest {

    private static CpuModifiers leaf(String leaf, String subleaf, int flags, String register, String bitmap) {
        return new CpuModifiers(new CpuConfig(null, List.of(new CpuConfig.LeafModifier(leaf, subleaf, flags,
                List.of(new CpuConfig.RegisterModifier(register, bitmap)))), null));
    }

    private static CpuModifiers msr(String address, String bitmap) {
        return new CpuModifiers(new CpuConfig(null, null, List.of(new CpuConfig.MsrModifier(address, bitmap))));
    }

    @Test
    void aLeafIsChangedWhereItSaysSoAndTheOthersStay() throws Exception {
        List<CpuidEntry> supported = List.of(new CpuidEntry(7, 0, 1, 1, 2, 3, 4), new CpuidEntry(7, 1, 1, 5, 6, 7, 8));
        List<CpuidEntry> changed = leaf("0x7", "0x1", 1, "ebx", "0b1xx0").applyTo(supported);
        assertEquals(List.of(supported.get(0), new CpuidEntry(7, 1, 1, 5, 14, 7, 8)), changed);
    }

    @Test
    void aLeafThatKvmDoesNotSupportIsRefusedByName() {
        List<CpuidEntry> supported = List.of(new CpuidEntry(7, 0, 1, 1, 2, 3, 4));
        String message = assertThrows(ConfigException.class, () -> leaf("0x80000042", "0x3", 1, "eax", "0b1").applyTo(supported)).getMessage();
        assertEquals("this host's KVM does not support CPUID leaf 0x80000042, subleaf 0x3, with flags 1 (cpu-config.cpuid_modifiers[0])", message);
        assertThrows(ConfigException.class, () -> leaf("0x7", "0x0", 0, "eax", "0b1").applyTo(supported), "the leaf has subleaves");
    }

    @Test
    @Tag("kvm")
    void theLeafIsNamedWhoseBitsKvmDoesNotTake() throws Exception {
        assumeTrue(Files.isWritable(Path.of("/dev/kvm")), "/dev/kvm does not open here");
        CpuConfig.LeafModifier harmless = new CpuConfig.LeafModifier("0x1", "0x0", 0, List.of(new CpuConfig.RegisterModifier("edx", "0bx")));
        CpuConfig.LeafModifier addressesOf40Bits = new CpuConfig.LeafModifier("0x80000008", "0x0", 0,
                List.of(new CpuConfig.RegisterModifier("eax", "0b00101000xxxxxxxx")));
        CpuModifiers modifiers = new CpuModifiers(new CpuConfig(null, List.of(harmless, addressesOf40Bits, harmless), null));
        try (Kvm kvm = Kvm.open(); KvmVm vm = kvm.createVm()) {
            vm.createIrqChip();
            try (KvmVcpu vcpu = vm.createVcpu(0)) {
                VcpuSetup setup = new VcpuSetup(kvm, GuestCpu.of(CpuTopology.oneSocket(1), true), modifiers);
                CpuidRefusedException refused = assertThrows(CpuidRefusedException.class, () -> setup.apply(vcpu, 0));
                assertEquals("this host's KVM does not support CPUID leaf 0x80000008, subleaf 0x0, with these bits (cpu-config.cpuid_modifiers[1])",
                        setup.refusal(refused).getMessage());
            }
        }
    }

    @Test
    @Tag("kvm")
    void registersAreChangedAndThoseThatKvmDoesNotHaveRefusedByName() throws Exception {
        assumeTrue(Files.isWritable(Path.of("/dev/kvm")), "/dev/kvm does not open here");
        try (Kvm kvm = Kvm.open(); KvmVm vm = kvm.createVm()) {
            vm.createIrqChip();
            try (KvmVcpu vcpu = vm.createVcpu(0)) {
                vcpu.setCpuid(kvm.supportedCpuid());
                msr("0xc0000102", "0b101xx").applyTo(vcpu);
                assertEquals(0x14, vcpu.getMsrs(0xC000_0102).get(0).data());
                CpuModifiers unknown = msr("0x12345678", "0b1");
                MsrRefusedException refused = assertThrows(MsrRefusedException.class, () -> unknown.applyTo(vcpu));
                assertEquals("this host's KVM does not support MSR 0x12345678, or not with these bits (cpu-config.msr_modifiers[0])",
                        unknown.refusal(refused).getMessage());
                assertThrows(MsrRefusedException.class, () -> msr("0x10", "0b1").refusal(refused), "that was not the configuration's");
            }
            String message = assertThrows(ConfigException.class,
                    () -> new CpuModifiers(new CpuConfig(List.of("99999"), null, null)).requireCapabilities(kvm)).getMessage();
            assertEquals("this host's KVM does not have capability 99999 (capability 99999) (cpu-config.kvm_capabilities)", message);
            new CpuModifiers(new CpuConfig(List.of("3", "!99999"), null, null)).requireCapabilities(kvm);
        }
    }
}
