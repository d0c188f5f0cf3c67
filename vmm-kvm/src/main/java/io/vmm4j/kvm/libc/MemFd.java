package io.vmm4j.kvm.libc;

/**
 * A memfd_create(2) file: memory with a descriptor, so that it can be shared with another process. Its size is fixed
 * with seals where the kernel allows it, because a file cut short under a mapping means SIGBUS.
 */
public final class MemFd implements AutoCloseable {
    /** Huge pages from the reserved pool. */
    public static final int MFD_HUGETLB = 4;
    /** With {@link #MFD_HUGETLB}: pages of 2 MiB. */
    public static final int MFD_HUGE_2MB = 21 << 26;
    /** With {@link #MFD_HUGETLB}: pages of 1 GiB. */
    public static final int MFD_HUGE_1GB = 30 << 26;

    /** No more seals. */
    public static final int F_SEAL_SEAL = 1;
    /** The file cannot get shorter. */
    public static final int F_SEAL_SHRINK = 2;
    /** The file cannot get longer. */
    public static final int F_SEAL_GROW = 4;
    /** The file cannot be written. */
    public static final int F_SEAL_WRITE = 8;
    /** The file cannot be written but by mappings made before. Linux 5.1. */
    public static final int F_SEAL_FUTURE_WRITE = 0x10;

    private static final int MFD_CLOEXEC = 1;
    private static final int MFD_ALLOW_SEALING = 2;
    private static final int F_ADD_SEALS = 1033;
    private static final int F_GET_SEALS = 1034;

    private final Fd fd;

    private MemFd(Fd fd) {
        this.fd = fd;
    }

    /**
     * A new file of {@code size} zero bytes, sealed against changes of its size.
     *
     * @param name shown in /proc/PID/maps as {@code memfd:name}
     * @param flags 0, or MFD_HUGETLB with a page size
     */
    public static MemFd create(String name, long size, int flags) throws LinuxException {
        return create(name, size, flags, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
    }

    /** As {@link #create(String, long, int)}, for a file that {@link #sealWrites} is to freeze. */
    public static MemFd createToFreeze(String name, long size, int flags) throws LinuxException {
        return create(name, size, flags, F_SEAL_SHRINK | F_SEAL_GROW);
    }

    /** As {@link #create(String, long, int)}, for a file that may come to be longer. */
    public static MemFd createToGrow(String name, long size, int flags) throws LinuxException {
        return create(name, size, flags, F_SEAL_SHRINK | F_SEAL_SEAL);
    }

    private static MemFd create(String name, long size, int flags, int seals) throws LinuxException {
        NativeStruct text = NativeStruct.string(name);
        int number = LibC.memfdCreate(text, MFD_CLOEXEC | MFD_ALLOW_SEALING | flags);
        if (number < 0) {
            throw new LinuxException("memfd_create(" + name + ")", LibC.errno());
        }
        Fd fd = Fd.of(number);
        try {
            fd.truncate(size);
            MemFd memFd = new MemFd(fd);
            memFd.seal(seals);
            return memFd;
        } catch (LinuxException e) {
            fd.close();
            throw e;
        }
    }

    private void seal(int seals) throws LinuxException {
        if (LibC.fcntl(fd.value(), F_ADD_SEALS, seals) < 0) {
            throw new LinuxException("fcntl(F_ADD_SEALS)", LibC.errno());
        }
    }

    /**
     * From here on nobody can write into the file, for good; private mappings of it are as writable as before.
     *
     * @throws LinuxException EBUSY while a shared mapping of it is writable, or the kernel is writing for someone
     */
    public void sealWrites() throws LinuxException {
        seal(F_SEAL_WRITE | F_SEAL_SEAL);
    }

    /** As {@link #sealWrites}, but that shared mappings which are there already can still write. */
    public void sealFutureWrites() throws LinuxException {
        seal(F_SEAL_FUTURE_WRITE);
    }

    /** The seals in force, F_SEAL bits. */
    public int seals() throws LinuxException {
        int seals = LibC.fcntl(fd.value(), F_GET_SEALS, 0);
        if (seals < 0) {
            throw new LinuxException("fcntl(F_GET_SEALS)", LibC.errno());
        }
        return seals;
    }

    /** The descriptor. It may be closed once the file is mapped: the mapping holds the memory. */
    public Fd fd() {
        return fd;
    }

    @Override
    public void close() {
        fd.close();
    }
}
