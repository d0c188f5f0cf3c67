package io.vmm4j.kvm;

import io.vmm4j.kvm.abi.MsrEntry;
import java.util.ArrayList;
import java.util.List;

/** States with one part replaced, and without what a clock changes. */
final class StateOf {
    private static final int IA32_TSC = 0x10;

    private StateOf() {
    }

    static VcpuState withMsr(VcpuState s, MsrEntry msr) {
        List<MsrEntry> msrs = new ArrayList<>(s.msrs());
        msrs.removeIf(m -> m.index() == msr.index());
        msrs.add(msr);
        return new VcpuState(s.cpuid(), s.unsupported(), msrs, s.msrsLeftOut(), s.regs(), s.sregs(), s.xsave(), s.xcrs(), s.debugregs(),
                s.lapic(), s.events(), s.mpState(), s.tscKhz(), s.nested());
    }

    static VcpuState withXsave(VcpuState s, Bytes xsave) {
        return new VcpuState(s.cpuid(), s.unsupported(), s.msrs(), s.msrsLeftOut(), s.regs(), s.sregs(), xsave, s.xcrs(), s.debugregs(),
                s.lapic(), s.events(), s.mpState(), s.tscKhz(), s.nested());
    }

    static VcpuState withTscKhz(VcpuState s, int tscKhz) {
        return new VcpuState(s.cpuid(), s.unsupported(), s.msrs(), s.msrsLeftOut(), s.regs(), s.sregs(), s.xsave(), s.xcrs(), s.debugregs(),
                s.lapic(), s.events(), s.mpState(), tscKhz, s.nested());
    }

    static long msr(VcpuState state, int index) {
        return state.msrs().stream().filter(m -> m.index() == index).findFirst().orElseThrow().data();
    }

    static VcpuState withoutClocks(VcpuState state) {
        return withMsr(state, new MsrEntry(IA32_TSC, 0));
    }
}
