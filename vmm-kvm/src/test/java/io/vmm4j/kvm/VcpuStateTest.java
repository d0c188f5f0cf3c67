package io.vmm4j.kvm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmm4j.kvm.abi.Cpuid;
import io.vmm4j.kvm.abi.CpuidEntry;
import io.vmm4j.kvm.abi.KvmCap;
import io.vmm4j.kvm.abi.KvmMpState;
import io.vmm4j.kvm.abi.LapicState;
import io.vmm4j.kvm.abi.MsrEntry;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Tag("kvm")
@Timeout(60)
final class VcpuStateTest {
    private static final int IA32_TSC = 0x10;
    private static final int IA32_TSC_DEADLINE = 0x6E0;
    private static final int MSR_LSTAR = 0xC0000082;
    private static final int MTRR_DEF_TYPE = 0x2FF;
    private static final int NO_SUCH_MSR = 0x4000FFFF;
    private static final int RESULT = 0x2000;

    /** Adds 100 to 1 up, showing each sum at port 0x80, keeps a number in XMM3 meanwhile, writes both down, and tells port 0x81. */
    private static final String SUM = """
            0f 20 e0  0d 00 02 00 00  0f 22 e0
            b8 78 56 34 12  66 0f 6e d8  31 c0  b9 64 00 00 00
            01 c8  e6 80  ff c9  75 f8
            66 0f 7e da  89 04 25 00 20 00 00  89 14 25 04 20 00 00
            e6 81  eb fe""".replace("\n", "");

    private final RecordingHandler handler = new RecordingHandler();

    private static TinyGuest sum() throws Exception {
        TinyGuest guest = TinyGuest.longMode(SUM, KvmVm::createIrqChip);
        guest.vcpu.setCpuid(supported(guest));
        return guest;
    }

    private static List<CpuidEntry> supported(TinyGuest guest) throws KvmException {
        Cpuid cpuid = new Cpuid(guest.kvm.supportedCpuid());
        CpuidEntry features = cpuid.find(1, 0).orElseThrow();
        cpuid.put(features.withEcx(features.ecx() | 1 << 24)); // the deadline timer, which not every KVM lists
        return cpuid.entries();
    }

    private void runUntilOut(TinyGuest guest, String access) throws Exception {
        while (handler.accesses.isEmpty() || !handler.accesses.get(handler.accesses.size() - 1).startsWith(access)) {
            assertEquals(VcpuExit.HANDLED, guest.runOnce(handler));
            assertTrue(handler.accesses.size() <= 101, "the guest goes on for ever");
        }
    }

    /** The state in the middle, after {@code sums} of the hundred. */
    private VcpuState stateAfter(TinyGuest guest, int sums) throws Exception {
        for (int i = 0; i < sums; i++) {
            guest.runOnce(handler);
        }
        guest.vcpu.finishAccess(handler);
        return guest.vcpu.saveState();
    }

    private static void copyMemory(TinyGuest from, TinyGuest to) {
        to.memory.put(0, from.memory, 0, (int) TinyGuest.MEMORY_SIZE);
    }

    private static void assertResult(TinyGuest guest) {
        assertEquals(5050, guest.memory.getInt(RESULT));
        assertEquals(0x12345678, guest.memory.getInt(RESULT + 4), "XMM3");
    }

    @Test
    void aComputationGoesOnInAnotherMachine() throws Exception {
        try (TinyGuest first = sum(); TinyGuest second = sum()) {
            VcpuState state = stateAfter(first, 50);
            copyMemory(first, second);
            second.vcpu.restoreState(state);
            runUntilOut(second, "out 81");
            assertResult(second);
            assertEquals(101, handler.accesses.size(), "no access is lost or made twice");
            assertEquals(0, first.memory.getInt(RESULT), "the first stands still");
        }
    }

    @Test
    void aStateThatIsRestoredIsSavedAlike() throws Exception {
        try (TinyGuest first = sum(); TinyGuest second = sum()) {
            first.vcpu.setMsrs(List.of(new MsrEntry(MSR_LSTAR, 0x7000), new MsrEntry(MTRR_DEF_TYPE, 0xC06)));
            byte[] debug = first.vcpu.getDebugregs();
            debug[0] = 0x10;
            first.vcpu.setDebugregs(debug);
            VcpuState state = stateAfter(first, 10);
            copyMemory(first, second);
            second.vcpu.restoreState(state);
            VcpuState again = second.vcpu.saveState();
            assertEquals(StateOf.withoutClocks(state), StateOf.withoutClocks(again));
            assertEquals(0x7000, StateOf.msr(again, MSR_LSTAR));
            assertEquals(0xC06, StateOf.msr(again, MTRR_DEF_TYPE));
            assertTrue(StateOf.msr(again, IA32_TSC) >= StateOf.msr(state, IA32_TSC), "the counter goes on");
            assertEquals(StateOf.withoutClocks(state), StateOf.withoutClocks(first.vcpu.saveState()), "saving changes nothing");
        }
    }

    @Test
    void aVcpuThatHasRunOnIsPutBack() throws Exception {
        try (TinyGuest guest = sum()) {
            VcpuState state = stateAfter(guest, 10);
            runUntilOut(guest, "out 81");
            guest.vcpu.finishAccess(handler);
            guest.memory.putLong(RESULT, 0);
            handler.accesses.clear();
            guest.vcpu.restoreState(state);
            assertEquals(StateOf.withoutClocks(state), StateOf.withoutClocks(guest.vcpu.saveState()));
            runUntilOut(guest, "out 81");
            assertResult(guest);
            assertEquals(91, handler.accesses.size());
        }
    }

    /** KVM took it for the counter of another vCPU of the same machine, and went on with its own. */
    @Test
    void theCounterOfAMachineInItsFirstSecondGoesOnAndIsPutBack() throws Exception {
        try (TinyGuest first = sum(); TinyGuest second = sum()) {
            VcpuState taken = stateAfter(first, 10);
            long then = taken.tscKhz() * 900L; // 0.9 s
            VcpuState state = StateOf.withMsr(taken, new MsrEntry(IA32_TSC, then));
            copyMemory(first, second);
            second.vcpu.restoreState(state);
            long now = StateOf.msr(second.vcpu.saveState(), IA32_TSC);
            assertTrue(now >= then, "the counter goes on from " + then + ": " + now);
            VcpuState later = StateOf.withMsr(state, new MsrEntry(IA32_TSC, now + taken.tscKhz() * 900L));
            second.vcpu.restoreState(later);
            second.vcpu.restoreState(state);
            long back = StateOf.msr(second.vcpu.saveState(), IA32_TSC);
            assertTrue(back >= then && back < now + taken.tscKhz() * 900L, "it is put back: " + back);
        }
    }

    @Test
    void anAccessIsFinishedBeforeAStateIsTaken() throws Exception {
        // in al,0x60; mov [0x2000],al; out 0x81,al
        try (TinyGuest guest = TinyGuest.realMode("e4 60  a2 00 20  e6 81", KvmVm::createIrqChip)) {
            handler.answer = 0x5A;
            guest.runOnce(handler);
            assertThrows(IllegalStateException.class, guest.vcpu::saveState);
            guest.vcpu.finishAccess(handler);
            assertEquals(1, handler.accesses.size(), "the guest has not run");
            VcpuState state = guest.vcpu.saveState();
            assertEquals(TinyGuest.CODE + 2, guest.vcpu.getRegs().rip);
            guest.runOnce(handler);
            assertThrows(IllegalStateException.class, () -> guest.vcpu.restoreState(state));
            assertEquals(0x5A, guest.memory.get(RESULT));
        }
    }

    @Test
    void theDeadlineOfATimerIsRestored() throws Exception {
        try (TinyGuest first = sum(); TinyGuest second = sum()) {
            LapicState lapic = first.vcpu.getLapic();
            lapic.setRegister(0xF0, 0x1FF); // spurious vector: the APIC is on
            lapic.setRegister(0x320, 0x400EF); // timer: TSC deadline, vector 0xEF
            first.vcpu.setLapic(lapic);
            long deadline = 1L << 60;
            first.vcpu.setMsrs(List.of(new MsrEntry(IA32_TSC_DEADLINE, deadline)));
            assumeTrue(first.vcpu.getMsrs(IA32_TSC_DEADLINE).get(0).data() == deadline, "this KVM has no deadline timer");
            second.vcpu.restoreState(first.vcpu.saveState());
            assertEquals(deadline, StateOf.msr(second.vcpu.saveState(), IA32_TSC_DEADLINE));
            VcpuState other = StateOf.withMsr(first.vcpu.saveState(), new MsrEntry(IA32_TSC_DEADLINE, 0));
            second.vcpu.restoreState(other);
            assertEquals(0, StateOf.msr(second.vcpu.saveState(), IA32_TSC_DEADLINE));
        }
    }

    @Test
    void aCpuThatWaitsToBeStartedStillWaits() throws Exception {
        try (TinyGuest first = sum(); TinyGuest second = sum(); KvmVcpu waiting = first.vm.createVcpu(1); KvmVcpu copy = second.vm.createVcpu(1)) {
            copy.restoreState(waiting.saveState());
            assertEquals(KvmMpState.KVM_MP_STATE_UNINITIALIZED, copy.saveState().mpState());
        }
    }

    @Test
    void aMachineWithoutKvmsInterruptControllerHasAStateToo() throws Exception {
        // mov ax,1; hlt; inc ax; mov [0x2000],ax; hlt
        try (TinyGuest first = TinyGuest.realMode("b8 01 00  f4  40  a3 00 20  f4"); TinyGuest second = TinyGuest.realMode("")) {
            first.runToEnd(handler);
            VcpuState state = first.vcpu.saveState();
            assertTrue(state.lapic().isEmpty());
            copyMemory(first, second);
            second.vcpu.restoreState(state);
            assertEquals(VcpuExit.HLT, second.runToEnd(handler));
            assertEquals(2, second.memory.getShort(RESULT));
        }
    }

    @Test
    void aRegisterThatThisKvmRefusesIsNamed() throws Exception {
        try (TinyGuest first = sum(); TinyGuest second = sum()) {
            VcpuState state = StateOf.withMsr(first.vcpu.saveState(), new MsrEntry(NO_SUCH_MSR, 0x12));
            MsrRefusedException refused = assertThrows(MsrRefusedException.class, () -> second.vcpu.restoreState(state));
            assertEquals("ioctl(KVM_SET_MSRS): Invalid argument (EINVAL); KVM refuses MSR 0x4000ffff the value 0x12", refused.getMessage());
        }
    }

    @Test
    void whatThisHostLacksIsNamedBeforeAnythingRuns() throws Exception {
        try (TinyGuest guest = sum()) {
            VcpuState state = guest.vcpu.saveState();
            assertEquals(List.of(), state.lackedBy(guest.kvm));
            int size = state.xsave().size() + 64;
            VcpuState larger = StateOf.withXsave(state, Bytes.of(new byte[size]));
            assertEquals(List.of("an XSAVE area of " + size + " bytes, has " + state.xsave().size()), larger.lackedBy(guest.kvm));
            assertThrows(KvmException.class, () -> guest.vcpu.restoreState(larger));
            assumeTrue(guest.kvm.checkExtension(KvmCap.KVM_CAP_TSC_CONTROL) == 0 && state.tscKhz() > 0, "this host scales time-stamp counters");
            guest.vcpu.restoreState(StateOf.withTscKhz(state, state.tscKhz() + state.tscKhz() / 5000));
            KvmException faster = assertThrows(KvmException.class,
                    () -> guest.vcpu.restoreState(StateOf.withTscKhz(state, 2 * state.tscKhz())));
            assertTrue(faster.getMessage().contains(2 * state.tscKhz() + " kHz, this host's at " + state.tscKhz()), faster.getMessage());
        }
    }

    @Test
    void aFeatureThatWasGivenWithoutSupportIsNotAskedOfAnotherHost() throws Exception {
        try (TinyGuest guest = TinyGuest.realMode("f4", KvmVm::createIrqChip)) {
            Cpuid cpuid = new Cpuid(guest.kvm.supportedCpuid());
            CpuidEntry leaf = cpuid.find(0x80000007, 0).orElse(new CpuidEntry(0x80000007, 0, 0, 0, 0, 0, 0));
            cpuid.put(leaf.withEdx(leaf.edx() | 1 << 30));
            guest.vcpu.setCpuid(cpuid.entries());
            VcpuState state = guest.vcpu.saveState();
            assertTrue(state.unsupported().contains("CPUID leaf 0x80000007 EDX bit 30"), state.unsupported().toString());
            assertEquals(List.of(), state.lackedBy(guest.kvm));
        }
    }

    @Test
    void registersOfNoUseToTheGuestAreLeftAlone() throws Exception {
        try (TinyGuest guest = sum()) {
            VcpuState state = guest.vcpu.saveState();
            assertFalse(state.msrs().stream().anyMatch(m -> m.index() >= 0x40000000 && m.index() <= 0x400001FF), "of Hyper-V");
            assertTrue(state.msrs().size() > 20);
            VcpuState again = guest.vcpu.saveState();
            assertEquals(state.msrsLeftOut(), again.msrsLeftOut(), "still told when they are not asked for any more");
            assertNotEquals(0, StateOf.msr(state, IA32_TSC));
        }
    }
}
