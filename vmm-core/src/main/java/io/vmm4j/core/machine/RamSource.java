package io.vmm4j.core.machine;

import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.MachineConfig;
import io.vmm4j.core.config.MemoryType;
import io.vmm4j.core.host.Shortage;
import io.vmm4j.core.memory.Residency;
import io.vmm4j.core.memory.TouchedPages;
import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.Mapping;
import io.vmm4j.kvm.libc.MemFd;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Supplier;

/**
 * Where a guest's RAM comes from: maps it, once it is known that every page of it can be had. A page of a file that
 * cannot be had when it is touched is a SIGBUS, which would end the JVM with all its machines; so what comes from a pool
 * or a file system with an end is allocated here, in full, and what comes from the host's memory is held against its
 * size and the limits of the control groups.
 */
final class RamSource {

    private static final String FILE_KEY = "machine-config.mem_file_path";
    private static final String TYPE_KEY = "machine-config.mem_type";
    private static final String NAME = "vmm4j-ram";
    private static final long HUGE_PAGE = 2L << 20;
    private static final int OWNER_ONLY = 0600;

    private final MachineConfig machine;
    private final MemoryType type;
    private final long bytes;
    private final boolean isShared;

    private RamSource(MachineConfig machine, boolean isShared) {
        this.machine = machine;
        this.isShared = isShared;
        // Transparent huge pages go with both.
        this.type = isShared && !machine.memoryType().isShared() ? MemoryType.HUGESHMEM : machine.memoryType();
        this.bytes = machine.memoryBytes();
    }

    /**
     * Mapped RAM.
     *
     * @param mapping       all of it
     * @param discardAdvice the MADV constant that gives pages back so that they can be had again later, or 0 for none
     * @param hugePages     whether to ask the kernel for transparent huge pages
     * @param touched       tells which pages the guest or its devices have touched
     * @param file          all of it, which nobody can make shorter or longer, for {@code touched} to look at, or other processes; {@code null}
     *                      when there is none, or nobody wants it
     */
    record Mapped(Mapping mapping, int discardAdvice, boolean hugePages, TouchedPages touched, Fd file) {

        /** RAM that is there in full. */
        static Mapped whole(Mapping mapping, int discardAdvice, boolean hugePages) {
            return whole(mapping, discardAdvice, hugePages, null);
        }

        /** As the other one, with a file for other processes. */
        static Mapped whole(Mapping mapping, int discardAdvice, boolean hugePages, Fd file) {
            return new Mapped(mapping, discardAdvice, hugePages, () -> Residency.all(mapping.length()), file);
        }

        /** RAM of the host's, page by page. */
        static Mapped anonymous(Mapping mapping, boolean hugePages) {
            return new Mapped(mapping, Mapping.MADV_DONTNEED, hugePages, () -> Residency.touched(mapping), null);
        }
    }

    /**
     * Maps RAM as {@code machine} says.
     *
     * @param isShared whether other processes are to map it, too
     * @throws ConfigException when there is not that much of it, naming what there is
     */
    static Mapped map(MachineConfig machine, boolean isShared) throws ConfigException, IOException {
        return new RamSource(machine, isShared).map();
    }

    /**
     * Private RAM of which nothing is there: somebody else brings it in.
     *
     * @throws ConfigException when there is not that much, naming what there is
     */
    static Mapping mapMissing(MachineConfig machine) throws ConfigException, IOException {
        return new RamSource(machine, false).mapMissing();
    }

    private Mapping mapMissing() throws ConfigException, IOException {
        int flags = Mapping.MAP_PRIVATE | Mapping.MAP_ANONYMOUS;
        if (type != MemoryType.HUGETLBFS) {
            HostMemory.check(machine);
            return map(-1, flags | Mapping.MAP_NORESERVE);
        }
        requireMultipleOf(HUGE_PAGE);
        String pool = HugePagePool.of(HUGE_PAGE).describe(bytes);
        try {
            return map(-1, flags | Mapping.MAP_HUGETLB | Mapping.MAP_HUGE_2MB); // sets them aside, so that each can be had
        } catch (LinuxException e) {
            Shortage.rethrow(e);
            throw new ConfigException(HostMemory.SIZE_KEY, "memory size " + machine.memSizeMib() + " MiB is more than there is: " + pool);
        }
    }

    private Mapped map() throws ConfigException, IOException {
        if (type == MemoryType.HUGETLBFS) {
            return machine.memFilePath().isEmpty() ? hugeMemFd() : hugeFile();
        }
        HostMemory.check(machine);
        TransparentHugePages.warnIfOff(type);
        if (!type.isShared() || isBetterPrivate()) {
            int flags = Mapping.MAP_PRIVATE | Mapping.MAP_ANONYMOUS | Mapping.MAP_NORESERVE;
            return Mapped.anonymous(map(-1, flags), type != MemoryType.ANON);
        }
        return machine.memFilePath().isEmpty() ? memFd() : file();
    }

    /**
     * Whether plain memory had better not be a memfd. Stock kernels give huge pages to private memory and none to shared
     * memory, and a guest on pages of 4 KiB takes twice as long to boot: each is a fault of its own.
     */
    private boolean isBetterPrivate() {
        return !isShared && type == MemoryType.SHMEM && machine.memFilePath().isEmpty() && !HostMemory.isCommitCounted()
                && TransparentHugePages.areForPrivateMemoryOnly();
    }

    /** Aligned, because KVM maps a huge page only where its guest-physical address is one's too. */
    private Mapping map(int fd, int flags) throws LinuxException {
        return Mapping.aligned(fd, bytes, HUGE_PAGE, Mapping.PROT_READ | Mapping.PROT_WRITE, flags);
    }

    private Mapped memFd() throws ConfigException, IOException {
        boolean isCounted = HostMemory.isCommitCounted();
        try (MemFd file = MemFd.create(NAME, bytes, 0)) {
            if (isCounted) {
                allocate(file.fd(), () -> "the host counts what it has promised (vm.overcommit_memory is 2)");
            }
            Mapping mapping = map(file.fd().value(), Mapping.MAP_SHARED);
            return isCounted ? withFile(mapping, type.isTransparentHuge(), file.fd()) : sparse(mapping, file.fd());
        }
    }

    /** The file is kept even if nobody wants it yet: a device that is added later may. */
    private Mapped withFile(Mapping mapping, boolean hugePages, Fd file) throws LinuxException {
        try {
            return Mapped.whole(mapping, 0, hugePages, Fd.duplicate(file.value()));
        } catch (LinuxException e) {
            mapping.close();
            throw e;
        }
    }

    private Mapped sparse(Mapping mapping, Fd file) throws LinuxException {
        try {
            Fd kept = Fd.duplicate(file.value());
            return new Mapped(mapping, Mapping.MADV_REMOVE, type.isTransparentHuge(), () -> Residency.dataOf(kept, mapping.length()), kept);
        } catch (LinuxException e) {
            mapping.close();
            throw e;
        }
    }

    private Mapped hugeMemFd() throws ConfigException, IOException {
        requireMultipleOf(HUGE_PAGE);
        MemFd created;
        try {
            created = MemFd.create(NAME, bytes, MemFd.MFD_HUGETLB | MemFd.MFD_HUGE_2MB);
        } catch (LinuxException e) {
            Shortage.rethrow(e);
            throw new ConfigException(TYPE_KEY, "memory type hugetlbfs cannot be had here: " + e.getMessage());
        }
        try (MemFd file = created) {
            // Looked at before: what is had of it until it is too much is not free any more then.
            String pool = HugePagePool.of(HUGE_PAGE).describe(bytes);
            allocate(file.fd(), () -> pool);
            return withFile(Mapping.shared(file.fd().value(), bytes), false, file.fd());
        }
    }

    private Mapped hugeFile() throws ConfigException, IOException {
        Path directory = directory();
        FileStore store = Files.getFileStore(directory);
        if (!store.type().equals("hugetlbfs")) {
            throw new ConfigException(FILE_KEY, "memory file \"" + directory + "\" is on a " + store.type()
                    + " file system, and memory type hugetlbfs needs a hugetlbfs");
        }
        long pageSize = store.getBlockSize();
        requireMultipleOf(pageSize);
        try (Fd file = unnamedFile(directory)) {
            file.truncate(bytes);
            // Without a limit of its own, a hugetlbfs has no size.
            boolean isMountTooSmall = store.getTotalSpace() > 0 && store.getUsableSpace() < bytes;
            String free = isMountTooSmall ? freeIn(directory) : HugePagePool.of(pageSize).describe(bytes);
            allocate(file, () -> free);
            return Mapped.whole(Mapping.shared(file.value(), bytes), 0, false);
        }
    }

    private static String freeIn(Path directory) {
        try {
            return directory + " has " + (Files.getFileStore(directory).getUsableSpace() >> 20) + " MiB free";
        } catch (IOException e) {
            return directory + " does not tell how much it has free";
        }
    }

    private Mapped file() throws ConfigException, IOException {
        Path directory = directory();
        try (Fd file = unnamedFile(directory)) {
            file.truncate(bytes);
            String free = freeIn(directory);
            allocate(file, () -> free);
            return Mapped.whole(map(file.value(), Mapping.MAP_SHARED), 0, type.isTransparentHuge());
        }
    }

    private Path directory() throws ConfigException {
        Path directory = Path.of(machine.memFilePath());
        if (!Files.isDirectory(directory)) {
            throw new ConfigException(FILE_KEY, "memory file \"" + directory + "\" is not a directory: it names where the file is made");
        }
        return directory;
    }

    /** A file without a name, which goes with its last user, however that ends. */
    private static Fd unnamedFile(Path directory) throws ConfigException, IOException {
        try {
            return Fd.open(directory, Fd.O_TMPFILE | Fd.O_RDWR | Fd.O_CLOEXEC, OWNER_ONLY);
        } catch (LinuxException e) {
            Shortage.rethrow(e);
            throw new ConfigException(FILE_KEY, "no file for guest memory can be made in \"" + directory + "\": " + e.getMessage());
        }
    }

    private void requireMultipleOf(long pageSize) throws ConfigException {
        if (bytes % pageSize != 0) {
            throw new ConfigException(HostMemory.SIZE_KEY, "memory size " + machine.memSizeMib() + " MiB is not a multiple of the huge pages of "
                    + (pageSize >> 20) + " MiB");
        }
    }

    private void allocate(Fd file, Supplier<String> why) throws ConfigException, LinuxException {
        try {
            PrefaultProgress.inSteps(bytes, file::allocate);
        } catch (LinuxException e) {
            if (e.errno() == Errno.ENOSPC || e.errno() == Errno.ENOMEM) {
                throw new ConfigException(HostMemory.SIZE_KEY, "memory size " + machine.memSizeMib() + " MiB is more than there is: " + why.get());
            }
            throw e;
        }
    }
}
