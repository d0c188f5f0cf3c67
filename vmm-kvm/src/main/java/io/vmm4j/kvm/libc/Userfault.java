package io.vmm4j.kvm.libc;

import java.nio.ByteBuffer;
import java.nio.file.Path;

/**
 * A userfaultfd(2): pages that are missing from registered memory are brought in by whoever reads this descriptor, which may be
 * another process. Faults of the kernel's own are among them, as those of KVM and of system calls are, so it needs CAP_SYS_PTRACE,
 * the sysctl vm.unprivileged_userfaultfd, or access to /dev/userfaultfd.
 *
 * <p>A thread that waits for a page inside Java code reaches no safepoint, and a collection waits for it: whoever brings pages in for
 * such threads is another process, or allocates nothing. Reading does not block. Confined to one thread at a time.
 */
public final class Userfault implements AutoCloseable {
    /** Removal by madvise is told; whoever removes waits until it has been read. */
    public static final long UFFD_FEATURE_EVENT_REMOVE = 1 << 3;
    /** Huge pages of the reserved pool can be registered. */
    public static final long UFFD_FEATURE_MISSING_HUGETLBFS = 1 << 4;
    /** Shared memory can be registered. */
    public static final long UFFD_FEATURE_MISSING_SHMEM = 1 << 5;
    /** Unmapping is told; whoever unmaps waits until it has been read. */
    public static final long UFFD_FEATURE_EVENT_UNMAP = 1 << 6;

    /** A page is missing. */
    public static final int UFFD_EVENT_PAGEFAULT = 0x12;
    /** A range was removed: what was there is not wanted any more, and reads as zero. */
    public static final int UFFD_EVENT_REMOVE = 0x15;
    /** A range was unmapped. */
    public static final int UFFD_EVENT_UNMAP = 0x16;

    private static final int SYS_USERFAULTFD = 323;
    private static final Path DEVICE = Path.of("/dev/userfaultfd");
    private static final String HINT = "be allowed to open /dev/userfaultfd (Linux 6.1), set the sysctl vm.unprivileged_userfaultfd to 1, or have CAP_SYS_PTRACE";

    /**
     * What the kernel has told.
     *
     * @param event a UFFD_EVENT constant
     * @param address the missing page's, or where a range begins
     * @param end where a range ends; 0 for a page
     */
    public record Event(int event, long address, long end) {
    }

    private final Fd fd;
    private final NativeStruct struct = NativeStruct.allocate(UserfaultLayout.COPY_SIZE);
    private final NativeStruct message = NativeStruct.allocate(UserfaultLayout.MSG_SIZE);

    private Userfault(Fd fd) {
        this.fd = fd;
    }

    /**
     * A new one, of this process.
     *
     * @param features UFFD_FEATURE bits
     * @throws LinuxException with a hint when this process may not have one, EINVAL when the kernel lacks a feature
     */
    public static Userfault open(long features) throws LinuxException {
        Userfault userfault = new Userfault(create());
        try {
            userfault.handshake(features);
            return userfault;
        } catch (LinuxException e) {
            userfault.close();
            throw e;
        }
    }

    /** One that another process has made and told of: only for reading and for bringing pages in. */
    public static Userfault of(Fd fd) {
        return new Userfault(fd);
    }

    private static Fd create() throws LinuxException {
        int flags = Fd.O_CLOEXEC | Fd.O_NONBLOCK;
        int created = (int) LibC.syscall(SYS_USERFAULTFD, flags, 0, 0, 0, 0, 0);
        if (created >= 0) {
            return Fd.of(created);
        }
        int errno = LibC.errno();
        if (errno != Errno.EPERM) {
            throw new LinuxException("userfaultfd", errno);
        }
        try (Fd device = Fd.open(DEVICE, Fd.O_RDWR)) {
            created = LibC.ioctl(device.value(), UserfaultLayout.USERFAULTFD_IOC_NEW, flags);
            if (created >= 0) {
                return Fd.of(created);
            }
        } catch (LinuxException e) {
            throw new LinuxException("userfaultfd", errno, HINT);
        }
        throw new LinuxException("ioctl(USERFAULTFD_IOC_NEW)", LibC.errno());
    }

    private void handshake(long features) throws LinuxException {
        struct.bytes().putLong(UserfaultLayout.API_API, UserfaultLayout.UFFD_API).putLong(UserfaultLayout.API_FEATURES, features);
        check("ioctl(UFFDIO_API)", LibC.ioctl(fd.value(), UserfaultLayout.UFFDIO_API, struct));
    }

    /** From here on pages that are missing from the range are told of, and whoever touches one waits. */
    public void register(long address, long length) throws LinuxException {
        range(address, length).putLong(UserfaultLayout.REGISTER_MODE, UserfaultLayout.UFFDIO_REGISTER_MODE_MISSING);
        check("ioctl(UFFDIO_REGISTER)", LibC.ioctl(fd.value(), UserfaultLayout.UFFDIO_REGISTER, struct));
    }

    /** Takes back {@link #register}; who waits for a page of the range goes on. */
    public void unregister(long address, long length) throws LinuxException {
        range(address, length);
        check("ioctl(UFFDIO_UNREGISTER)", LibC.ioctl(fd.value(), UserfaultLayout.UFFDIO_UNREGISTER, struct));
    }

    /** Has those who wait for pages of the range look again. */
    public void wake(long address, long length) throws LinuxException {
        range(address, length);
        check("ioctl(UFFDIO_WAKE)", LibC.ioctl(fd.value(), UserfaultLayout.UFFDIO_WAKE, struct));
    }

    /**
     * Brings pages in with a copy of what is at {@code source}, and has those who wait for them go on.
     *
     * @return the bytes that were brought in: fewer where a page is there already, which the caller skips, or where a removal is
     *     going on, which has to be read of by {@link #next} before another try
     */
    public long copy(long address, long source, long length) throws LinuxException {
        struct.bytes().putLong(UserfaultLayout.COPY_DST, address).putLong(UserfaultLayout.COPY_SRC, source)
                .putLong(UserfaultLayout.COPY_LEN, length).putLong(UserfaultLayout.COPY_MODE, 0)
                .putLong(UserfaultLayout.COPY_COPY, 0);
        return brought("ioctl(UFFDIO_COPY)", LibC.ioctl(fd.value(), UserfaultLayout.UFFDIO_COPY, struct), UserfaultLayout.COPY_COPY);
    }

    /** As {@link #copy}, with zeros. Not for huge pages of the reserved pool. */
    public long zero(long address, long length) throws LinuxException {
        range(address, length).putLong(UserfaultLayout.ZEROPAGE_MODE, 0).putLong(UserfaultLayout.ZEROPAGE_ZEROPAGE, 0);
        return brought("ioctl(UFFDIO_ZEROPAGE)", LibC.ioctl(fd.value(), UserfaultLayout.UFFDIO_ZEROPAGE, struct), UserfaultLayout.ZEROPAGE_ZEROPAGE);
    }

    private long brought(String call, int result, int field) throws LinuxException {
        if (result < 0 && LibC.errno() != Errno.EEXIST && LibC.errno() != Errno.EAGAIN) {
            throw new LinuxException(call, LibC.errno());
        }
        return Math.max(0, struct.bytes().getLong(field));
    }

    private ByteBuffer range(long address, long length) {
        return struct.bytes().putLong(UserfaultLayout.RANGE_START, address).putLong(UserfaultLayout.RANGE_LEN, length);
    }

    /** The next event; null when there is none now. {@link #fd} can be waited for. */
    public Event next() throws LinuxException {
        while (fd.read(message.address(), UserfaultLayout.MSG_SIZE) == UserfaultLayout.MSG_SIZE) {
            ByteBuffer b = message.bytes();
            int event = Byte.toUnsignedInt(b.get(UserfaultLayout.MSG_EVENT));
            switch (event) {
                case UFFD_EVENT_PAGEFAULT -> {
                    return new Event(event, b.getLong(UserfaultLayout.MSG_PAGEFAULT_ADDRESS), 0);
                }
                case UFFD_EVENT_REMOVE, UFFD_EVENT_UNMAP -> {
                    return new Event(event, b.getLong(UserfaultLayout.MSG_REMOVE_START), b.getLong(UserfaultLayout.MSG_REMOVE_END));
                }
                default -> { } // of features that are not asked for here
            }
        }
        return null;
    }

    /** The descriptor: to wait for, or to hand to another process. */
    public Fd fd() {
        return fd;
    }

    /** Afterwards pages that are missing read as zero. */
    @Override
    public void close() {
        fd.close();
    }

    private static void check(String call, int result) throws LinuxException {
        if (result < 0) {
            throw new LinuxException(call, LibC.errno());
        }
    }
}
