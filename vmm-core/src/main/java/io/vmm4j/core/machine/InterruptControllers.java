package io.vmm4j.core.machine;

import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.cpu.CpuTopology;
import io.vmm4j.core.host.GsiRoutes;
import io.vmm4j.core.layout.AddressMap;
import io.vmm4j.devices.bus.BusBuilder;
import io.vmm4j.devices.ioapic.IoApic;
import io.vmm4j.kvm.KvmException;
import io.vmm4j.kvm.KvmVm;
import io.vmm4j.kvm.abi.KvmCap;
import io.vmm4j.kvm.abi.KvmPitConfig;
import java.util.Optional;

/**
 * A machine's interrupt controllers. All of them are KVM's, but where an APIC id is beyond what KVM's I/O APIC can send
 * to: there the I/O APIC is this project's, local APICs alone are KVM's, and there is no 8259 and no interval timer, which
 * go with KVM's I/O APIC only. Kernels with ACPI miss neither.
 */
final class InterruptControllers {

    private static final int X2APIC_API = KvmCap.KVM_X2APIC_API_USE_32BIT_IDS | KvmCap.KVM_X2APIC_API_DISABLE_BROADCAST_QUIRK;

    private InterruptControllers() {
    }

    /**
     * Makes them; before any vCPU.
     *
     * @param mmio takes the I/O APIC's registers where they are not KVM's
     * @return the I/O APIC where it is not KVM's
     * @throws ConfigException when KVM cannot have that many vCPUs' interrupts routed
     */
    static Optional<IoApic> create(KvmVm vm, CpuTopology topology, BusBuilder mmio) throws ConfigException, KvmException {
        if (!topology.needsX2Apic()) {
            vm.createIrqChip();
            vm.createPit2(KvmPitConfig.KVM_PIT_SPEAKER_DUMMY);
            return Optional.empty();
        }
        if ((vm.checkExtension(KvmCap.KVM_CAP_X2APIC_API) & X2APIC_API) != X2APIC_API
                || vm.checkExtension(KvmCap.KVM_CAP_SPLIT_IRQCHIP) == 0) {
            throw new ConfigException("machine-config.vcpu_count", "vcpu count " + topology.vcpus() + " needs APIC ids above "
                    + CpuTopology.MAX_XAPIC_ID + ", and this KVM lacks KVM_CAP_X2APIC_API or KVM_CAP_SPLIT_IRQCHIP for them");
        }
        vm.enableCap(KvmCap.KVM_CAP_X2APIC_API, X2APIC_API);
        vm.enableCap(KvmCap.KVM_CAP_SPLIT_IRQCHIP, IoApic.INPUTS);
        IoApic ioApic = new IoApic(new GsiRoutes(vm));
        mmio.add("I/O APIC", AddressMap.IOAPIC, IoApic.LENGTH, ioApic);
        return Optional.of(ioApic);
    }
}
