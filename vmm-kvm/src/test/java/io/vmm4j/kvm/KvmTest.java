package io.vmm4j.kvm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.kvm.abi.Cpuid;
import io.vmm4j.kvm.abi.CpuidEntry;
import io.vmm4j.kvm.abi.KvmCap;
import io.vmm4j.kvm.abi.KvmClockData;
import io.vmm4j.kvm.abi.KvmFpu;
import io.vmm4j.kvm.abi.KvmMpState;
import io.vmm4j.kvm.abi.LapicState;
import io.vmm4j.kvm.abi.MsrEntry;
import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.Mapping;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Tag("kvm")
@Timeout(60)
final class KvmTest {
    private static final int MSR_TSC = 0x10;
    private static final int MSR_STAR = 0xC0000081;
    private static final int MSR_LSTAR = 0xC0000082;
    private static final int NO_SUCH_MSR = 0x4000FFFF;

    private static TinyGuest guest() throws Exception {
        return TinyGuest.realMode("f4", KvmVm::createIrqChip);
    }

    @Test
    void theHostHasWhatIsRequired() throws Exception {
        try (TinyGuest guest = guest()) {
            KvmCapabilities.require(guest.kvm);
            assertEquals(List.of(), KvmCapabilities.missing(guest.kvm));
            assertEquals(12, guest.kvm.apiVersion());
        }
    }

    @Test
    void limitsAreInOrder() throws Exception {
        try (TinyGuest guest = guest()) {
            assertTrue(guest.kvm.recommendedVcpus() >= 1);
            assertTrue(guest.kvm.maxVcpus() >= guest.kvm.recommendedVcpus());
            assertTrue(guest.kvm.maxVcpuId() >= guest.kvm.maxVcpus());
            assertTrue(guest.kvm.vcpuMmapSize() >= 4096);
            assertEquals(0, guest.kvm.checkExtension(100_000));
            assertEquals(1, guest.vm.checkExtension(KvmCap.KVM_CAP_USER_MEMORY));
        }
    }

    @Test
    void supportedCpuidHasTheBasicLeaves() throws Exception {
        try (TinyGuest guest = guest()) {
            Cpuid cpuid = new Cpuid(guest.kvm.supportedCpuid());
            assertTrue(cpuid.find(0, 0).orElseThrow().eax() >= 1);
            assertNotEquals(0, cpuid.find(1, 0).orElseThrow().edx());
            assertEquals(0x4b4d564b, cpuid.find(0x40000000, 0).orElseThrow().ebx(), "KVMK");
        }
    }

    @Test
    void aGuestGetsTheCpuidThatWasSet() throws Exception {
        // mov eax,0x40000001; cpuid; mov [0x2000],eax; hlt -- with operand size prefixes, from real mode
        try (TinyGuest guest = TinyGuest.realMode("66 b8 01 00 00 40  0f a2  66 a3 00 20  f4")) {
            Cpuid cpuid = new Cpuid(guest.kvm.supportedCpuid());
            cpuid.put(new CpuidEntry(0x40000001, 0, 0, 0x00C0FFEE, 0, 0, 0));
            guest.vcpu.setCpuid(cpuid.entries());
            assertEquals(0x00C0FFEE, new Cpuid(guest.vcpu.getCpuid(256)).find(0x40000001, 0).orElseThrow().eax());
            assertEquals(VcpuExit.HLT, guest.runToEnd(new RecordingHandler()));
            assertEquals(0x00C0FFEE, guest.memory.getInt(0x2000));
        }
    }

    @Test
    void tooLittleRoomForCpuidIsReported() throws Exception {
        try (TinyGuest guest = guest()) {
            guest.vcpu.setCpuid(guest.kvm.supportedCpuid());
            assertEquals(Errno.E2BIG, assertThrows(KvmException.class, () -> guest.vcpu.getCpuid(1)).errno());
        }
    }

    @Test
    void msrsThatWereSetReadBackInTheOrderAskedFor() throws Exception {
        try (TinyGuest guest = guest()) {
            guest.vcpu.setCpuid(guest.kvm.supportedCpuid());
            guest.vcpu.setMsrs(List.of(new MsrEntry(MSR_STAR, 0x1234_5678_9ABC_DEF0L), new MsrEntry(MSR_LSTAR, 0x7000)));
            assertEquals(List.of(new MsrEntry(MSR_LSTAR, 0x7000), new MsrEntry(MSR_STAR, 0x1234_5678_9ABC_DEF0L)),
                    guest.vcpu.getMsrs(MSR_LSTAR, MSR_STAR));
        }
    }

    @Test
    void moreMsrsThanOneCallTakesAreSplit() throws Exception {
        try (TinyGuest guest = guest()) {
            guest.vcpu.setCpuid(guest.kvm.supportedCpuid());
            int[] indices = new int[300];
            Arrays.fill(indices, MSR_LSTAR);
            List<MsrEntry> entries = new ArrayList<>();
            for (int i = 0; i < 300; i++) {
                entries.add(new MsrEntry(MSR_LSTAR, 0x1000 + i));
            }
            guest.vcpu.setMsrs(entries);
            List<MsrEntry> read = guest.vcpu.getMsrs(indices);
            assertEquals(300, read.size());
            assertEquals(0x1000 + 299, read.get(299).data());
        }
    }

    @Test
    void aRefusedMsrIsNamed() throws Exception {
        try (TinyGuest guest = guest()) {
            guest.vcpu.setCpuid(guest.kvm.supportedCpuid());
            MsrRefusedException set = assertThrows(MsrRefusedException.class, () -> guest.vcpu.setMsrs(
                    List.of(new MsrEntry(MSR_LSTAR, 1), new MsrEntry(NO_SUCH_MSR, 1), new MsrEntry(MSR_STAR, 1))));
            assertEquals(NO_SUCH_MSR, set.msr());
            assertEquals("ioctl(KVM_SET_MSRS): Invalid argument (EINVAL); KVM refuses MSR 0x4000ffff", set.getMessage());
            assertEquals(NO_SUCH_MSR, assertThrows(MsrRefusedException.class,
                    () -> guest.vcpu.getMsrs(MSR_TSC, NO_SUCH_MSR)).msr());
        }
    }

    @Test
    void everyListedMsrIsDistinct() throws Exception {
        try (TinyGuest guest = guest()) {
            int[] list = guest.kvm.msrIndexList();
            assertTrue(list.length > 10);
            assertEquals(list.length, Arrays.stream(list).distinct().count());
        }
    }

    @Test
    void localApicRegistersReadBack() throws Exception {
        try (TinyGuest guest = guest()) {
            LapicState lapic = guest.vcpu.getLapic();
            lapic.setRegister(0x350, 0x700); // LVT LINT0: ExtINT
            lapic.setRegister(0x360, 0x400); // LVT LINT1: NMI
            guest.vcpu.setLapic(lapic);
            assertEquals(0x700, guest.vcpu.getLapic().register(0x350));
            assertEquals(0x400, guest.vcpu.getLapic().register(0x360));
        }
    }

    @Test
    void floatingPointStateReadsBack() throws Exception {
        try (TinyGuest guest = guest()) {
            KvmFpu fpu = new KvmFpu();
            fpu.fcw = 0x37F;
            fpu.xmm[17] = 0x42;
            guest.vcpu.setFpu(fpu);
            KvmFpu read = guest.vcpu.getFpu();
            assertEquals(0x37F, read.fcw);
            assertEquals(0x42, read.xmm[17]);
        }
    }

    @Test
    void secondVcpusWaitToBeStarted() throws Exception {
        try (TinyGuest guest = guest(); KvmVcpu second = guest.vm.createVcpu(1)) {
            assertEquals(KvmMpState.KVM_MP_STATE_UNINITIALIZED, second.getMpState());
            second.setMpState(KvmMpState.KVM_MP_STATE_RUNNABLE);
            assertEquals(KvmMpState.KVM_MP_STATE_RUNNABLE, second.getMpState());
            assertEquals(Errno.EEXIST, assertThrows(KvmException.class, () -> guest.vm.createVcpu(1)).errno());
        }
    }

    @Test
    void opaqueStateGoesOutAndBackIn() throws Exception {
        try (TinyGuest guest = guest()) {
            guest.vcpu.setCpuid(guest.kvm.supportedCpuid());
            byte[] events = guest.vcpu.getVcpuEvents();
            guest.vcpu.setVcpuEvents(events);
            assertArrayEquals(events, guest.vcpu.getVcpuEvents());
            byte[] debug = guest.vcpu.getDebugregs();
            debug[0] = 0x10; // DR0
            guest.vcpu.setDebugregs(debug);
            assertArrayEquals(debug, guest.vcpu.getDebugregs());
            guest.vcpu.setXcrs(guest.vcpu.getXcrs());
            byte[] xsave = guest.vcpu.getXsave();
            guest.vcpu.setXsave(xsave);
            assertThrows(IllegalArgumentException.class, () -> guest.vcpu.setXcrs(new byte[3]));
        }
    }

    @Test
    void theGuestClockCanBeSetForward() throws Exception {
        try (TinyGuest guest = guest()) {
            long hour = 3_600_000_000_000L;
            guest.vm.setClock(new KvmClockData(hour, 0, 0, 0));
            long clock = guest.vm.getClock().clock();
            assertTrue(clock >= hour && clock < 2 * hour, "clock " + clock);
            assertTrue(guest.vcpu.getTscKhz() > 0);
        }
    }

    @Test
    void capabilitiesAreEnabledOrRefusedByName() throws Exception {
        try (TinyGuest guest = guest()) {
            assertEquals("ioctl(KVM_ENABLE_CAP): Invalid argument (EINVAL)",
                    assertThrows(KvmException.class, () -> guest.vm.enableCap(100_000, 1)).getMessage());
            guest.vm.enableCap(KvmCap.KVM_CAP_EXCEPTION_PAYLOAD, 1);
            assertThrows(IllegalArgumentException.class, () -> guest.vm.enableCap(1, 1, 2, 3, 4, 5));
        }
    }

    @Test
    void overlappingMemorySlotsAreRefused() throws Exception {
        try (TinyGuest guest = guest(); Mapping more = Mapping.anonymous(8192)) {
            KvmException e = assertThrows(KvmException.class,
                    () -> guest.vm.setUserMemoryRegion(1, 0, TinyGuest.MEMORY_SIZE - 4096, 8192, more.address()));
            assertEquals("ioctl(KVM_SET_USER_MEMORY_REGION): File exists (EEXIST)", e.getMessage());
        }
    }
}
