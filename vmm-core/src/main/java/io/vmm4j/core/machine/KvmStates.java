package io.vmm4j.core.machine;

import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import io.vmm4j.kvm.Bytes;
import io.vmm4j.kvm.ClockState;
import io.vmm4j.kvm.InterruptState;
import io.vmm4j.kvm.VcpuState;
import io.vmm4j.kvm.abi.CpuidEntry;
import io.vmm4j.kvm.abi.MsrEntry;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** What is KVM's of a machine's state, as named values: the kernel's structures as they are, lists of numbers as little-endian bytes. */
final class KvmStates {

    private static final int CPUID_WORDS = 7;
    private static final int CPUID_BYTES = CPUID_WORDS * Integer.BYTES;
    private static final int MSR_BYTES = Integer.BYTES + Long.BYTES;
    private static final int BYTES_MAX = 1 << 16;
    private static final int TEXT_MAX = 1 << 10;

    private KvmStates() {
    }

    static State toState(VcpuState vcpu) {
        return State.builder().put("cpuid", cpuidBytes(vcpu.cpuid()))
                .put("unsupported", vcpu.unsupported().stream().map(feature -> State.builder().put("feature", feature).build()).toList())
                .put("msrs", msrBytes(vcpu.msrs())).put("msrsLeftOut", numberBytes(vcpu.msrsLeftOut()))
                .put("regs", vcpu.regs().toArray()).put("sregs", vcpu.sregs().toArray()).put("xsave", vcpu.xsave().toArray())
                .put("xcrs", vcpu.xcrs().toArray()).put("debugregs", vcpu.debugregs().toArray()).put("lapic", vcpu.lapic().toArray())
                .put("events", vcpu.events().toArray()).put("mpState", vcpu.mpState()).put("tscKhz", vcpu.tscKhz())
                .put("nested", vcpu.nested().toArray()).build();
    }

    static VcpuState vcpu(State state) throws StateException {
        List<String> unsupported = new ArrayList<>();
        for (State each : state.parts("unsupported", 0, BYTES_MAX)) {
            unsupported.add(each.text("feature", TEXT_MAX));
        }
        try {
            return new VcpuState(cpuid(state), unsupported, msrs(state), numbers(state), bytes(state, "regs"), bytes(state, "sregs"),
                    bytes(state, "xsave"), bytes(state, "xcrs"), bytes(state, "debugregs"), bytes(state, "lapic"), bytes(state, "events"),
                    state.int32("mpState", 0, Integer.MAX_VALUE), state.int32("tscKhz", 0, Integer.MAX_VALUE),
                    bytes(state, "nested"));
        } catch (IllegalArgumentException e) {
            throw new StateException(e.getMessage());
        }
    }

    static State toState(InterruptState interrupts) {
        return State.builder().put("masterPic", interrupts.masterPic().toArray()).put("slavePic", interrupts.slavePic().toArray())
                .put("ioApic", interrupts.ioApic().toArray()).put("pit", interrupts.pit().toArray()).build();
    }

    static InterruptState interrupts(State state) throws StateException {
        try {
            return new InterruptState(bytes(state, "masterPic"), bytes(state, "slavePic"), bytes(state, "ioApic"), bytes(state, "pit"));
        } catch (IllegalArgumentException e) {
            throw new StateException(e.getMessage());
        }
    }

    static State toState(ClockState clock) {
        return State.builder().put("clockNanos", clock.clockNanos()).put("realtimeNanos", clock.realtimeNanos())
                .put("hostTsc", clock.hostTsc()).build();
    }

    static ClockState clock(State state) throws StateException {
        return new ClockState(state.bits("clockNanos"), state.bits("realtimeNanos"), state.bits("hostTsc"));
    }

    private static Bytes bytes(State state, String name) throws StateException {
        return Bytes.of(state.bytes(name, 0, BYTES_MAX));
    }

    private static ByteBuffer allocate(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** In whole elements of so many bytes. */
    private static ByteBuffer elements(State state, String name, int size) throws StateException {
        ByteBuffer bytes = ByteBuffer.wrap(state.bytes(name, 0, BYTES_MAX)).order(ByteOrder.LITTLE_ENDIAN);
        if (bytes.remaining() % size != 0) {
            throw new StateException(name + " has " + bytes.remaining() + " bytes, not a multiple of " + size);
        }
        return bytes;
    }

    private static byte[] cpuidBytes(List<CpuidEntry> entries) {
        ByteBuffer bytes = allocate(entries.size() * CPUID_BYTES);
        entries.forEach(entry -> bytes.putInt(entry.function()).putInt(entry.index()).putInt(entry.flags()).putInt(entry.eax())
                .putInt(entry.ebx()).putInt(entry.ecx()).putInt(entry.edx()));
        return bytes.array();
    }

    private static List<CpuidEntry> cpuid(State state) throws StateException {
        ByteBuffer bytes = elements(state, "cpuid", CPUID_BYTES);
        List<CpuidEntry> entries = new ArrayList<>();
        while (bytes.hasRemaining()) {
            entries.add(new CpuidEntry(bytes.getInt(), bytes.getInt(), bytes.getInt(), bytes.getInt(), bytes.getInt(), bytes.getInt(),
                    bytes.getInt()));
        }
        return entries;
    }

    private static byte[] msrBytes(List<MsrEntry> msrs) {
        ByteBuffer bytes = allocate(msrs.size() * MSR_BYTES);
        msrs.forEach(msr -> bytes.putInt(msr.index()).putLong(msr.data()));
        return bytes.array();
    }

    private static List<MsrEntry> msrs(State state) throws StateException {
        ByteBuffer bytes = elements(state, "msrs", MSR_BYTES);
        List<MsrEntry> msrs = new ArrayList<>();
        while (bytes.hasRemaining()) {
            msrs.add(new MsrEntry(bytes.getInt(), bytes.getLong()));
        }
        return msrs;
    }

    private static byte[] numberBytes(List<Integer> numbers) {
        ByteBuffer bytes = allocate(numbers.size() * Integer.BYTES);
        numbers.forEach(bytes::putInt);
        return bytes.array();
    }

    private static List<Integer> numbers(State state) throws StateException {
        ByteBuffer bytes = elements(state, "msrsLeftOut", Integer.BYTES);
        List<Integer> numbers = new ArrayList<>();
        while (bytes.hasRemaining()) {
            numbers.add(bytes.getInt());
        }
        return numbers;
    }
}
