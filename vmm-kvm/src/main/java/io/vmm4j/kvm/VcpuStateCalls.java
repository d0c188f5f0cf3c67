package io.vmm4j.kvm;

import io.vmm4j.kvm.abi.CpuidEntry;
import io.vmm4j.kvm.abi.KvmCap;
import io.vmm4j.kvm.abi.KvmDebugregs;
import io.vmm4j.kvm.abi.KvmMpState;
import io.vmm4j.kvm.abi.KvmRegs;
import io.vmm4j.kvm.abi.KvmRequests;
import io.vmm4j.kvm.abi.KvmSregs;
import io.vmm4j.kvm.abi.KvmSregs2;
import io.vmm4j.kvm.abi.KvmVcpuEvents;
import io.vmm4j.kvm.abi.KvmXcrs;
import io.vmm4j.kvm.abi.KvmXsave;
import io.vmm4j.kvm.abi.LapicState;
import io.vmm4j.kvm.abi.MsrEntry;
import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.LibC;
import io.vmm4j.kvm.libc.NativeStruct;
import java.util.List;

/**
 * The calls that a {@link VcpuState} is read and written by, about a dozen each way, in an order that KVM asks for in part
 * only where it is documented. As confined as the vCPU is.
 */
final class VcpuStateCalls {
    /** A frequency that differs by no more than this many parts in a million is taken as the same, as KVM itself does. */
    static final int TSC_TOLERANCE_PPM = 250;

    private static final long MILLION = 1_000_000;

    private final Kvm kvm;
    private final Fd fd;
    private final NativeStruct scratch;

    VcpuStateCalls(Kvm kvm, Fd fd, int xsaveSize) throws KvmException {
        this.kvm = kvm;
        this.fd = fd;
        this.scratch = NativeStruct.allocate(Math.max(xsaveSize, xsaveSize(kvm)));
    }

    /** Bytes of an XSAVE area on this host. */
    static int xsaveSize(Kvm kvm) throws KvmException {
        return Math.max(KvmXsave.SIZE, kvm.checkExtension(KvmCap.KVM_CAP_XSAVE2));
    }

    VcpuState save(List<CpuidEntry> cpuid, MsrSelection selection) throws KvmException {
        // First, since KVM takes note of an INIT or SIPI that waits; events last, since other calls may change them.
        Ioctls.call(fd, "KVM_GET_MP_STATE", KvmRequests.KVM_GET_MP_STATE, scratch);
        int mpState = scratch.bytes().getInt(KvmMpState.MP_STATE);
        Bytes regs = bytes("KVM_GET_REGS", KvmRequests.KVM_GET_REGS, KvmRegs.SIZE);
        Bytes sregs = kvm.checkExtension(KvmCap.KVM_CAP_SREGS2) != 0
                ? bytes("KVM_GET_SREGS2", KvmRequests.KVM_GET_SREGS2, KvmSregs2.SIZE)
                : bytes("KVM_GET_SREGS", KvmRequests.KVM_GET_SREGS, KvmSregs.SIZE);
        Bytes xsave = kvm.checkExtension(KvmCap.KVM_CAP_XSAVE2) != 0
                ? bytes("KVM_GET_XSAVE2", KvmRequests.KVM_GET_XSAVE2, xsaveSize(kvm))
                : bytes("KVM_GET_XSAVE", KvmRequests.KVM_GET_XSAVE, KvmXsave.SIZE);
        Bytes xcrs = kvm.checkExtension(KvmCap.KVM_CAP_XCRS) != 0
                ? bytes("KVM_GET_XCRS", KvmRequests.KVM_GET_XCRS, KvmXcrs.SIZE) : Bytes.NONE;
        Bytes debugregs = bytes("KVM_GET_DEBUGREGS", KvmRequests.KVM_GET_DEBUGREGS, KvmDebugregs.SIZE);
        Bytes lapic = lapic();
        int tscKhz = tscKhz();
        List<MsrEntry> msrs = selection.read(new MsrCalls(fd, selection.size()));
        Bytes events = bytes("KVM_GET_VCPU_EVENTS", KvmRequests.KVM_GET_VCPU_EVENTS, KvmVcpuEvents.SIZE);
        return new VcpuState(cpuid, CpuidFeatures.missing(cpuid, kvm.supportedCpuid()), msrs, selection.leftOut(), regs, sregs, xsave, xcrs,
                debugregs, lapic, events, mpState, tscKhz, NestedState.read(kvm, fd));
    }

    private Bytes bytes(String name, long request, int size) throws KvmException {
        Ioctls.call(fd, name, request, scratch);
        return Bytes.readFrom(scratch.bytes(), 0, size);
    }

    /** None where no interrupt controller is KVM's. */
    private Bytes lapic() throws KvmException {
        if (LibC.ioctl(fd.value(), KvmRequests.KVM_GET_LAPIC, scratch) >= 0) {
            return Bytes.readFrom(scratch.bytes(), 0, LapicState.SIZE);
        }
        if (LibC.errno() != Errno.EINVAL) {
            throw new KvmException("ioctl(KVM_GET_LAPIC)", LibC.errno());
        }
        return Bytes.NONE;
    }

    private int tscKhz() throws KvmException {
        int result = LibC.ioctl(fd.value(), KvmRequests.KVM_GET_TSC_KHZ, 0);
        // An unstable time-stamp counter has no frequency to speak of.
        if (result < 0 && LibC.errno() != Errno.EIO) {
            throw new KvmException("ioctl(KVM_GET_TSC_KHZ)", LibC.errno());
        }
        return Math.max(0, result);
    }

    /**
     * All but CPUID, which comes first.
     *
     * @param hasRun a timer may be on its way to a vCPU that is reset in place
     * @param isFirst of the machine's vCPUs
     */
    void restore(VcpuState state, boolean hasRun, boolean isFirst) throws KvmException {
        setTscKhz(state.tscKhz());
        if (hasRun) {
            NestedState.leave(kvm, fd);
        }
        // The mode of the local APIC is in the special registers, and decides how its registers are read.
        if (state.sregs().size() == KvmSregs2.SIZE && kvm.checkExtension(KvmCap.KVM_CAP_SREGS2) != 0) {
            set("KVM_SET_SREGS2", KvmRequests.KVM_SET_SREGS2, state.sregs());
        } else {
            setSregs(state.sregs());
        }
        if (!state.nested().isEmpty()) {
            MsrSelection.allowVmx(fd, state.msrs());
            NestedState.write(kvm, fd, state.nested());
        }
        set("KVM_SET_REGS", KvmRequests.KVM_SET_REGS, state.regs());
        if (!state.xcrs().isEmpty()) {
            set("KVM_SET_XCRS", KvmRequests.KVM_SET_XCRS, state.xcrs());
        }
        setXsave(state.xsave());
        set("KVM_SET_DEBUGREGS", KvmRequests.KVM_SET_DEBUGREGS, state.debugregs());
        MsrCalls msrs = new MsrCalls(fd, state.msrs().size());
        if (!state.lapic().isEmpty()) {
            if (hasRun) {
                MsrSelection.stopTimer(fd);
            }
            set("KVM_SET_LAPIC", KvmRequests.KVM_SET_LAPIC, state.lapic());
        }
        if (isFirst) {
            MsrSelection.forgetTsc(fd, state.msrs());
        }
        // The deadline is last of all, in a timer that runs in that mode already, by a counter that is set already.
        msrs.setUnlessSet(MsrSelection.inOrder(state.msrs()));
        // After the registers, which drop what is pending.
        set("KVM_SET_VCPU_EVENTS", KvmRequests.KVM_SET_VCPU_EVENTS, state.events());
        scratch.bytes().putInt(KvmMpState.MP_STATE, state.mpState());
        Ioctls.call(fd, "KVM_SET_MP_STATE", KvmRequests.KVM_SET_MP_STATE, scratch);
        excuseAbsence();
    }

    private void set(String name, long request, Bytes bytes) throws KvmException {
        bytes.writeTo(scratch.bytes(), 0);
        Ioctls.call(fd, name, request, scratch);
    }

    /** From a KVM that tells more to one that takes less: an interrupt on its way is among the events as well. */
    private void setSregs(Bytes sregs) throws KvmException {
        sregs.writeTo(scratch.bytes(), 0);
        if (sregs.size() == KvmSregs2.SIZE) {
            for (int at = KvmSregs.INTERRUPT_BITMAP; at < KvmSregs.SIZE; at += Long.BYTES) {
                scratch.bytes().putLong(at, 0);
            }
        }
        Ioctls.call(fd, "KVM_SET_SREGS", KvmRequests.KVM_SET_SREGS, scratch);
    }

    private void setXsave(Bytes xsave) throws KvmException {
        int area = xsaveSize(kvm);
        if (xsave.size() > area) {
            throw new KvmException("ioctl(KVM_SET_XSAVE)", Errno.EINVAL, "the vCPU needs an XSAVE area of " + xsave.size()
                    + " bytes, this host has " + area);
        }
        for (int at = xsave.size(); at < area; at++) {
            scratch.bytes().put(at, (byte) 0);
        }
        set("KVM_SET_XSAVE", KvmRequests.KVM_SET_XSAVE, xsave);
    }

    /** @throws KvmException when the guest's counter ran at another speed than the host's, and the host cannot scale it */
    void setTscKhz(int wanted) throws KvmException {
        int has = tscKhz();
        if (wanted == 0 || wanted == has) {
            return;
        }
        if (kvm.checkExtension(KvmCap.KVM_CAP_TSC_CONTROL) != 0) {
            Ioctls.call(fd, "KVM_SET_TSC_KHZ", KvmRequests.KVM_SET_TSC_KHZ, wanted);
        } else if (!isSameTsc(wanted, has)) {
            throw new KvmException("ioctl(KVM_SET_TSC_KHZ)", Errno.EINVAL, "the vCPU's time-stamp counter runs at " + wanted
                    + " kHz, this host's at " + has + " kHz, and this host cannot scale it");
        }
    }

    static boolean isSameTsc(int wantedKhz, int hasKhz) {
        return Math.abs((long) wantedKhz - hasKhz) * MILLION <= (long) hasKhz * TSC_TOLERANCE_PPM;
    }

    /** Has the guest's watchdogs overlook the time that has gone by. */
    private void excuseAbsence() throws KvmException {
        if (LibC.ioctl(fd.value(), KvmRequests.KVM_KVMCLOCK_CTRL, 0) < 0 && LibC.errno() != Errno.EINVAL) {
            throw new KvmException("ioctl(KVM_KVMCLOCK_CTRL)", LibC.errno());
        }
    }
}
