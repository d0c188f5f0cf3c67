package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmm4j.core.VmExit;
import io.vmm4j.core.VmExitReason;
import io.vmm4j.core.metrics.ExitCounts;
import io.vmm4j.core.vcpu.BusExitHandler;
import io.vmm4j.core.vcpu.VcpuThread;
import io.vmm4j.devices.bus.BusBuilder;
import io.vmm4j.kvm.Kvm;
import io.vmm4j.kvm.KvmVcpu;
import io.vmm4j.kvm.KvmVm;
import io.vmm4j.kvm.abi.CpuidEntry;
import io.vmm4j.kvm.abi.KvmCap;
import io.vmm4j.kvm.abi.KvmRegs;
import io.vmm4j.kvm.abi.KvmSregs;
import io.vmm4j.kvm.libc.Mapping;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * KVM's system events. On x86 they come from Hyper-V's registers, which machines do not have; so the guest here is given
 * the CPUID leaves for them.
 */
@Tag("linux")
class SystemEventTest {

    private static final int RAM = 0x10000;
    private static final int CODE = 0x1000;
    /** mov ecx, 0x40000003 (HV_X64_MSR_RESET); mov eax, 1; xor edx, edx; wrmsr; jmp . */
    private static final byte[] RESET = HexFormat.of().parseHex("66b903000040" + "66b801000000" + "6631d2" + "0f30" + "ebfe");

    /** mov ecx, 0x40000105 (HV_X64_MSR_CRASH_CTL); xor eax, eax; mov edx, 0x80000000 (CrashNotify); wrmsr; jmp . */
    private static final byte[] CRASH = HexFormat.of().parseHex("66b905010040" + "6631c0" + "66ba00000080" + "0f30" + "ebfe");

    @Test
    @Timeout(60)
    void aResetByAParavirtualRegisterEndsTheMachineAsAReset() throws Exception {
        assertEquals(VmExitReason.RESET, reasonOf(RESET));
    }

    @Test
    @Timeout(60)
    void aCrashToldByAParavirtualRegisterEndsTheMachineAsAPanic() throws Exception {
        assertEquals(VmExitReason.GUEST_PANIC, reasonOf(CRASH));
    }

    private static VmExitReason reasonOf(byte[] code) throws Exception {
        assumeTrue(Files.isReadable(Path.of("/dev/kvm")) && Files.isWritable(Path.of("/dev/kvm")), "/dev/kvm cannot be opened");
        try (Mapping ram = Mapping.anonymous(RAM); Kvm kvm = Kvm.open(); KvmVm vm = kvm.createVm()) {
            assumeTrue(kvm.checkExtension(KvmCap.KVM_CAP_HYPERV) > 0, "this KVM has no Hyper-V registers");
            vm.createIrqChip();
            vm.setUserMemoryRegion(0, 0, 0, RAM, ram.address());
            ram.buffer(0, RAM).put(CODE, code);
            try (KvmVcpu vcpu = vm.createVcpu(0)) {
                vcpu.setCpuid(List.of(new CpuidEntry(0x4000_0000, 0, 0, 0x4000_0005, 0x7263694D, 0x666F736F, 0x76482074),
                        new CpuidEntry(0x4000_0001, 0, 0, 0x3123_7648, 0, 0, 0),
                        new CpuidEntry(0x4000_0003, 0, 0, 0, 0, 0, 1 << 10)));
                KvmSregs sregs = vcpu.getSregs();
                sregs.cs.base = 0;
                sregs.cs.selector = 0;
                vcpu.setSregs(sregs);
                KvmRegs regs = new KvmRegs();
                regs.rip = CODE;
                regs.rflags = 2;
                vcpu.setRegs(regs);
                CompletableFuture<VmExit> exit = new CompletableFuture<>();
                VcpuThread thread = new VcpuThread(0, vcpu, new BusExitHandler(new BusBuilder("port").build(), new BusBuilder("mmio").build(),
                        new ExitCounts()), exit::complete);
                thread.start();
                try {
                    return exit.get(30, TimeUnit.SECONDS).reason();
                } finally {
                    thread.requestStop();
                    thread.join();
                }
            }
        }
    }
}
