package io.vmm4j.core.machine;

import io.vmm4j.devices.memory.BufferGuestMemory;
import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.memory.MemoryRegion;
import io.vmm4j.kvm.KvmVm;
import io.vmm4j.kvm.libc.LibC;
import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.Mapping;
import io.vmm4j.kvm.libc.MemFd;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * A guest's RAM: an unnamed shared-memory file, mapped once and laid into the guest around the hole below 4 GiB. It is
 * not inherited by children and not part of core dumps.
 */
final class GuestRam implements AutoCloseable {

    private static final long PAGE_SIZE = 4096;

    private final Mapping mapping;
    private final List<AddressMap.RamRegion> regions;
    private final GuestMemory memory;

    private GuestRam(Mapping mapping, List<AddressMap.RamRegion> regions) {
        this.mapping = mapping;
        this.regions = regions;
        this.memory = new BufferGuestMemory(viewsOf(mapping, regions));
    }

    /** Allocates {@code bytes} of RAM; pages come from the host when the guest touches them. */
    static GuestRam allocate(long bytes) throws LinuxException {
        Mapping mapping;
        try (MemFd file = MemFd.create("vmm4j-ram", bytes, 0)) {
            mapping = Mapping.shared(file.fd().value(), bytes);
        }
        try {
            mapping.advise(Mapping.MADV_DONTFORK);
            mapping.advise(Mapping.MADV_DONTDUMP);
        } catch (LinuxException e) {
            mapping.close();
            throw e;
        }
        return new GuestRam(mapping, AddressMap.ramRegions(bytes));
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

    /**
     * Gives the pages that lie wholly within {@code range} back to the host: they read as zero afterwards, until the guest
     * writes there. Any thread.
     *
     * @param range position to limit of a view of this RAM
     */
    void discard(ByteBuffer range) throws LinuxException {
        long from = LibC.address(range) + range.position() - mapping.address();
        long begin = (from + PAGE_SIZE - 1) & -PAGE_SIZE;
        long end = from + range.remaining() & -PAGE_SIZE;
        if (begin < end) {
            mapping.advise(Mapping.MADV_REMOVE, begin, end - begin);
        }
    }

    /** Gives the RAM to {@code vm}, one KVM memory slot a region. */
    void mapInto(KvmVm vm) throws LinuxException {
        long offset = 0;
        for (int slot = 0; slot < regions.size(); slot++) {
            AddressMap.RamRegion region = regions.get(slot);
            vm.setUserMemoryRegion(slot, 0, region.gpa(), region.length(), mapping.address() + offset);
            offset += region.length();
        }
    }

    /** Unmaps the RAM. Only after every thread that may touch it has ended. */
    @Override
    public void close() {
        mapping.close();
    }
}
