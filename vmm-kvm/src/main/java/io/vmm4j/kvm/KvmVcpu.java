package io.vmm4j.kvm;

import io.vmm4j.kvm.abi.CpuidEntry;
import io.vmm4j.kvm.abi.KvmDebugregs;
import io.vmm4j.kvm.abi.KvmFpu;
import io.vmm4j.kvm.abi.KvmMpState;
import io.vmm4j.kvm.abi.KvmRegs;
import io.vmm4j.kvm.abi.KvmRequests;
import io.vmm4j.kvm.abi.KvmRun;
import io.vmm4j.kvm.abi.KvmSregs;
import io.vmm4j.kvm.abi.KvmVcpuEvents;
import io.vmm4j.kvm.abi.KvmXcrs;
import io.vmm4j.kvm.abi.KvmXsave;
import io.vmm4j.kvm.abi.LapicState;
import io.vmm4j.kvm.abi.MsrEntry;
import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.LibC;
import io.vmm4j.kvm.libc.NativeStruct;
import java.util.List;

/**
 * One virtual CPU. Confined to the thread that runs it, but for {@link #requestExit}: the kernel makes other calls wait
 * for as long as the guest runs. Registers are whole after an exit only once a pending access was completed, which the
 * next {@link #run} does first, even with an exit already requested.
 */
public final class KvmVcpu implements AutoCloseable {
    private final Kvm kvm;
    private final int id;
    private final Fd fd;
    private final RunArea area;
    /** As it was set last. */
    private List<CpuidEntry> cpuid = List.of();
    /** Null until a state is saved. */
    private MsrSelection msrSelection;
    private boolean hasRun;
    /** The guest's last access is answered, and KVM has yet to take the answer. */
    private boolean isAccessPending;

    private KvmVcpu(Kvm kvm, int id, Fd fd, RunArea area) {
        this.kvm = kvm;
        this.id = id;
        this.fd = fd;
        this.area = area;
    }

    static KvmVcpu create(Kvm kvm, int id, Fd fd, int mmapSize, CoalescedRing coalesced) throws KvmException {
        try {
            return new KvmVcpu(kvm, id, fd, RunArea.map(fd, mmapSize, coalesced));
        } catch (KvmException e) {
            fd.close();
            throw e;
        }
    }

    /** The number it was created with. */
    public int id() {
        return id;
    }

    /**
     * KVM_RUN, once. Port and device accesses of the guest are served by {@code handler} before this returns, without
     * allocation.
     *
     * @throws KvmException when KVM cannot run the guest for a reason other than a signal
     */
    public VcpuExit run(VcpuExitHandler handler) throws KvmException {
        hasRun = true;
        if (LibC.ioctl(fd.value(), KvmRequests.KVM_RUN, 0) < 0) {
            isAccessPending = false;
            return area.failed(LibC.errno(), handler);
        }
        VcpuExit exit = area.exit(handler);
        isAccessPending = switch (exit) {
            case HANDLED, HYPERCALL, RDMSR, WRMSR -> true;
            default -> false;
        };
        return exit;
    }

    /**
     * Has KVM take the answer to the guest's last access, without running the guest: before {@link #saveState} and {@link
     * #restoreState}, by the thread that runs the vCPU, which otherwise is its next {@link #run}'s work. Clears a requested exit.
     *
     * @throws KvmException when KVM cannot
     */
    public void finishAccess(VcpuExitHandler handler) throws KvmException {
        while (isAccessPending) {
            setImmediateExit(true);
            run(handler); // one instruction may make several accesses
        }
    }

    /**
     * All that the vCPU is. Its last access is finished, {@link #finishAccess}, and no vCPU of the machine runs meanwhile.
     * Changes nothing that a guest could see.
     *
     * @throws IllegalStateException when an access is yet to be finished
     */
    public VcpuState saveState() throws KvmException {
        requireNoAccess();
        if (msrSelection == null) {
            msrSelection = MsrSelection.of(kvm.msrIndexList(), cpuid);
        }
        return new VcpuStateCalls(kvm, fd, 0).save(cpuid, msrSelection);
    }

    /**
     * Makes the vCPU what {@code state} says: one that has not run, or one that has, and whose last access is finished. After the
     * machine's memory, into which KVM writes what the guest has asked it to, its interrupt controllers and its clock; the vCPU with id 0 first, by which
     * the others' time-stamp counters go.
     * Ends with KVM_KVMCLOCK_CTRL: the guest was away. When it fails, the vCPU is good for nothing but another restore.
     *
     * @throws MsrRefusedException naming the first register that this KVM does not have, or not with that value
     * @throws KvmException naming what else the host lacks; {@link VcpuState#lackedBy} tells most of it before
     * @throws IllegalStateException when an access is yet to be finished
     */
    public void restoreState(VcpuState state) throws KvmException {
        requireNoAccess();
        // KVM takes it from a vCPU that has run only when it is the same.
        if (!state.cpuid().equals(cpuid)) {
            setCpuid(state.cpuid());
        }
        new VcpuStateCalls(kvm, fd, state.xsave().size()).restore(state, hasRun, id == 0);
    }

    private void requireNoAccess() {
        if (isAccessPending) {
            throw new IllegalStateException("vCPU " + id + " has an access of its guest to finish");
        }
    }

    /**
     * Makes the present or next {@link #run} come back with {@link VcpuExit#INTERRUPTED} before it enters the guest. Any
     * thread. A vCPU inside the guest notices only when a signal comes too: call this, then kick its thread.
     */
    public void requestExit() {
        setImmediateExit(true);
    }

    /** Sets or clears {@code kvm_run.immediate_exit}. {@link #run} clears it when it comes back interrupted. */
    public void setImmediateExit(boolean on) {
        area.setImmediateExit(on);
    }

    /** Delivers the writes queued by {@link KvmVm#registerCoalescedPio} and its like; returns how many there were. */
    public int drainCoalesced(VcpuExitHandler handler) {
        return area.drainCoalesced(handler);
    }

    /** KVM_GET_REGS. */
    public KvmRegs getRegs() throws KvmException {
        return KvmRegs.readFrom(Ioctls.get(fd, "KVM_GET_REGS", KvmRequests.KVM_GET_REGS, KvmRegs.SIZE).bytes());
    }

    /** KVM_SET_REGS. */
    public void setRegs(KvmRegs regs) throws KvmException {
        NativeStruct struct = NativeStruct.allocate(KvmRegs.SIZE);
        regs.writeTo(struct.bytes());
        Ioctls.call(fd, "KVM_SET_REGS", KvmRequests.KVM_SET_REGS, struct);
    }

    /** KVM_GET_SREGS. */
    public KvmSregs getSregs() throws KvmException {
        return KvmSregs.readFrom(Ioctls.get(fd, "KVM_GET_SREGS", KvmRequests.KVM_GET_SREGS, KvmSregs.SIZE).bytes());
    }

    /** KVM_SET_SREGS. */
    public void setSregs(KvmSregs sregs) throws KvmException {
        NativeStruct struct = NativeStruct.allocate(KvmSregs.SIZE);
        sregs.writeTo(struct.bytes());
        Ioctls.call(fd, "KVM_SET_SREGS", KvmRequests.KVM_SET_SREGS, struct);
    }

    /** KVM_GET_FPU. */
    public KvmFpu getFpu() throws KvmException {
        return KvmFpu.readFrom(Ioctls.get(fd, "KVM_GET_FPU", KvmRequests.KVM_GET_FPU, KvmFpu.SIZE).bytes());
    }

    /** KVM_SET_FPU. */
    public void setFpu(KvmFpu fpu) throws KvmException {
        NativeStruct struct = NativeStruct.allocate(KvmFpu.SIZE);
        fpu.writeTo(struct.bytes());
        Ioctls.call(fd, "KVM_SET_FPU", KvmRequests.KVM_SET_FPU, struct);
    }

    /** KVM_SET_CPUID2: all that CPUID answers in the guest. Before the first run, and before MSRs are read. */
    public void setCpuid(List<CpuidEntry> entries) throws KvmException {
        CpuidCalls.set(fd, entries);
        cpuid = List.copyOf(entries);
        msrSelection = null;
    }

    /**
     * KVM_GET_CPUID2: what CPUID answers in the guest now.
     *
     * @param capacity how many entries to make room for; E2BIG when there are more
     */
    public List<CpuidEntry> getCpuid(int capacity) throws KvmException {
        return CpuidCalls.get(fd, "KVM_GET_CPUID2", KvmRequests.KVM_GET_CPUID2, capacity);
    }

    /**
     * KVM_GET_MSRS, in the order asked for.
     *
     * @throws MsrRefusedException naming the first that KVM does not have
     */
    public List<MsrEntry> getMsrs(int... indices) throws KvmException {
        return new MsrCalls(fd, indices.length).get(indices);
    }

    /**
     * KVM_SET_MSRS, in the order given.
     *
     * @throws MsrRefusedException naming the first that KVM does not have or not with that value
     */
    public void setMsrs(List<MsrEntry> entries) throws KvmException {
        new MsrCalls(fd, entries.size()).set(entries);
    }

    /** KVM_GET_LAPIC. Needs the interrupt controller in KVM. */
    public LapicState getLapic() throws KvmException {
        return LapicState.readFrom(Ioctls.get(fd, "KVM_GET_LAPIC", KvmRequests.KVM_GET_LAPIC, LapicState.SIZE).bytes());
    }

    /** KVM_SET_LAPIC. Needs the interrupt controller in KVM. */
    public void setLapic(LapicState state) throws KvmException {
        NativeStruct struct = NativeStruct.allocate(LapicState.SIZE);
        state.writeTo(struct.bytes());
        Ioctls.call(fd, "KVM_SET_LAPIC", KvmRequests.KVM_SET_LAPIC, struct);
    }

    /** KVM_GET_MP_STATE: a {@link KvmMpState} constant. */
    public int getMpState() throws KvmException {
        return Ioctls.get(fd, "KVM_GET_MP_STATE", KvmRequests.KVM_GET_MP_STATE, KvmMpState.SIZE).bytes()
                .getInt(KvmMpState.MP_STATE);
    }

    /** KVM_SET_MP_STATE to a {@link KvmMpState} constant. */
    public void setMpState(int state) throws KvmException {
        NativeStruct struct = NativeStruct.allocate(KvmMpState.SIZE);
        struct.bytes().putInt(KvmMpState.MP_STATE, state);
        Ioctls.call(fd, "KVM_SET_MP_STATE", KvmRequests.KVM_SET_MP_STATE, struct);
    }

    /** KVM_GET_VCPU_EVENTS: bytes laid out as {@link KvmVcpuEvents}. */
    public byte[] getVcpuEvents() throws KvmException {
        return Ioctls.getBytes(fd, "KVM_GET_VCPU_EVENTS", KvmRequests.KVM_GET_VCPU_EVENTS, KvmVcpuEvents.SIZE);
    }

    /** KVM_SET_VCPU_EVENTS: bytes laid out as {@link KvmVcpuEvents}. */
    public void setVcpuEvents(byte[] events) throws KvmException {
        Ioctls.setBytes(fd, "KVM_SET_VCPU_EVENTS", KvmRequests.KVM_SET_VCPU_EVENTS, KvmVcpuEvents.SIZE, events);
    }

    /** KVM_GET_DEBUGREGS: bytes laid out as {@link KvmDebugregs}. */
    public byte[] getDebugregs() throws KvmException {
        return Ioctls.getBytes(fd, "KVM_GET_DEBUGREGS", KvmRequests.KVM_GET_DEBUGREGS, KvmDebugregs.SIZE);
    }

    /** KVM_SET_DEBUGREGS: bytes laid out as {@link KvmDebugregs}. */
    public void setDebugregs(byte[] debugregs) throws KvmException {
        Ioctls.setBytes(fd, "KVM_SET_DEBUGREGS", KvmRequests.KVM_SET_DEBUGREGS, KvmDebugregs.SIZE, debugregs);
    }

    /** KVM_GET_XCRS: bytes laid out as {@link KvmXcrs}. */
    public byte[] getXcrs() throws KvmException {
        return Ioctls.getBytes(fd, "KVM_GET_XCRS", KvmRequests.KVM_GET_XCRS, KvmXcrs.SIZE);
    }

    /** KVM_SET_XCRS: bytes laid out as {@link KvmXcrs}. */
    public void setXcrs(byte[] xcrs) throws KvmException {
        Ioctls.setBytes(fd, "KVM_SET_XCRS", KvmRequests.KVM_SET_XCRS, KvmXcrs.SIZE, xcrs);
    }

    /** KVM_GET_XSAVE: bytes laid out as {@link KvmXsave}. */
    public byte[] getXsave() throws KvmException {
        return Ioctls.getBytes(fd, "KVM_GET_XSAVE", KvmRequests.KVM_GET_XSAVE, KvmXsave.SIZE);
    }

    /** KVM_SET_XSAVE: bytes laid out as {@link KvmXsave}. */
    public void setXsave(byte[] xsave) throws KvmException {
        Ioctls.setBytes(fd, "KVM_SET_XSAVE", KvmRequests.KVM_SET_XSAVE, KvmXsave.SIZE, xsave);
    }

    /** KVM_GET_TSC_KHZ: the guest's TSC frequency in kHz. */
    public int getTscKhz() throws KvmException {
        return Ioctls.call(fd, "KVM_GET_TSC_KHZ", KvmRequests.KVM_GET_TSC_KHZ, 0);
    }

    /**
     * Has the guest's TSC run as that of another vCPU of its machine, which may have come from another host.
     *
     * @param khz as {@link VcpuState#tscKhz} has it
     * @throws KvmException when the host cannot scale it
     */
    public void adoptTscKhz(int khz) throws KvmException {
        new VcpuStateCalls(kvm, fd, 0).setTscKhz(khz);
    }

    /** KVM_SET_TSC_KHZ. A frequency other than the host's needs KVM_CAP_TSC_CONTROL. */
    public void setTscKhz(int khz) throws KvmException {
        Ioctls.call(fd, "KVM_SET_TSC_KHZ", KvmRequests.KVM_SET_TSC_KHZ, khz);
    }

    /**
     * KVM_KVMCLOCK_CTRL: tells the guest that it was paused, so that its watchdogs stay quiet. Fails with EINVAL when the
     * guest does not use kvmclock, which is no error to report.
     */
    public void kvmclockCtrl() throws KvmException {
        Ioctls.call(fd, "KVM_KVMCLOCK_CTRL", KvmRequests.KVM_KVMCLOCK_CTRL, 0);
    }

    /** KVM_NMI: a non-maskable interrupt. */
    public void nmi() throws KvmException {
        Ioctls.call(fd, "KVM_NMI", KvmRequests.KVM_NMI, 0);
    }

    /** KVM_ENABLE_CAP on the vCPU, with up to four arguments. */
    public void enableCap(int cap, long... args) throws KvmException {
        Ioctls.call(fd, "KVM_ENABLE_CAP", KvmRequests.KVM_ENABLE_CAP, KvmVm.enableCapStruct(cap, args));
    }

    /** KVM's own number of the last exit's reason, {@link io.vmm4j.kvm.abi.KvmExitReason}. */
    public int exitReason() {
        return area.bytes().getInt(KvmRun.EXIT_REASON);
    }

    /** After {@link VcpuExit#SYSTEM_EVENT}: a KVM_SYSTEM_EVENT constant of {@link KvmRun}. */
    public int systemEventType() {
        return area.bytes().getInt(KvmRun.SYSTEM_EVENT_TYPE);
    }

    /** After {@link VcpuExit#FAIL_ENTRY}: the hardware's own reason. */
    public long failEntryReason() {
        return area.bytes().getLong(KvmRun.FAIL_ENTRY_HARDWARE_ENTRY_FAILURE_REASON);
    }

    /** After {@link VcpuExit#FAIL_ENTRY}: the host CPU it happened on. */
    public int failEntryCpu() {
        return area.bytes().getInt(KvmRun.FAIL_ENTRY_CPU);
    }

    /** After {@link VcpuExit#INTERNAL_ERROR}: a KVM_INTERNAL_ERROR constant of {@link KvmRun}. */
    public int internalErrorSuberror() {
        return area.bytes().getInt(KvmRun.INTERNAL_SUBERROR);
    }

    /** After {@link VcpuExit#INTERNAL_ERROR}: what KVM adds, by suberror; for a failed emulation, flags and instruction. */
    public long[] internalErrorData() {
        int count = Math.min(area.bytes().getInt(KvmRun.INTERNAL_NDATA), KvmRun.INTERNAL_DATA_COUNT);
        long[] data = new long[Math.max(0, count)];
        for (int i = 0; i < data.length; i++) {
            data[i] = area.bytes().getLong(KvmRun.INTERNAL_DATA + i * Long.BYTES);
        }
        return data;
    }

    /** After {@link VcpuExit#HYPERCALL}: the call's number. */
    public long hypercallNumber() {
        return area.bytes().getLong(KvmRun.HYPERCALL_NR);
    }

    /** After {@link VcpuExit#HYPERCALL}: argument {@code index}, 0 to 5. */
    public long hypercallArgument(int index) {
        return area.bytes().getLong(KvmRun.HYPERCALL_ARGS + index * Long.BYTES);
    }

    /** After {@link VcpuExit#HYPERCALL}: the answer that the guest gets on the next run. */
    public void completeHypercall(long result) {
        area.bytes().putLong(KvmRun.HYPERCALL_RET, result);
    }

    /** After {@link VcpuExit#RDMSR} or {@link VcpuExit#WRMSR}: the register's number. */
    public int msrIndex() {
        return area.bytes().getInt(KvmRun.MSR_INDEX);
    }

    /** After {@link VcpuExit#WRMSR}: the value. */
    public long msrData() {
        return area.bytes().getLong(KvmRun.MSR_DATA);
    }

    /**
     * After {@link VcpuExit#RDMSR} or {@link VcpuExit#WRMSR}: what the next run does.
     *
     * @param data the value read; no matter for a write
     * @param fault the guest gets a general protection fault instead
     */
    public void completeMsr(long data, boolean fault) {
        area.bytes().putLong(KvmRun.MSR_DATA, data).put(KvmRun.MSR_ERROR, (byte) (fault ? 1 : 0));
    }

    /** After {@link VcpuExit#IOAPIC_EOI}: the interrupt vector. */
    public int eoiVector() {
        return Byte.toUnsignedInt(area.bytes().get(KvmRun.EOI_VECTOR));
    }

    /** After {@link VcpuExit#MEMORY_FAULT}: the guest-physical address. */
    public long memoryFaultGpa() {
        return area.bytes().getLong(KvmRun.MEMORY_FAULT_GPA);
    }

    @Override
    public void close() {
        area.close();
        fd.close();
    }
}
