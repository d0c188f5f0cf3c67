package io.vmm4j.core.machine;

import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.MachineConfig;
import io.vmm4j.core.config.MemoryType;
import io.vmm4j.core.host.MachineThreads;
import io.vmm4j.core.layout.AddressMap;
import io.vmm4j.core.memory.FrozenMemory;
import io.vmm4j.core.memory.MemoryHandler;
import io.vmm4j.core.memory.RamHistory;
import io.vmm4j.core.memory.Residency;
import io.vmm4j.core.vhostuser.SharedRam;
import io.vmm4j.devices.memory.BufferGuestMemory;
import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.memory.MemoryRegion;
import io.vmm4j.devices.memory.PageMarks;
import io.vmm4j.kvm.KvmVm;
import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.LibC;
import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.Mapping;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A guest's RAM, mapped once and laid into the guest around the hole below 4 GiB. It is not inherited by children, nor
 * part of core dumps unless asked for.
 */
final class GuestRam implements AutoCloseable {

    private static final long PAGE_SIZE = 4096;
    private static final long HUGE_PAGE = 2L << 20;

    private final Mapping mapping;
    private final int discardAdvice;
    private final Fd file;
    private final List<AddressMap.RamRegion> regions;
    private final GuestMemory memory;
    private final RamHistory.Ram parts;
    /** Once the RAM is in the guest. */
    private volatile RamHistory history;
    /** Who brings the RAM in, or {@code null}; set before anybody else has this. */
    private MemoryHandler handler;

    /** @param origin what the RAM is, held here; {@code null} for zeros */
    private GuestRam(RamSource.Mapped source, FrozenMemory origin, boolean isShared) {
        this.mapping = source.mapping();
        this.discardAdvice = source.discardAdvice();
        this.file = source.file();
        this.regions = AddressMap.ramRegions(mapping.length());
        PageMarks marks = new PageMarks(mapping.length());
        this.memory = new BufferGuestMemory(viewsOf(mapping, regions), marks);
        this.parts = new RamHistory.Ram(mapping, source.touched(), marks, origin, isShared);
    }

    /**
     * Allocates RAM as {@code machine} says, for nobody else. Unless it is to be brought in at once, or comes from a pool or a file system
     * with an end, its pages come from the host when the guest touches them.
     *
     * @throws ConfigException when there is not that much
     */
    static GuestRam allocate(MachineConfig machine) throws ConfigException, IOException {
        return allocate(machine, false);
    }

    /**
     * As the other one.
     *
     * @param isShared whether other processes are to map it, too
     */
    static GuestRam allocate(MachineConfig machine, boolean isShared) throws ConfigException, IOException {
        RamSource.Mapped source = RamSource.map(machine, isShared);
        prepare(source, machine);
        return new GuestRam(source, null, false);
    }

    private static void prepare(RamSource.Mapped source, MachineConfig machine) throws ConfigException, LinuxException {
        Mapping mapping = source.mapping();
        try {
            mapping.advise(Mapping.MADV_DONTFORK);
            if (!machine.memCoreDump()) {
                mapping.advise(Mapping.MADV_DONTDUMP);
            }
            if (source.hugePages()) {
                askForHugePages(mapping);
            }
            if (machine.memPrefault()) {
                bringIn(mapping);
            }
        } catch (ConfigException | LinuxException e) {
            close(source.mapping(), source.file());
            throw e;
        }
    }

    /**
     * RAM that begins as {@code frozen}, of which pages come when the guest touches them, and are the guest's own when it writes. Of RAM that
     * {@code machine} wants brought in at once, as of a kind that cannot be mapped so, all is copied.
     *
     * @param isCopied whether it is copied in any case, into RAM of the kind that {@code machine} says
     * @throws ConfigException when there is not that much
     */
    static GuestRam of(FrozenMemory frozen, MachineConfig machine, boolean isCopied) throws ConfigException, IOException {
        if (!isCopied && !machine.memPrefault()) {
            HostMemory.check(machine); // what notes the pages that are written is in proportion to it
            Mapping mapping = frozen.map();
            RamSource.Mapped source = RamSource.Mapped.anonymous(mapping, false);
            prepare(source, machine);
            return new GuestRam(source, frozen.hold(), true);
        }
        RamSource.Mapped source = RamSource.map(machine, false);
        prepare(source, machine);
        try {
            frozen.copyTo(source.mapping(), frozen.pages());
        } catch (IOException | RuntimeException | Error e) {
            close(source.mapping(), source.file());
            throw e;
        }
        return new GuestRam(source, frozen.hold(), false);
    }

    /**
     * RAM that the handler at {@code socket} brings in; it is to be {@linkplain #watch watched over} before anything touches it.
     *
     * @throws ConfigException when there is not that much
     * @throws io.vmm4j.core.snapshot.MemoryHandlerException naming the socket
     */
    static GuestRam handled(Path socket, MachineConfig machine) throws ConfigException, IOException {
        boolean isHuge = machine.memoryType() == MemoryType.HUGETLBFS;
        Mapping mapping = RamSource.mapMissing(machine);
        RamSource.Mapped source = new RamSource.Mapped(mapping, isHuge ? 0 : Mapping.MADV_DONTNEED, false, () -> broughtIn(mapping), null);
        prepare(source, machine);
        GuestRam ram = new GuestRam(source, null, false);
        try {
            ram.handler = MemoryHandler.handOver(socket, mapping, ram.slots(), (int) (isHuge ? HUGE_PAGE : PAGE_SIZE));
            return ram;
        } catch (IOException | RuntimeException | Error e) {
            ram.close();
            throw e;
        }
    }

    /** All pages, once they are there: the kernel waits for them, in place of threads of Java, which would keep a collection waiting. */
    private static BitSet broughtIn(Mapping mapping) throws LinuxException {
        try {
            mapping.advise(Mapping.MADV_POPULATE_READ);
        } catch (LinuxException e) {
            if (e.errno() != Errno.EINVAL) { // before Linux 5.14
                throw e;
            }
        }
        return Residency.all(mapping.length());
    }

    /**
     * Begins to watch over who brings this in, if somebody does.
     *
     * @param onLoss hears, on a thread of its own, of the handler's death
     * @param own    counts the threads
     */
    void watch(Consumer<String> onLoss, MachineThreads own) throws IOException {
        if (handler != null) {
            handler.watch(onLoss, own);
        }
    }

    /**
     * The machine is put together, and vCPUs may run.
     *
     * @throws io.vmm4j.core.snapshot.MemoryHandlerException when the handler has died meanwhile
     */
    void made() throws IOException {
        if (handler != null) {
            handler.made();
        }
    }

    /** Whether who brought this in has died: pages may read as zeros that are none. */
    boolean isLost() {
        return handler != null && handler.isLost();
    }

    /** Has whoever waits for a page that does not come go on. The vCPUs have been told to stop. */
    void letGo() {
        if (handler != null) {
            handler.letGo();
        }
    }

    /**
     * Small pages do where the kernel was built without huge ones: {@link TransparentHugePages} has said so. They are asked for behind
     * the first one's place: every machine has tables there, for which one would be zeroed, and stay, that a small guest never fills.
     */
    private static void askForHugePages(Mapping mapping) throws LinuxException {
        if (mapping.length() <= HUGE_PAGE) {
            return;
        }
        try {
            mapping.advise(Mapping.MADV_HUGEPAGE, HUGE_PAGE, mapping.length() - HUGE_PAGE);
        } catch (LinuxException e) {
            if (e.errno() != Errno.EINVAL) {
                throw e;
            }
        }
    }

    private static void bringIn(Mapping mapping) throws ConfigException, LinuxException {
        try {
            PrefaultProgress.inSteps(mapping.length(), (at, length) -> mapping.advise(Mapping.MADV_POPULATE_WRITE, at, length));
        } catch (LinuxException e) {
            if (e.errno() == Errno.EINVAL) {
                throw new ConfigException("machine-config.mem_prefault", "this kernel cannot bring memory in at once: Linux 5.14 can");
            }
            throw e;
        }
    }

    private static List<MemoryRegion> viewsOf(Mapping mapping, List<AddressMap.RamRegion> regions) {
        List<MemoryRegion> views = new ArrayList<>();
        long offset = 0;
        for (AddressMap.RamRegion region : regions) {
            List<ByteBuffer> chunks = new ArrayList<>();
            for (long at = 0; at < region.length(); at += Mapping.MAX_CHUNK_SIZE) {
                chunks.add(mapping.buffer(offset + at, Math.min(Mapping.MAX_CHUNK_SIZE, region.length() - at)));
            }
            views.add(new MemoryRegion(region.gpa(), chunks, Mapping.MAX_CHUNK_SIZE));
            offset += region.length();
        }
        return views;
    }

    /** The RAM as devices and loaders see it; not to be touched after {@link #close}. */
    GuestMemory memory() {
        return memory;
    }

    /** The RAM for other processes; empty when it is of a kind that they cannot have. Valid until {@link #close}. */
    Optional<SharedRam> shared() {
        if (file == null) {
            return Optional.empty();
        }
        List<SharedRam.Region> shared = new ArrayList<>();
        long offset = 0;
        for (AddressMap.RamRegion region : regions) {
            shared.add(new SharedRam.Region(region.gpa(), region.length(), offset));
            offset += region.length();
        }
        return Optional.of(new SharedRam(file, shared));
    }

    /** Another process may have written anywhere, of which nobody has taken note. */
    void writtenElsewhere() {
        parts.marks().mark(0, mapping.length() / PAGE_SIZE - 1);
    }

    /**
     * Gives the pages that lie wholly within {@code range} back to the host: they read as zero afterwards, or as what they were in the snapshot that
     * the machine came from, until the guest writes there. Does nothing where they might not be had again: huge pages, files. Any thread.
     *
     * @param range position to limit of a view of this RAM
     */
    void discard(ByteBuffer range) throws LinuxException {
        long from = LibC.address(range) + range.position() - mapping.address();
        long begin = (from + PAGE_SIZE - 1) & -PAGE_SIZE;
        long end = from + range.remaining() & -PAGE_SIZE;
        if (begin < end && discardAdvice != 0) {
            mapping.advise(discardAdvice, begin, end - begin);
            parts.marks().mark(begin / PAGE_SIZE, (end - 1) / PAGE_SIZE); // it reads otherwise now
        }
    }

    /**
     * Gives the RAM to {@code vm}, one KVM memory slot a region.
     *
     * @param isTracked whether what the guest writes is taken note of from the start, and not from the first freeze on
     */
    void mapInto(KvmVm vm, boolean isTracked) throws LinuxException {
        history = new RamHistory(parts, slots(), vm, isTracked);
    }

    private List<RamHistory.Slot> slots() {
        List<RamHistory.Slot> slots = new ArrayList<>();
        long offset = 0;
        for (AddressMap.RamRegion region : regions) {
            slots.add(new RamHistory.Slot(slots.size(), region.gpa(), offset, region.length()));
            offset += region.length();
        }
        return slots;
    }

    /** What has been written to it; once it is in the guest. */
    RamHistory history() {
        return history;
    }

    /** Unmaps the RAM. Only after every thread that may touch it has ended. */
    @Override
    public void close() {
        if (handler != null) {
            handler.close();
        }
        if (history != null) {
            history.close();
        }
        if (parts.origin() != null) {
            parts.origin().release();
        }
        close(mapping, file);
    }

    private static void close(Mapping mapping, Fd file) {
        mapping.close();
        if (file != null) {
            file.close();
        }
    }
}
