package io.vmm4j.core.boot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmm4j.core.acpi.AcpiPorts;
import io.vmm4j.core.acpi.AcpiPowerDevice;
import io.vmm4j.core.cpu.BootState;
import io.vmm4j.core.cpu.CpuTopology;
import io.vmm4j.core.cpu.CpuidSetup;
import io.vmm4j.core.cpu.GuestCpu;
import io.vmm4j.core.cpu.MsrSetup;
import io.vmm4j.core.layout.AddressMap;
import io.vmm4j.devices.memory.BufferGuestMemory;
import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.memory.MemoryRegion;
import io.vmm4j.kvm.Kvm;
import io.vmm4j.kvm.KvmVcpu;
import io.vmm4j.kvm.KvmVm;
import io.vmm4j.kvm.VcpuExit;
import io.vmm4j.kvm.VcpuExitHandler;
import io.vmm4j.kvm.abi.CpuidEntry;
import io.vmm4j.kvm.abi.KvmSregs;
import io.vmm4j.kvm.abi.LapicState;
import io.vmm4j.kvm.libc.Mapping;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A kernel of some bytes, entered on real KVM, looks around as a real one would. */
@Tag("kvm")
class KernelEntryTest {

    private static final int RAM = 2 * FakeKernels.MIB;
    private static final int MAX_EXITS = 100;
    private static final long RESULTS = 0x80000;

    /** Entered at 0x100010; leaves what it sees at 0x80000 and powers off. */
    private static final String LOOK_AROUND = """
            48 89 34 25 00 00 08 00         mov  [0x80000], rsi
            48 89 24 25 08 00 08 00         mov  [0x80008], rsp
            8c c8                           mov  eax, cs
            89 04 25 10 00 08 00            mov  [0x80010], eax
            b8 18 00 00 00                  mov  eax, 0x18
            8e d8                           mov  ds, eax
            8e d0                           mov  ss, eax
            6a 10                           push 0x10
            68 3b 00 10 00                  push 0x10003b
            48 cb                           retfq
            b8 01 00 00 00                  mov  eax, 1
            0f a2                           cpuid
            89 1c 25 18 00 08 00            mov  [0x80018], ebx
            b8 0b 00 00 00                  mov  eax, 0xb
            b9 01 00 00 00                  mov  ecx, 1
            0f a2                           cpuid
            89 04 25 1c 00 08 00            mov  [0x8001c], eax
            89 14 25 20 00 08 00            mov  [0x80020], edx
            b9 ff 02 00 00                  mov  ecx, 0x2ff
            0f 32                           rdmsr
            89 04 25 24 00 08 00            mov  [0x80024], eax
            a1 50 03 e0 fe 00 00 00 00      mov  eax, [0xfee00350]
            89 04 25 28 00 08 00            mov  [0x80028], eax
            ba 00 06 00 00                  mov  edx, 0x600
            b0 34                           mov  al, 0x34
            ee                              out  dx, al
            """;

    @TempDir
    private Path directory;

    /** The hexadecimal columns of a listing. */
    private static byte[] assemble(String listing) {
        StringBuilder hex = new StringBuilder();
        listing.lines().forEach(line -> hex.append(line.split(" {3,}")[0].replace(" ", "")));
        return HexFormat.of().parseHex(hex);
    }

    private static KvmVcpu bootVcpu(Kvm kvm, KvmVm vm, CpuTopology topology, KernelImage kernel) throws Exception {
        KvmVcpu vcpu = vm.createVcpu(0);
        vcpu.setCpuid(new CpuidSetup(kvm.supportedCpuid(), GuestCpu.of(topology, true),
                (leaf, index) -> new CpuidEntry(leaf, index, 0, 0, 0, 0, 0)).forVcpu(0));
        vcpu.setMsrs(MsrSetup.bootMsrs());
        vcpu.setFpu(BootState.fpu());
        LapicState lapic = vcpu.getLapic();
        BootState.connectLocalInterrupts(lapic);
        vcpu.setLapic(lapic);
        KvmSregs sregs = vcpu.getSregs();
        LongModeSetup.enterLongMode(sregs);
        vcpu.setSregs(sregs);
        vcpu.setRegs(LongModeSetup.registers(kernel.entryPoint()));
        return vcpu;
    }

    @Test
    @Timeout(60)
    void theKernelFindsWhatTheBootProtocolPromises() throws Exception {
        assumeTrue(Files.isReadable(Path.of("/dev/kvm")) && Files.isWritable(Path.of("/dev/kvm")), "/dev/kvm cannot be opened");
        ByteBuffer elf = FakeKernels.elf();
        elf.put(FakeKernels.ELF_CODE_OFFSET + 0x10, assemble(LOOK_AROUND));
        CpuTopology topology = CpuTopology.oneSocket(4);
        PowerOff powerOff = new PowerOff();
        try (KernelImage kernel = KernelImage.open(FakeKernels.write(directory, elf), RAM); Mapping mapping = Mapping.anonymous(RAM);
                Kvm kvm = Kvm.open(); KvmVm vm = kvm.createVm()) {
            GuestMemory memory = new BufferGuestMemory(List.of(MemoryRegion.of(0, mapping.buffer(0, RAM))));
            vm.setTssAddress(AddressMap.KVM_TSS);
            vm.createIrqChip();
            vm.setUserMemoryRegion(0, 0, 0, RAM, mapping.address());
            kernel.load(memory);
            LongModeSetup.writeTables(memory, AddressMap.RAM_ABOVE_HOLE);
            try (KvmVcpu vcpu = bootVcpu(kvm, vm, topology, kernel)) {
                for (int exits = 0; !powerOff.happened && exits < MAX_EXITS; exits++) {
                    assertEquals(VcpuExit.HANDLED, vcpu.run(powerOff));
                }
                assertEquals(0x7000, memory.readU64(RESULTS), "RSI: zero page");
                assertEquals(0x8ff0, memory.readU64(RESULTS + 8), "RSP");
                assertEquals(0x10, memory.readU32(RESULTS + 0x10), "CS");
                assertEquals(0x00040000, memory.readU32(RESULTS + 0x18) & 0xFFFF0000L, "APIC id 0 of 4");
                assertEquals(2, memory.readU32(RESULTS + 0x1c), "bits of an APIC id below the socket");
                assertEquals(0, memory.readU32(RESULTS + 0x20), "x2APIC id");
                assertEquals(0x806, memory.readU32(RESULTS + 0x24), "memory is write-back");
                assertEquals(0x700, memory.readU32(RESULTS + 0x28) & 0x700, "LINT0: external interrupts");
                assertEquals(0x37F, vcpu.getFpu().fcw);
            }
        }
        assertTrue(powerOff.happened, "the guest came to its last instruction");
    }

    /** Ports with the ACPI power registers alone. */
    private static final class PowerOff implements VcpuExitHandler {
        private boolean happened;
        private final AcpiPowerDevice device = new AcpiPowerDevice(() -> happened = true, () -> { });

        @Override
        public long ioIn(int port, int width) {
            return -1;
        }

        @Override
        public void ioOut(int port, int width, long value) {
            device.write(port - AcpiPorts.BASE, width, value);
        }

        @Override
        public long mmioRead(long gpa, int width) {
            return -1;
        }

        @Override
        public void mmioWrite(long gpa, int width, long value) {
            throw new AssertionError("a write to 0x" + Long.toHexString(gpa));
        }
    }
}
