package io.vmm4j.kvm.libc;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * System calls on files named by a directory's descriptor and one name in it, or by a descriptor alone. Each returns what the kernel
 * returned, and for an error the negative error number, see {@link Errno}; EINTR is retried.
 *
 * <p>Holds the memory that names and answers pass through, so that a call allocates nothing outside the heap: one for each thread.
 */
public final class FileCalls {
    /** Bytes of the longest name or path, without its NUL. */
    public static final int NAME_MAX = 4095;
    /** Bytes of the longest value of an attribute, and of the list of their names. */
    public static final int VALUE_MAX = 0x1_0000;

    /** utimensat: the time of the call. */
    public static final int UTIME_NOW = 0x3FFF_FFFF;
    /** utimensat: as it is. */
    public static final int UTIME_OMIT = 0x3FFF_FFFE;
    /** unlinkat: a directory. */
    public static final int AT_REMOVEDIR = 0x200;

    private static final byte[] NO_NAME = {};
    private static final int AT_FDCWD = -100;
    private static final int AT_SYMLINK_NOFOLLOW = 0x100;
    private static final int AT_SYMLINK_FOLLOW = 0x400;
    private static final int AT_EMPTY_PATH = 0x1000;
    private static final long RESOLVE_NO_MAGICLINKS = 2;
    private static final long RESOLVE_NO_SYMLINKS = 4;
    private static final long RESOLVE_BENEATH = 8;

    private static final int SYS_LSEEK = 8;
    private static final int SYS_FCHMOD = 91;
    private static final int SYS_FSTATFS = 138;
    private static final int SYS_SETXATTR = 188;
    private static final int SYS_GETXATTR = 191;
    private static final int SYS_LISTXATTR = 194;
    private static final int SYS_REMOVEXATTR = 197;
    private static final int SYS_GETDENTS64 = 217;
    private static final int SYS_OPENAT = 257;
    private static final int SYS_MKDIRAT = 258;
    private static final int SYS_MKNODAT = 259;
    private static final int SYS_FCHOWNAT = 260;
    private static final int SYS_UNLINKAT = 263;
    private static final int SYS_LINKAT = 265;
    private static final int SYS_SYMLINKAT = 266;
    private static final int SYS_READLINKAT = 267;
    private static final int SYS_FCHMODAT = 268;
    private static final int SYS_FACCESSAT = 269;
    private static final int SYS_UTIMENSAT = 280;
    private static final int SYS_PWRITEV2 = 328;
    private static final int SYS_STATX = 332;
    private static final int SYS_SYNCFS = 306;
    private static final int SYS_FCNTL = 72;
    private static final int F_DUPFD_CLOEXEC = 1030;
    private static final int RWF_APPEND = 0x10;
    private static final int SYS_COPY_FILE_RANGE = 326;
    private static final int SYS_OPENAT2 = 437;

    /* Where things are in the memory. */
    private static final int NAME = 0;
    private static final int OTHER_NAME = 4096;
    private static final int STRUCT = 8192;
    private static final int VALUE = 8192 + 1024;
    /* struct open_how { u64 flags, mode, resolve; } */
    private static final int OPEN_HOW = 24;

    private boolean isStatxSpoken = true;
    private final NativeStruct memory = NativeStruct.allocate(VALUE + VALUE_MAX);
    private final ByteBuffer bytes = memory.bytes();
    private final long name = memory.address() + NAME;
    private final long otherName = memory.address() + OTHER_NAME;
    private final long struct = memory.address() + STRUCT;
    private final long value = memory.address() + VALUE;

    private static int result(long returned) {
        return returned < 0 ? -LibC.errno() : (int) returned;
    }

    private boolean put(int at, byte[] text) {
        if (text.length > NAME_MAX) {
            return false;
        }
        bytes.put(at, text);
        bytes.put(at + text.length, (byte) 0);
        return true;
    }

    private interface Call {
        long run();
    }

    private int named(byte[] text, Call call) {
        if (!put(NAME, text)) {
            return -Errno.ENAMETOOLONG;
        }
        return retried(call);
    }

    private static int retried(Call call) {
        int done;
        do {
            done = result(call.run());
        } while (done == -Errno.EINTR);
        return done;
    }

    /**
     * Opens a name in {@code directory}, and nothing that is not below it: a symbolic link is not followed, and with {@link Fd#O_PATH} and
     * {@link Fd#O_NOFOLLOW} opened itself. O_CLOEXEC is added. On a kernel without openat2(2) a name of one part does as well.
     *
     * @param mode of a file that is made, with O_CREAT only
     */
    public int openBeneath(int directory, byte[] text, int flags, int mode) {
        bytes.putLong(STRUCT, flags | Fd.O_CLOEXEC).putLong(STRUCT + 8, (flags & Fd.O_CREAT) == 0 ? 0 : mode)
                .putLong(STRUCT + 16, RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS);
        int fd = named(text, () -> LibC.syscall(SYS_OPENAT2, directory, name, struct, OPEN_HOW, 0, 0));
        return fd == -Errno.ENOSYS ? named(text, () -> LibC.syscall(SYS_OPENAT, directory, name, flags | Fd.O_CLOEXEC | Fd.O_NOFOLLOW, mode, 0, 0)) : fd;
    }

    /** Opens {@code text} in {@code directory} as the kernel's own links are, which is for /proc/self/fd alone. O_CLOEXEC is added. */
    public int openLink(int directory, byte[] text, int flags) {
        return named(text, () -> LibC.syscall(SYS_OPENAT, directory, name, flags | Fd.O_CLOEXEC, 0, 0, 0));
    }

    /** Opens a path. O_CLOEXEC is added. */
    public int openPath(String path, int flags) {
        return openLink(AT_FDCWD, NativeStruct.encode(path), flags);
    }

    /** close(2). */
    public void close(int fd) {
        LibC.close(fd);
    }

    /** statx(2), or where the host has it not or forbids it fstat(2), after which {@link #status()} has it. */
    public int stat(int fd) {
        if (isStatxSpoken) {
            int done = named(NO_NAME, () -> LibC.syscall(SYS_STATX, fd, name, AT_EMPTY_PATH, InodeStatus.STATX_WANTED, struct, 0));
            if (done != -Errno.ENOSYS && done != -Errno.EPERM) {
                return done;
            }
            isStatxSpoken = false;
        }
        return result(LibC.syscall(5, fd, struct, 0, 0, 0, 0));
    }

    /** What the last {@link #stat} has said. */
    public InodeStatus status() {
        ByteBuffer said = bytes.slice(STRUCT, InodeStatus.STATX_SIZE).order(bytes.order());
        return isStatxSpoken ? InodeStatus.readFromStatx(said) : InodeStatus.readFrom(said);
    }

    /** fstatfs(2), after which {@link #fileSystemStatus()} has it. */
    public int statFileSystem(int fd) {
        return retried(() -> LibC.syscall(SYS_FSTATFS, fd, struct, 0, 0, 0, 0));
    }

    /** What the last {@link #statFileSystem} has said. */
    public FileSystemStatus fileSystemStatus() {
        return FileSystemStatus.readFrom(bytes.slice(STRUCT, FileSystemStatus.SIZE).order(bytes.order()));
    }

    /** mkdirat(2). */
    public int mkdir(int directory, byte[] text, int mode) {
        return named(text, () -> LibC.syscall(SYS_MKDIRAT, directory, name, mode, 0, 0, 0));
    }

    /** mknodat(2). */
    public int mknod(int directory, byte[] text, int mode, int device) {
        return named(text, () -> LibC.syscall(SYS_MKNODAT, directory, name, mode, device & 0xFFFF_FFFFL, 0, 0));
    }

    /** unlinkat(2). */
    public int unlink(int directory, byte[] text, int flags) {
        return named(text, () -> LibC.syscall(SYS_UNLINKAT, directory, name, flags, 0, 0, 0));
    }

    /** symlinkat(2). */
    public int symlink(byte[] target, int directory, byte[] text) {
        return !put(OTHER_NAME, target) ? -Errno.ENAMETOOLONG
                : named(text, () -> LibC.syscall(SYS_SYMLINKAT, otherName, directory, name, 0, 0, 0));
    }

    /** readlinkat(2) of the link that {@code fd} is; the {@code n} bytes are in {@link #value(int)} then. */
    public int readlink(int fd) {
        return named(NO_NAME, () -> LibC.syscall(SYS_READLINKAT, fd, name, value, NAME_MAX, 0, 0));
    }

    /** linkat(2) of what one of the kernel's own links in {@code links} is. */
    public int link(int links, byte[] number, int directory, byte[] text) {
        return !put(OTHER_NAME, number) ? -Errno.ENAMETOOLONG
                : named(text, () -> LibC.syscall(SYS_LINKAT, links, otherName, directory, name, AT_SYMLINK_FOLLOW, 0));
    }

    /** renameat2(2). */
    public int rename(int directory, byte[] text, int newDirectory, byte[] newText, int flags) {
        return !put(OTHER_NAME, newText) ? -Errno.ENAMETOOLONG
                : named(text, () -> LibC.syscall(316, directory, name, newDirectory, otherName, flags, 0));
    }

    /** fchmodat(2) of what one of the kernel's own links is. */
    public int chmod(int links, byte[] number, int mode) {
        return named(number, () -> LibC.syscall(SYS_FCHMODAT, links, name, mode, 0, 0, 0));
    }

    /** fchmod(2). */
    public int chmod(int fd, int mode) {
        return retried(() -> LibC.syscall(SYS_FCHMOD, fd, mode, 0, 0, 0, 0));
    }

    /** fchownat(2) of the file that {@code fd} is; -1 leaves an id as it is. */
    public int chown(int fd, int uid, int gid) {
        return named(NO_NAME, () -> LibC.syscall(SYS_FCHOWNAT, fd, name, uid, gid, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW, 0));
    }

    /** utimensat(2) of what one of the kernel's own links is; nanoseconds may be {@link #UTIME_NOW} or {@link #UTIME_OMIT}. */
    public int setTimes(int links, byte[] number, long atime, long atimeNanos, long mtime, long mtimeNanos) {
        bytes.putLong(STRUCT, atime).putLong(STRUCT + 8, atimeNanos).putLong(STRUCT + 16, mtime).putLong(STRUCT + 24, mtimeNanos);
        return named(number, () -> LibC.syscall(SYS_UTIMENSAT, links, name, struct, 0, 0, 0));
    }

    /** faccessat(2) of what one of the kernel's own links is. */
    public int access(int links, byte[] number, int mask) {
        return named(number, () -> LibC.syscall(SYS_FACCESSAT, links, name, mask, 0, 0, 0));
    }

    /** ftruncate(2). */
    public int truncate(int fd, long length) {
        return retried(() -> LibC.ftruncate(fd, length));
    }

    /** fallocate(2). */
    public int allocate(int fd, int mode, long offset, long length) {
        return retried(() -> LibC.fallocate(fd, mode, offset, length));
    }

    /** fsync(2), or fdatasync(2). */
    public int sync(int fd, boolean dataOnly) {
        return retried(() -> dataOnly ? LibC.fdatasync(fd) : LibC.fsync(fd));
    }

    /** syncfs(2). */
    public int syncFileSystem(int fd) {
        return retried(() -> LibC.syscall(SYS_SYNCFS, fd, 0, 0, 0, 0, 0));
    }

    /** lseek(2): the offset. */
    public long seek(int fd, long offset, int whence) {
        long at = LibC.syscall(SYS_LSEEK, fd, offset, whence, 0, 0, 0);
        return at < 0 ? -LibC.errno() : at;
    }

    /** preadv(2): the bytes read. */
    public long read(int fd, IoVec vector, long offset) {
        long n;
        do {
            n = LibC.preadv(fd, vector.address(), vector.count(), offset);
        } while (n < 0 && LibC.errno() == Errno.EINTR);
        return n < 0 ? -LibC.errno() : n;
    }

    /** pwritev(2): the bytes written. */
    public long write(int fd, IoVec vector, long offset) {
        long n;
        do {
            n = LibC.pwritev(fd, vector.address(), vector.count(), offset);
        } while (n < 0 && LibC.errno() == Errno.EINTR);
        return n < 0 ? -LibC.errno() : n;
    }

    /** pwritev2(2) at the end of the file, wherever that is by then: the bytes written. */
    public long append(int fd, IoVec vector, long offset) {
        long n;
        do {
            n = LibC.syscall(SYS_PWRITEV2, fd, vector.address(), vector.count(), offset, 0, RWF_APPEND);
        } while (n < 0 && LibC.errno() == Errno.EINTR);
        return n < 0 ? -LibC.errno() : n;
    }

    /** Another descriptor of the same open file. */
    public int duplicate(int fd) {
        return retried(() -> LibC.syscall(SYS_FCNTL, fd, F_DUPFD_CLOEXEC, 0, 0, 0, 0));
    }

    /** Closes a duplicate of {@code fd}: on network file systems the way to hear of writes that have failed since. */
    public int flush(int fd) {
        int copy = duplicate(fd);
        return copy < 0 ? copy : result(LibC.close(copy));
    }

    /** copy_file_range(2): the bytes copied. */
    public int copy(int from, long fromOffset, int to, long toOffset, long length) {
        bytes.putLong(STRUCT, fromOffset).putLong(STRUCT + 8, toOffset);
        return retried(() -> LibC.syscall(SYS_COPY_FILE_RANGE, from, struct, to, struct + 8, length, 0));
    }

    /** getdents64(2): the bytes that {@link #directory(int)} has then. */
    public int readDirectory(int fd, int length) {
        return retried(() -> LibC.syscall(SYS_GETDENTS64, fd, value, Math.min(length, VALUE_MAX), 0, 0, 0));
    }

    /** Entries as they are in memory: struct linux_dirent64 { u64 d_ino, d_off; u16 d_reclen; u8 d_type; char d_name[]; }; a copy. */
    public ByteBuffer directory(int length) {
        return ByteBuffer.wrap(value(length)).order(bytes.order());
    }

    /** The first bytes that the last call has given, a copy. */
    public byte[] value(int length) {
        byte[] copy = new byte[length];
        bytes.get(VALUE, copy);
        return copy;
    }

    private int pathed(String path, byte[] attribute, Call call) {
        byte[] encoded = NativeStruct.encode(path);
        return !put(OTHER_NAME, attribute) || encoded.length > NAME_MAX ? -Errno.ERANGE : named(encoded, call);
    }

    /** setxattr(2). */
    public int setAttribute(String path, byte[] attribute, byte[] content, int flags) {
        if (content.length > VALUE_MAX) {
            return -Errno.E2BIG;
        }
        bytes.put(VALUE, content);
        return pathed(path, attribute, () -> LibC.syscall(SYS_SETXATTR, name, otherName, value, content.length, flags, 0));
    }

    /** getxattr(2): the length of what {@link #value(int)} has then. */
    public int attribute(String path, byte[] attribute) {
        return pathed(path, attribute, () -> LibC.syscall(SYS_GETXATTR, name, otherName, value, VALUE_MAX, 0, 0));
    }

    /** listxattr(2): the length of what {@link #value(int)} has then. */
    public int attributeNames(String path) {
        return pathed(path, NO_NAME, () -> LibC.syscall(SYS_LISTXATTR, name, value, VALUE_MAX, 0, 0, 0));
    }

    /** removexattr(2). */
    public int removeAttribute(String path, byte[] attribute) {
        return pathed(path, attribute, () -> LibC.syscall(SYS_REMOVEXATTR, name, otherName, 0, 0, 0, 0));
    }

    /** The name of descriptor {@code fd} in /proc/self/fd. */
    public static byte[] number(int fd) {
        byte[] digits = new byte[10];
        int at = digits.length;
        int left = fd;
        do {
            digits[--at] = (byte) ('0' + left % 10);
            left /= 10;
        } while (left > 0);
        return Arrays.copyOfRange(digits, at, digits.length);
    }
}
