package io.vmm4j.core.machine;

import io.vmm4j.core.acpi.AcpiTables;
import io.vmm4j.core.boot.BootParams;
import io.vmm4j.core.boot.Initrd;
import io.vmm4j.core.boot.KernelFormat;
import io.vmm4j.core.boot.KernelImage;
import io.vmm4j.core.boot.LongModeSetup;
import io.vmm4j.core.boot.MpTable;
import io.vmm4j.core.boot.PvhSetup;
import io.vmm4j.core.boot.ResetVector;
import io.vmm4j.core.config.VmConfig;
import io.vmm4j.core.cpu.CpuTopology;
import io.vmm4j.core.layout.VirtioMmioSlot;
import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.memory.GuestMemoryException;
import io.vmm4j.kvm.KvmException;
import io.vmm4j.kvm.KvmVcpu;
import io.vmm4j.kvm.abi.KvmSregs;
import java.io.IOException;
import java.util.List;

/** What a firmware would do: kernel, initrd, arguments and tables into RAM, and the boot vCPU to the kernel's entry. */
final class BootLoader {

    private final KernelFormat format;
    private final long entryPoint;

    private BootLoader(KernelFormat format, long entryPoint) {
        this.format = format;
        this.entryPoint = entryPoint;
    }

    /**
     * Fills the RAM of a new machine and closes the files it comes from.
     *
     * @param spares virtio-mmio windows that may be put to use later
     * @throws IOException when a file cannot be read any more
     */
    static BootLoader load(VmConfig config, HostFiles files, CpuTopology topology, GuestMemory memory, List<VirtioMmioSlot> slots, int spares)
            throws IOException {
        KernelImage kernel = files.kernel();
        Initrd initrd = files.initrd();
        try {
            kernel.load(memory);
            kernel.close(); // a machine that lives for long keeps no file that it does not need
            if (initrd != null) {
                initrd.load(memory, files.initrdAddress());
                initrd.close();
            }
            files.commandLine().write(memory);
            writeBootInformation(config.machineConfig().memoryBytes(), files, memory);
            ResetVector.write(memory);
            int atBoot = config.machineConfig().vcpuCount();
            long next = MpTable.write(memory, topology.apicIds(atBoot));
            AcpiTables.write(memory, next, topology.apicIds(config.machineConfig().maxVcpuCount()), atBoot, slots, spares);
        } catch (GuestMemoryException e) {
            throw new IllegalStateException("what was checked to fit the guest's RAM does not", e);
        }
        return new BootLoader(kernel.format(), kernel.entryPoint());
    }

    private static void writeBootInformation(long memoryBytes, HostFiles files, GuestMemory memory) throws GuestMemoryException {
        KernelImage kernel = files.kernel();
        long initrdSize = files.initrd() == null ? 0 : files.initrd().size();
        if (kernel.format() == KernelFormat.ELF64_PVH) {
            PvhSetup.writeStartInfo(memory, memoryBytes, files.initrdAddress(), initrdSize);
        } else {
            new BootParams(memoryBytes, kernel, files.initrdAddress(), initrdSize).write(memory);
            LongModeSetup.writeTables(memory, kernel.endOfKernel());
        }
    }

    /** Sets the boot vCPU's registers for the kernel's first instruction. */
    void enter(KvmVcpu vcpu) throws KvmException {
        KvmSregs sregs = vcpu.getSregs();
        if (format == KernelFormat.ELF64_PVH) {
            PvhSetup.enterProtectedMode(sregs);
            vcpu.setSregs(sregs);
            vcpu.setRegs(PvhSetup.registers(entryPoint));
        } else {
            LongModeSetup.enterLongMode(sregs);
            vcpu.setSregs(sregs);
            vcpu.setRegs(LongModeSetup.registers(entryPoint));
        }
    }
}
