package io.vmm4j.kvm.libc;

import java.lang.ref.Reference;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * An open file descriptor and the calls on it. Reads and writes take addresses and return the count that the kernel
 * moved, which may be less than asked; EINTR is retried, EAGAIN is {@link #WOULD_BLOCK}, anything else throws.
 *
 * <p>Thread-safe as the kernel is. Closing while another thread is inside a call is the owner's mistake: the number may
 * be given to another file at once. Calls that begin after the close fail with EBADF. Double close is harmless.
 */
public final class Fd implements AutoCloseable {
    /** Open for reading only. */
    public static final int O_RDONLY = 0;
    /** Open for writing only. */
    public static final int O_WRONLY = 1;
    /** Open for reading and writing. */
    public static final int O_RDWR = 2;
    /** Create the file when it is missing. */
    public static final int O_CREAT = 0x40;
    /** With O_CREAT: fail when it exists. */
    public static final int O_EXCL = 0x80;
    /** Do not make a terminal the controlling one. */
    public static final int O_NOCTTY = 0x100;
    /** Cut an existing file to length 0. */
    public static final int O_TRUNC = 0x200;
    /** Each write goes to what is the end of the file then. */
    public static final int O_APPEND = 0x400;
    /** Calls return EAGAIN rather than wait. */
    public static final int O_NONBLOCK = 0x800;
    /** Each write reaches the medium before it returns, as fdatasync would. */
    public static final int O_DSYNC = 0x1000;
    /** Past the page cache; buffers, lengths and offsets must be aligned to the block size. */
    public static final int O_DIRECT = 0x4000;
    /** Fail unless the path is a directory. */
    public static final int O_DIRECTORY = 0x10000;
    /** Fail when the path's last part is a symbolic link; with {@link #O_PATH}, the link itself. */
    public static final int O_NOFOLLOW = 0x20000;
    /** Closed in children on exec. Always wanted; {@link #open} adds it. */
    public static final int O_CLOEXEC = 0x80000;
    /** Only a name for the file: it is not opened for reading or writing, and may be a socket's. */
    public static final int O_PATH = 0x200000;
    /** An unnamed file in the directory given as path. */
    public static final int O_TMPFILE = 0x410000;

    /** poll: there is something to read. */
    public static final int POLLIN = 1;
    /** poll: a write would not block. */
    public static final int POLLOUT = 4;
    /** poll: an error condition. Reported without being asked for. */
    public static final int POLLERR = 8;
    /** poll: the other end hung up. Reported without being asked for. */
    public static final int POLLHUP = 16;
    /** poll: not an open descriptor. Reported without being asked for. */
    public static final int POLLNVAL = 32;

    /** Returned by the read and write calls in place of EAGAIN. */
    public static final int WOULD_BLOCK = -1;

    private static final int CLOSED = -1;
    private static final int LOCK_EX = 2;
    private static final int LOCK_NB = 4;
    private static final int F_GETFL = 3;
    private static final int F_SETFL = 4;
    private static final int F_DUPFD_CLOEXEC = 1030;
    private static final int FALLOC_FL_KEEP_SIZE = 1;
    private static final int FALLOC_FL_PUNCH_HOLE = 2;
    private static final int FALLOC_FL_ZERO_RANGE = 0x10;
    private static final long BLKGETSIZE64 = 0x80081272L;
    private static final long BLKSSZGET = 0x1268L;
    private static final long BLKPBSZGET = 0x127bL;
    private static final long BLKDISCARD = 0x1277L;
    private static final long BLKZEROOUT = 0x127fL;

    private final AtomicInteger number;

    private Fd(int number) {
        this.number = new AtomicInteger(number);
    }

    /** Takes over the open descriptor {@code number}; closing this object closes it. */
    public static Fd of(int number) {
        if (number < 0) {
            throw new IllegalArgumentException("file descriptor " + number + " is negative");
        }
        return new Fd(number);
    }

    /**
     * open(2) with O_CLOEXEC added, mode 0666 less the umask for a new file.
     *
     * @param flags O_ constants of this class
     */
    public static Fd open(Path path, int flags) throws LinuxException {
        return open(path, flags, 0666);
    }

    /** open(2) with O_CLOEXEC added and a mode for a new file. */
    public static Fd open(Path path, int flags, int mode) throws LinuxException {
        NativeStruct name = NativeStruct.string(path.toString());
        int fd;
        do {
            fd = LibC.open(name, flags | O_CLOEXEC, mode);
        } while (fd < 0 && LibC.errno() == Errno.EINTR);
        if (fd < 0) {
            throw new LinuxException("open(" + path + ")", LibC.errno());
        }
        return new Fd(fd);
    }

    /**
     * openat(2) of a file in the directory that this descriptor is open on, wherever that is by now; O_CLOEXEC is added.
     *
     * @param name of the file, relative to the directory
     * @param mode for a new file
     */
    public Fd openAt(String name, int flags, int mode) throws LinuxException {
        NativeStruct text = NativeStruct.string(name);
        int fd;
        do {
            fd = LibC.openat(value(), text, flags | O_CLOEXEC, mode);
        } while (fd < 0 && retry());
        if (fd < 0) {
            throw new LinuxException("open(" + name + ")", LibC.errno());
        }
        return new Fd(fd);
    }

    /** A second descriptor of the open file behind {@code number}, whose offset and flags it shares. */
    public static Fd duplicate(int number) throws LinuxException {
        int fd = LibC.fcntl(number, F_DUPFD_CLOEXEC, 0);
        check("fcntl(F_DUPFD_CLOEXEC)", fd);
        return new Fd(fd);
    }

    /** The descriptor's number; -1 once closed, which every call answers with EBADF. */
    public int value() {
        return number.get();
    }

    /** read(2): up to {@code length} bytes to {@code address}; 0 is the end of the file. */
    public long read(long address, long length) throws LinuxException {
        long n;
        do {
            n = LibC.read(value(), address, length);
        } while (n < 0 && retry());
        return n < 0 ? wouldBlock("read") : n;
    }

    /** write(2): up to {@code length} bytes from {@code address}. */
    public long write(long address, long length) throws LinuxException {
        long n;
        do {
            n = LibC.write(value(), address, length);
        } while (n < 0 && retry());
        return n < 0 ? wouldBlock("write") : n;
    }

    /** pread(2): as read, at a byte offset of the file. */
    public long pread(long address, long length, long offset) throws LinuxException {
        long n;
        do {
            n = LibC.pread(value(), address, length, offset);
        } while (n < 0 && retry());
        return n < 0 ? wouldBlock("pread") : n;
    }

    /** pwrite(2): as write, at a byte offset of the file. */
    public long pwrite(long address, long length, long offset) throws LinuxException {
        long n;
        do {
            n = LibC.pwrite(value(), address, length, offset);
        } while (n < 0 && retry());
        return n < 0 ? wouldBlock("pwrite") : n;
    }

    /** readv(2) into the pieces of {@code vector}; does not change it. */
    public long readv(IoVec vector) throws LinuxException {
        long n;
        do {
            n = LibC.readv(value(), vector.address(), vector.count());
        } while (n < 0 && retry());
        Reference.reachabilityFence(vector);
        return n < 0 ? wouldBlock("readv") : n;
    }

    /** writev(2) from the pieces of {@code vector}; does not change it. */
    public long writev(IoVec vector) throws LinuxException {
        long n;
        do {
            n = LibC.writev(value(), vector.address(), vector.count());
        } while (n < 0 && retry());
        Reference.reachabilityFence(vector);
        return n < 0 ? wouldBlock("writev") : n;
    }

    /** preadv(2): as readv, at a byte offset of the file. */
    public long preadv(IoVec vector, long offset) throws LinuxException {
        long n;
        do {
            n = LibC.preadv(value(), vector.address(), vector.count(), offset);
        } while (n < 0 && retry());
        Reference.reachabilityFence(vector);
        return n < 0 ? wouldBlock("preadv") : n;
    }

    /** pwritev(2): as writev, at a byte offset of the file. */
    public long pwritev(IoVec vector, long offset) throws LinuxException {
        long n;
        do {
            n = LibC.pwritev(value(), vector.address(), vector.count(), offset);
        } while (n < 0 && retry());
        Reference.reachabilityFence(vector);
        return n < 0 ? wouldBlock("pwritev") : n;
    }

    /** fallocate(2) punching a hole: the range reads as zeros and its blocks go back to the file system. */
    public void punchHole(long offset, long length) throws LinuxException {
        fallocate("fallocate(PUNCH_HOLE)", FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length);
    }

    /** fallocate(2) zeroing a range that stays allocated; the file does not grow. */
    public void zeroRange(long offset, long length) throws LinuxException {
        fallocate("fallocate(ZERO_RANGE)", FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, offset, length);
    }

    /** fallocate(2) without flags: reserves the blocks of a range, growing the file when it ends beyond. */
    public void allocate(long offset, long length) throws LinuxException {
        fallocate("fallocate", 0, offset, length);
    }

    private void fallocate(String call, int mode, long offset, long length) throws LinuxException {
        int result;
        do {
            result = LibC.fallocate(value(), mode, offset, length);
        } while (result < 0 && retry());
        check(call, result);
    }

    /** fdatasync(2): the data, and what is needed to read it back, is on the medium. */
    public void dataSync() throws LinuxException {
        int result;
        do {
            result = LibC.fdatasync(value());
        } while (result < 0 && retry());
        check("fdatasync", result);
    }

    /** fsync(2): as {@link #dataSync}, with all that is known of the file; of a directory, the names in it are on the medium. */
    public void sync() throws LinuxException {
        int result;
        do {
            result = LibC.fsync(value());
        } while (result < 0 && retry());
        check("fsync", result);
    }

    /** ftruncate(2): sets the length in bytes. */
    public void truncate(long length) throws LinuxException {
        int result;
        do {
            result = LibC.ftruncate(value(), length);
        } while (result < 0 && retry());
        check("ftruncate", result);
    }

    /**
     * Takes the exclusive lock of flock(2) without waiting; also on a directory. It is the open file's, so two in one process
     * exclude each other, and ends when the last descriptor of the open file is closed.
     *
     * @return false when it is held elsewhere
     */
    public boolean tryLock() throws LinuxException {
        int result = LibC.flock(value(), LOCK_EX | LOCK_NB);
        if (result < 0 && LibC.errno() == Errno.EAGAIN) {
            return false;
        }
        check("flock", result);
        return true;
    }

    /** fstat(2). */
    public FileStat stat() throws LinuxException {
        NativeStruct stat = NativeStruct.allocate(FileStat.SIZE);
        check("fstat", LibC.fstat(value(), stat));
        return FileStat.readFrom(stat.bytes());
    }

    /** The size in bytes of the block device that this descriptor is open on (BLKGETSIZE64). */
    public long blockDeviceSize() throws LinuxException {
        NativeStruct size = NativeStruct.allocate(Long.BYTES);
        check("ioctl(BLKGETSIZE64)", LibC.ioctl(value(), BLKGETSIZE64, size));
        return size.bytes().getLong(0);
    }

    /** The logical sector size in bytes of the block device that this descriptor is open on (BLKSSZGET). */
    public int blockDeviceSectorSize() throws LinuxException {
        NativeStruct size = NativeStruct.allocate(Integer.BYTES);
        check("ioctl(BLKSSZGET)", LibC.ioctl(value(), BLKSSZGET, size));
        return size.bytes().getInt(0);
    }

    /** The physical sector size in bytes of the block device that this descriptor is open on (BLKPBSZGET). */
    public int blockDevicePhysicalSectorSize() throws LinuxException {
        NativeStruct size = NativeStruct.allocate(Integer.BYTES);
        check("ioctl(BLKPBSZGET)", LibC.ioctl(value(), BLKPBSZGET, size));
        return size.bytes().getInt(0);
    }

    /** Gives a range of a block device back (BLKDISCARD), in whole logical sectors; what it reads as then is undefined. */
    public void discardBlocks(long offset, long length) throws LinuxException {
        check("ioctl(BLKDISCARD)", LibC.ioctl(value(), BLKDISCARD, range(offset, length)));
    }

    /** Makes a range of a block device read as zeros (BLKZEROOUT), in whole logical sectors; it stays allocated. */
    public void zeroBlocks(long offset, long length) throws LinuxException {
        check("ioctl(BLKZEROOUT)", LibC.ioctl(value(), BLKZEROOUT, range(offset, length)));
    }

    /* uint64_t range[2]: start and length in bytes. */
    private static NativeStruct range(long offset, long length) {
        NativeStruct range = NativeStruct.allocate(2 * Long.BYTES);
        range.bytes().putLong(0, offset).putLong(Long.BYTES, length);
        return range;
    }

    /** Switches O_NONBLOCK. It belongs to the open file, so it is seen through every duplicate of the descriptor. */
    public void setNonBlocking(boolean on) throws LinuxException {
        int flags = LibC.fcntl(value(), F_GETFL, 0);
        check("fcntl(F_GETFL)", flags);
        check("fcntl(F_SETFL)", LibC.fcntl(value(), F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK));
    }

    /**
     * Waits in poll(2) for any of {@code events}.
     *
     * @param events POLL constants
     * @param timeoutMillis 0 to look only, -1 to wait without bound
     * @return the POLL bits that hold; 0 when the time was up or a signal came first
     */
    public int poll(int events, int timeoutMillis) throws LinuxException {
        NativeStruct pollfd = NativeStruct.allocate(8);
        pollfd.bytes().putInt(0, value()).putShort(4, (short) events);
        int ready = LibC.poll(pollfd, 1, timeoutMillis);
        if (ready < 0 && LibC.errno() != Errno.EINTR) {
            throw new LinuxException("poll", LibC.errno());
        }
        return ready > 0 ? pollfd.bytes().getShort(6) : 0;
    }

    /** The number, which somebody else is to close from here on: for this it is closed. */
    int detach() {
        return number.getAndSet(CLOSED);
    }

    @Override
    public void close() {
        int fd = number.getAndSet(CLOSED);
        if (fd != CLOSED) {
            // The kernel frees the number even when close reports a late write error; those show up in dataSync.
            LibC.close(fd);
        }
    }

    @Override
    public String toString() {
        return "fd " + value();
    }

    private static boolean retry() {
        return LibC.errno() == Errno.EINTR;
    }

    private static long wouldBlock(String call) throws LinuxException {
        int errno = LibC.errno();
        if (errno == Errno.EAGAIN) {
            return WOULD_BLOCK;
        }
        throw new LinuxException(call, errno);
    }

    private static void check(String call, int result) throws LinuxException {
        if (result < 0) {
            throw new LinuxException(call, LibC.errno());
        }
    }
}
