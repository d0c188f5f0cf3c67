package io.vmm4j.kvm;

import io.vmm4j.kvm.abi.KvmCoalescedMmioRing;
import io.vmm4j.kvm.abi.KvmExitReason;
import io.vmm4j.kvm.abi.KvmRun;
import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.Mapping;
import io.vmm4j.kvm.libc.Sysconf;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The {@code kvm_run} area of one vCPU, and what an exit means. Layout in {@link KvmRun}. Confined to the vCPU's thread,
 * but for the immediate-exit flag, which any thread may set.
 */
final class RunArea implements AutoCloseable {
    private static final int RING_OFFSET = KvmCoalescedMmioRing.KVM_COALESCED_MMIO_PAGE_OFFSET * Sysconf.pageSize();

    private final Mapping mapping;
    private final CoalescedRing coalesced;
    private ByteBuffer run;
    private ByteBuffer ring;
    /** Guarded by this: a request to exit may come while another thread closes the vCPU. */
    private boolean closed;

    private RunArea(Mapping mapping, CoalescedRing coalesced) {
        this.mapping = mapping;
        this.run = mapping.buffer(0, mapping.length());
        // A kernel without the ring maps fewer pages; registering a zone fails there, so that the ring is never drained.
        this.ring = mapping.length() > RING_OFFSET
                ? mapping.buffer(RING_OFFSET, mapping.length() - RING_OFFSET) : zeros(Sysconf.pageSize());
        this.coalesced = coalesced;
    }

    static RunArea map(Fd vcpu, int size, CoalescedRing coalesced) throws KvmException {
        try {
            return new RunArea(Mapping.shared(vcpu.value(), size), coalesced);
        } catch (LinuxException e) {
            throw new KvmException("mmap(kvm_run)", e.errno());
        }
    }

    /** The bytes, laid out as {@link KvmRun}. */
    ByteBuffer bytes() {
        return run;
    }

    private static ByteBuffer zeros(long size) {
        return ByteBuffer.allocateDirect((int) size).order(ByteOrder.LITTLE_ENDIAN);
    }

    synchronized void setImmediateExit(boolean on) {
        if (closed) {
            return;
        }
        run.put(KvmRun.IMMEDIATE_EXIT, (byte) (on ? 1 : 0));
        // The flag must be in memory before the caller goes on to look at, or to signal, what made it set the flag.
        VarHandle.fullFence();
    }

    int drainCoalesced(VcpuExitHandler handler) {
        return coalesced.drain(ring, handler);
    }

    /** KVM_RUN returned 0. */
    VcpuExit exit(VcpuExitHandler handler) {
        if (coalesced.isEnabled()) {
            // Queued writes came before this exit.
            coalesced.drain(ring, handler);
        }
        return switch (run.getInt(KvmRun.EXIT_REASON)) {
            case KvmExitReason.KVM_EXIT_IO -> io(handler);
            case KvmExitReason.KVM_EXIT_MMIO -> mmio(handler);
            default -> other();
        };
    }

    private VcpuExit io(VcpuExitHandler handler) {
        int width = run.get(KvmRun.IO_SIZE);
        int port = Short.toUnsignedInt(run.getShort(KvmRun.IO_PORT));
        int count = run.getInt(KvmRun.IO_COUNT);
        int offset = (int) run.getLong(KvmRun.IO_DATA_OFFSET);
        boolean out = run.get(KvmRun.IO_DIRECTION) == KvmRun.KVM_EXIT_IO_OUT;
        for (int i = 0; i < count; i++, offset += width) {
            if (out) {
                handler.ioOut(port, width, Elements.get(run, offset, width));
            } else {
                Elements.put(run, offset, width, handler.ioIn(port, width));
            }
        }
        return VcpuExit.HANDLED;
    }

    private VcpuExit mmio(VcpuExitHandler handler) {
        long gpa = run.getLong(KvmRun.MMIO_PHYS_ADDR);
        int length = run.getInt(KvmRun.MMIO_LEN);
        if (run.get(KvmRun.MMIO_IS_WRITE) != 0) {
            Elements.mmioWrite(run, KvmRun.MMIO_DATA, gpa, length, handler);
        } else {
            Elements.mmioRead(run, KvmRun.MMIO_DATA, gpa, length, handler);
        }
        return VcpuExit.HANDLED;
    }

    private VcpuExit other() {
        return switch (run.getInt(KvmRun.EXIT_REASON)) {
            case KvmExitReason.KVM_EXIT_HLT -> VcpuExit.HLT;
            case KvmExitReason.KVM_EXIT_INTR -> VcpuExit.INTERRUPTED;
            case KvmExitReason.KVM_EXIT_SHUTDOWN -> VcpuExit.SHUTDOWN;
            case KvmExitReason.KVM_EXIT_SYSTEM_EVENT -> VcpuExit.SYSTEM_EVENT;
            case KvmExitReason.KVM_EXIT_FAIL_ENTRY -> VcpuExit.FAIL_ENTRY;
            case KvmExitReason.KVM_EXIT_INTERNAL_ERROR -> VcpuExit.INTERNAL_ERROR;
            case KvmExitReason.KVM_EXIT_IRQ_WINDOW_OPEN -> VcpuExit.IRQ_WINDOW_OPEN;
            case KvmExitReason.KVM_EXIT_DEBUG -> VcpuExit.DEBUG;
            case KvmExitReason.KVM_EXIT_HYPERCALL -> VcpuExit.HYPERCALL;
            case KvmExitReason.KVM_EXIT_X86_RDMSR -> VcpuExit.RDMSR;
            case KvmExitReason.KVM_EXIT_X86_WRMSR -> VcpuExit.WRMSR;
            case KvmExitReason.KVM_EXIT_IOAPIC_EOI -> VcpuExit.IOAPIC_EOI;
            case KvmExitReason.KVM_EXIT_SET_TPR -> VcpuExit.SET_TPR;
            case KvmExitReason.KVM_EXIT_TPR_ACCESS -> VcpuExit.TPR_ACCESS;
            case KvmExitReason.KVM_EXIT_X86_BUS_LOCK -> VcpuExit.BUS_LOCK;
            case KvmExitReason.KVM_EXIT_NOTIFY -> VcpuExit.NOTIFY;
            case KvmExitReason.KVM_EXIT_DIRTY_RING_FULL -> VcpuExit.DIRTY_RING_FULL;
            case KvmExitReason.KVM_EXIT_MEMORY_FAULT -> VcpuExit.MEMORY_FAULT;
            default -> VcpuExit.UNKNOWN;
        };
    }

    /** KVM_RUN returned -1. */
    VcpuExit failed(int errno, VcpuExitHandler handler) throws KvmException {
        if (coalesced.isEnabled()) {
            coalesced.drain(ring, handler);
        }
        return switch (errno) {
            case Errno.EINTR -> {
                setImmediateExit(false);
                yield VcpuExit.INTERRUPTED;
            }
            // A vCPU that waited to be started, and was: the next KVM_RUN enters the guest.
            case Errno.EAGAIN -> VcpuExit.HANDLED;
            case Errno.EFAULT, Errno.EHWPOISON -> {
                if (run.getInt(KvmRun.EXIT_REASON) != KvmExitReason.KVM_EXIT_MEMORY_FAULT) {
                    throw new KvmException("ioctl(KVM_RUN)", errno, "host memory behind the guest's could not be used");
                }
                yield VcpuExit.MEMORY_FAULT;
            }
            default -> throw new KvmException("ioctl(KVM_RUN)", errno);
        };
    }

    /** Afterwards there is an area of zeros, since a look at one that is unmapped would end the process. */
    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            run = zeros(run.capacity());
            ring = zeros(ring.capacity());
            mapping.close();
        }
    }
}
