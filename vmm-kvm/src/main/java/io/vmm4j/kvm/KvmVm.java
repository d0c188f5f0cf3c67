package io.vmm4j.kvm;

import io.vmm4j.kvm.abi.KvmCap;
import io.vmm4j.kvm.abi.KvmClockData;
import io.vmm4j.kvm.abi.KvmCoalescedMmioZone;
import io.vmm4j.kvm.abi.KvmEnableCap;
import io.vmm4j.kvm.abi.KvmIoeventfd;
import io.vmm4j.kvm.abi.KvmIrqLevel;
import io.vmm4j.kvm.abi.KvmIrqRouting;
import io.vmm4j.kvm.abi.KvmIrqfd;
import io.vmm4j.kvm.abi.KvmPitConfig;
import io.vmm4j.kvm.abi.KvmPmuEventFilter;
import io.vmm4j.kvm.abi.KvmRequests;
import io.vmm4j.kvm.abi.KvmUserspaceMemoryRegion;
import io.vmm4j.kvm.libc.EventFd;
import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.NativeStruct;
import java.util.List;

/**
 * A virtual machine: its memory slots, interrupt controllers and notifications. Thread-safe, but for {@link #close}: the
 * vCPUs are closed first, and guest memory is unmapped after.
 */
public final class KvmVm implements AutoCloseable {
    private final Kvm kvm;
    private final Fd fd;
    private final int vcpuMmapSize;
    private final NativeStruct irqLevel = NativeStruct.allocate(KvmIrqLevel.SIZE);
    private final CoalescedRing coalesced = new CoalescedRing();
    private volatile boolean hasManualDirtyLog;

    KvmVm(Kvm kvm, Fd fd, int vcpuMmapSize) {
        this.kvm = kvm;
        this.fd = fd;
        this.vcpuMmapSize = vcpuMmapSize;
    }

    /**
     * KVM_SET_USER_MEMORY_REGION: makes host memory the guest's, or changes or removes a slot.
     *
     * @param slot the slot's number
     * @param flags {@link KvmUserspaceMemoryRegion} KVM_MEM constants
     * @param gpa guest-physical address, page aligned
     * @param size in bytes, whole pages; 0 removes the slot
     * @param hostAddress what backs it, page aligned; stays mapped as long as the slot exists
     */
    public void setUserMemoryRegion(int slot, int flags, long gpa, long size, long hostAddress) throws KvmException {
        NativeStruct region = NativeStruct.allocate(KvmUserspaceMemoryRegion.SIZE);
        KvmUserspaceMemoryRegion.write(region.bytes(), slot, flags, gpa, size, hostAddress);
        Ioctls.call(fd, "KVM_SET_USER_MEMORY_REGION", KvmRequests.KVM_SET_USER_MEMORY_REGION, region);
    }

    /**
     * What notes the pages of a slot that the guest writes. The slot has the flag KVM_MEM_LOG_DIRTY_PAGES.
     *
     * @param size of the slot in bytes
     */
    public DirtyLog dirtyLog(int slot, long size) throws KvmException {
        return new DirtyLog(fd, slot, size, hasManualDirtyLog);
    }

    /**
     * Has every {@link DirtyLog} made from now on noted without protecting the pages again each time it is read: see there. Before
     * any slot with a dirty log.
     *
     * @return false when this KVM cannot (KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2)
     */
    public boolean enableManualDirtyLog() throws KvmException {
        int can = kvm.checkExtension(KvmCap.KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2) & DirtyLog.MANUAL_PROTECT_ENABLE;
        if (can != 0) {
            enableCap(KvmCap.KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2, can);
            hasManualDirtyLog = true;
        }
        return can != 0;
    }

    /** KVM_SET_TSS_ADDR: three pages below 4 GiB that Intel CPUs need, where the guest has nothing. */
    public void setTssAddress(long gpa) throws KvmException {
        Ioctls.call(fd, "KVM_SET_TSS_ADDR", KvmRequests.KVM_SET_TSS_ADDR, gpa);
    }

    /** KVM_SET_IDENTITY_MAP_ADDR: one more such page; before the first vCPU is made. */
    public void setIdentityMapAddress(long gpa) throws KvmException {
        NativeStruct address = NativeStruct.allocate(Long.BYTES);
        address.bytes().putLong(0, gpa);
        Ioctls.call(fd, "KVM_SET_IDENTITY_MAP_ADDR", KvmRequests.KVM_SET_IDENTITY_MAP_ADDR, address);
    }

    /** KVM_CREATE_IRQCHIP: both PICs and the I/O APIC, and a local APIC for each vCPU made from now on. */
    public void createIrqChip() throws KvmException {
        Ioctls.call(fd, "KVM_CREATE_IRQCHIP", KvmRequests.KVM_CREATE_IRQCHIP, 0);
    }

    /** KVM_CREATE_PIT2: the timer; after {@link #createIrqChip}. Flags as in {@link KvmPitConfig}. */
    public void createPit2(int flags) throws KvmException {
        NativeStruct config = NativeStruct.allocate(KvmPitConfig.SIZE);
        config.bytes().putInt(KvmPitConfig.FLAGS, flags);
        Ioctls.call(fd, "KVM_CREATE_PIT2", KvmRequests.KVM_CREATE_PIT2, config);
    }

    /** KVM_CREATE_VCPU. With an interrupt controller in KVM, {@code id} is also the APIC id. */
    public KvmVcpu createVcpu(int id) throws KvmException {
        Fd vcpu = Fd.of(Ioctls.call(fd, "KVM_CREATE_VCPU", KvmRequests.KVM_CREATE_VCPU, id));
        return KvmVcpu.create(kvm, id, vcpu, vcpuMmapSize, coalesced);
    }

    /** KVM_IRQFD: each signal of {@code trigger} is one edge on interrupt number {@code gsi}. */
    public void irqfd(EventFd trigger, int gsi) throws KvmException {
        irqfd(trigger.fd(), gsi, 0, 0);
    }

    /**
     * KVM_IRQFD for a level-triggered line: a signal of {@code trigger} raises it; when the guest acknowledges, KVM lowers
     * it and signals {@code resample}, and the device signals again if its cause still holds.
     */
    public void irqfd(EventFd trigger, EventFd resample, int gsi) throws KvmException {
        irqfd(trigger.fd(), gsi, KvmIrqfd.KVM_IRQFD_FLAG_RESAMPLE, resample.fd());
    }

    /** Unties an eventfd from an interrupt number; no edge of it arrives after that. */
    public void deassignIrqfd(EventFd trigger, int gsi) throws KvmException {
        irqfd(trigger.fd(), gsi, KvmIrqfd.KVM_IRQFD_FLAG_DEASSIGN, 0);
    }

    private void irqfd(int trigger, int gsi, int flags, int resample) throws KvmException {
        NativeStruct irqfd = NativeStruct.allocate(KvmIrqfd.SIZE);
        KvmIrqfd.write(irqfd.bytes(), trigger, gsi, flags, resample);
        Ioctls.call(fd, "KVM_IRQFD", KvmRequests.KVM_IRQFD, irqfd);
    }

    /** KVM_IRQ_LINE: sets the level of an interrupt line. Allocates nothing. */
    public void irqLine(int gsi, boolean level) throws KvmException {
        synchronized (irqLevel) {
            irqLevel.bytes().putInt(KvmIrqLevel.IRQ, gsi).putInt(KvmIrqLevel.LEVEL, level ? 1 : 0);
            Ioctls.call(fd, "KVM_IRQ_LINE", KvmRequests.KVM_IRQ_LINE, irqLevel);
        }
    }

    /** KVM_SET_GSI_ROUTING: replaces the whole table of where interrupt numbers lead. */
    public void setGsiRouting(List<KvmIrqRouting.Entry> routes) throws KvmException {
        NativeStruct table = NativeStruct.allocate(KvmIrqRouting.SIZE + routes.size() * KvmIrqRouting.ENTRY_SIZE);
        table.bytes().putInt(KvmIrqRouting.NR, routes.size());
        int offset = KvmIrqRouting.ENTRIES;
        for (KvmIrqRouting.Entry route : routes) {
            route.writeTo(table.bytes(), offset);
            offset += KvmIrqRouting.ENTRY_SIZE;
        }
        Ioctls.call(fd, "KVM_SET_GSI_ROUTING", KvmRequests.KVM_SET_GSI_ROUTING, table);
    }

    /**
     * KVM_IOEVENTFD: a guest write at {@code gpa} signals {@code event} and the vCPU runs on without an exit.
     *
     * @param width of the write in bytes; 0 for any
     */
    public void ioEventFdMmio(EventFd event, long gpa, int width) throws KvmException {
        ioEventFd(event, gpa, width, 0, 0);
    }

    /** As {@link #ioEventFdMmio(EventFd, long, int)}, for writes of {@code datamatch} only; others exit as usual. */
    public void ioEventFdMmio(EventFd event, long gpa, int width, long datamatch) throws KvmException {
        ioEventFd(event, gpa, width, datamatch, KvmIoeventfd.KVM_IOEVENTFD_FLAG_DATAMATCH);
    }

    /** Takes back {@link #ioEventFdMmio(EventFd, long, int)}, with the same arguments. */
    public void removeIoEventFdMmio(EventFd event, long gpa, int width) throws KvmException {
        ioEventFd(event, gpa, width, 0, KvmIoeventfd.KVM_IOEVENTFD_FLAG_DEASSIGN);
    }

    /** Takes back {@link #ioEventFdMmio(EventFd, long, int, long)}, with the same arguments. */
    public void removeIoEventFdMmio(EventFd event, long gpa, int width, long datamatch) throws KvmException {
        ioEventFd(event, gpa, width, datamatch,
                KvmIoeventfd.KVM_IOEVENTFD_FLAG_DATAMATCH | KvmIoeventfd.KVM_IOEVENTFD_FLAG_DEASSIGN);
    }

    /** As {@link #ioEventFdMmio(EventFd, long, int)}, for a port. */
    public void ioEventFdPio(EventFd event, int port, int width) throws KvmException {
        ioEventFd(event, port, width, 0, KvmIoeventfd.KVM_IOEVENTFD_FLAG_PIO);
    }

    /** As {@link #ioEventFdMmio(EventFd, long, int, long)}, for a port. */
    public void ioEventFdPio(EventFd event, int port, int width, long datamatch) throws KvmException {
        ioEventFd(event, port, width, datamatch,
                KvmIoeventfd.KVM_IOEVENTFD_FLAG_PIO | KvmIoeventfd.KVM_IOEVENTFD_FLAG_DATAMATCH);
    }

    /** Takes back {@link #ioEventFdPio(EventFd, int, int)}, with the same arguments. */
    public void removeIoEventFdPio(EventFd event, int port, int width) throws KvmException {
        ioEventFd(event, port, width, 0,
                KvmIoeventfd.KVM_IOEVENTFD_FLAG_PIO | KvmIoeventfd.KVM_IOEVENTFD_FLAG_DEASSIGN);
    }

    /** Takes back {@link #ioEventFdPio(EventFd, int, int, long)}, with the same arguments. */
    public void removeIoEventFdPio(EventFd event, int port, int width, long datamatch) throws KvmException {
        ioEventFd(event, port, width, datamatch, KvmIoeventfd.KVM_IOEVENTFD_FLAG_PIO
                | KvmIoeventfd.KVM_IOEVENTFD_FLAG_DATAMATCH | KvmIoeventfd.KVM_IOEVENTFD_FLAG_DEASSIGN);
    }

    private void ioEventFd(EventFd event, long address, int width, long datamatch, int flags) throws KvmException {
        NativeStruct ioeventfd = NativeStruct.allocate(KvmIoeventfd.SIZE);
        KvmIoeventfd.write(ioeventfd.bytes(), datamatch, address, width, event.fd(), flags);
        Ioctls.call(fd, "KVM_IOEVENTFD", KvmRequests.KVM_IOEVENTFD, ioeventfd);
    }

    /**
     * KVM_REGISTER_COALESCED_MMIO for ports: guest writes are queued without an exit, and delivered in order before the
     * next exit of any vCPU or by {@link KvmVcpu#drainCoalesced}. For ports whose writes may be late. After the first
     * vCPU is made; needs KVM_CAP_COALESCED_PIO.
     */
    public void registerCoalescedPio(int port, int length) throws KvmException {
        coalescedZone("KVM_REGISTER_COALESCED_MMIO", KvmRequests.KVM_REGISTER_COALESCED_MMIO, port, length, true);
        coalesced.enable();
    }

    /** Takes back {@link #registerCoalescedPio}, with the same arguments. What is queued stays to be drained. */
    public void unregisterCoalescedPio(int port, int length) throws KvmException {
        coalescedZone("KVM_UNREGISTER_COALESCED_MMIO", KvmRequests.KVM_UNREGISTER_COALESCED_MMIO, port, length, true);
    }

    /** As {@link #registerCoalescedPio}, for guest-physical addresses. Needs KVM_CAP_COALESCED_MMIO. */
    public void registerCoalescedMmio(long gpa, int length) throws KvmException {
        coalescedZone("KVM_REGISTER_COALESCED_MMIO", KvmRequests.KVM_REGISTER_COALESCED_MMIO, gpa, length, false);
        coalesced.enable();
    }

    /** Takes back {@link #registerCoalescedMmio}, with the same arguments. What is queued stays to be drained. */
    public void unregisterCoalescedMmio(long gpa, int length) throws KvmException {
        coalescedZone("KVM_UNREGISTER_COALESCED_MMIO", KvmRequests.KVM_UNREGISTER_COALESCED_MMIO, gpa, length, false);
    }

    private void coalescedZone(String name, long request, long address, int length, boolean port) throws KvmException {
        NativeStruct zone = NativeStruct.allocate(KvmCoalescedMmioZone.SIZE);
        KvmCoalescedMmioZone.write(zone.bytes(), address, length, port);
        Ioctls.call(fd, name, request, zone);
    }

    /** KVM_ENABLE_CAP on the VM, with up to four arguments. */
    public void enableCap(int cap, long... args) throws KvmException {
        Ioctls.call(fd, "KVM_ENABLE_CAP", KvmRequests.KVM_ENABLE_CAP, enableCapStruct(cap, args));
    }

    /**
     * KVM_SET_PMU_EVENT_FILTER: the guest's performance counters count these events and no others. Needs
     * KVM_CAP_PMU_EVENT_FILTER.
     *
     * @param fixedCounters one bit a fixed counter that may count
     * @param events event selects with their unit masks, as in the CPU's event select registers
     */
    public void allowPmuEvents(int fixedCounters, long... events) throws KvmException {
        NativeStruct filter = NativeStruct.allocate(KvmPmuEventFilter.SIZE + events.length * Long.BYTES);
        filter.bytes().putInt(KvmPmuEventFilter.ACTION, KvmPmuEventFilter.KVM_PMU_EVENT_ALLOW)
                .putInt(KvmPmuEventFilter.NEVENTS, events.length).putInt(KvmPmuEventFilter.FIXED_COUNTER_BITMAP, fixedCounters);
        for (int i = 0; i < events.length; i++) {
            filter.bytes().putLong(KvmPmuEventFilter.EVENTS + i * Long.BYTES, events[i]);
        }
        Ioctls.call(fd, "KVM_SET_PMU_EVENT_FILTER", KvmRequests.KVM_SET_PMU_EVENT_FILTER, filter);
    }

    static NativeStruct enableCapStruct(int cap, long... args) {
        if (args.length > KvmEnableCap.ARGS_COUNT) {
            throw new IllegalArgumentException(args.length + " arguments exceed " + KvmEnableCap.ARGS_COUNT);
        }
        NativeStruct struct = NativeStruct.allocate(KvmEnableCap.SIZE);
        struct.bytes().putInt(KvmEnableCap.CAP, cap);
        for (int i = 0; i < args.length; i++) {
            struct.bytes().putLong(KvmEnableCap.ARGS + i * Long.BYTES, args[i]);
        }
        return struct;
    }

    /** KVM_CHECK_EXTENSION as it applies to this machine; see {@link Kvm#checkExtension}. */
    public int checkExtension(int cap) throws KvmException {
        return Ioctls.call(fd, "KVM_CHECK_EXTENSION", KvmRequests.KVM_CHECK_EXTENSION, cap);
    }

    /** KVM_GET_CLOCK. */
    public KvmClockData getClock() throws KvmException {
        NativeStruct clock = NativeStruct.allocate(KvmClockData.SIZE);
        Ioctls.call(fd, "KVM_GET_CLOCK", KvmRequests.KVM_GET_CLOCK, clock);
        return KvmClockData.readFrom(clock.bytes());
    }

    /** KVM_SET_CLOCK. Of the flags, only KVM_CLOCK_REALTIME is for setting. */
    public void setClock(KvmClockData data) throws KvmException {
        NativeStruct clock = NativeStruct.allocate(KvmClockData.SIZE);
        data.writeTo(clock.bytes());
        Ioctls.call(fd, "KVM_SET_CLOCK", KvmRequests.KVM_SET_CLOCK, clock);
    }

    /** The clock, for {@link #restoreClock} of another machine. */
    public ClockState saveClock() throws KvmException {
        return ClockState.of(getClock(), kvm.checkExtension(KvmCap.KVM_CAP_ADJUST_CLOCK));
    }

    /**
     * Sets the clock, which goes on from there at once. Before the vCPUs' states, whose model-specific registers have KVM write it
     * into guest memory.
     *
     * @param moveWallTime it moves on by the time that has gone by on the host since, as if the guest had run
     */
    public void restoreClock(ClockState state, boolean moveWallTime) throws KvmException {
        setClock(state.toData(moveWallTime, kvm.checkExtension(KvmCap.KVM_CAP_ADJUST_CLOCK)));
    }

    /** The interrupt controllers and the timer; no vCPU runs meanwhile. */
    public InterruptState saveInterrupts() throws KvmException {
        return InterruptState.readFrom(fd);
    }

    /** Sets what {@link #saveInterrupts} told; the machine has the same of them. After the vCPUs are made. */
    public void restoreInterrupts(InterruptState state) throws KvmException {
        state.writeTo(fd);
    }

    @Override
    public void close() {
        fd.close();
    }
}
