package io.vmm4j.kvm.libc;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import java.lang.ref.Reference;
import java.nio.Buffer;
import java.nio.ByteBuffer;

/**
 * The C library as this project uses it, with {@link ProcessCalls}: thin, allocation-free, one line a system call.
 *
 * <p>Only three functions are registered with JNA, because each registration costs start-up time: {@code ioctl},
 * the {@code syscall} entry that carries all the others, and {@code memset} (see {@link #address}). The numbers are
 * those of x86-64 Linux. Every method returns what the kernel returned, -1 for an error; {@link #errno()} then holds
 * the reason for the calling thread until its next call. Memory is named by its address, or by a {@link NativeStruct}
 * that is kept reachable during the call.
 *
 * <p>Thread-safe: holds no state.
 */
public final class LibC {
    private static final int SYS_READ = 0;
    private static final int SYS_WRITE = 1;
    private static final int SYS_OPEN = 2;
    private static final int SYS_CLOSE = 3;
    private static final int SYS_FSTAT = 5;
    private static final int SYS_POLL = 7;
    private static final int SYS_MMAP = 9;
    private static final int SYS_MPROTECT = 10;
    private static final int SYS_MUNMAP = 11;
    private static final int SYS_PREAD64 = 17;
    private static final int SYS_PWRITE64 = 18;
    private static final int SYS_READV = 19;
    private static final int SYS_WRITEV = 20;
    private static final int SYS_MSYNC = 26;
    private static final int SYS_MINCORE = 27;
    private static final int SYS_MADVISE = 28;
    private static final int SYS_SOCKET = 41;
    private static final int SYS_CONNECT = 42;
    private static final int SYS_SENDTO = 44;
    private static final int SYS_RECVFROM = 45;
    private static final int SYS_SHUTDOWN = 48;
    private static final int SYS_BIND = 49;
    private static final int SYS_LISTEN = 50;
    private static final int SYS_GETSOCKOPT = 55;
    private static final int SYS_FCNTL = 72;
    private static final int SYS_FLOCK = 73;
    private static final int SYS_FSYNC = 74;
    private static final int SYS_FDATASYNC = 75;
    private static final int SYS_FTRUNCATE = 77;
    private static final int SYS_CLOCK_GETTIME = 228;
    private static final int SYS_EPOLL_WAIT = 232;
    private static final int SYS_EPOLL_CTL = 233;
    private static final int SYS_OPENAT = 257;
    private static final int SYS_TIMERFD_CREATE = 283;
    private static final int SYS_FALLOCATE = 285;
    private static final int SYS_TIMERFD_SETTIME = 286;
    private static final int SYS_ACCEPT4 = 288;
    private static final int SYS_EVENTFD2 = 290;
    private static final int SYS_EPOLL_CREATE1 = 291;
    private static final int SYS_PREADV = 295;
    private static final int SYS_PWRITEV = 296;
    private static final int SYS_RENAMEAT2 = 316;
    private static final int SYS_GETRANDOM = 318;
    private static final int SYS_MEMFD_CREATE = 319;
    private static final int SYS_IO_URING_SETUP = 425;
    private static final int SYS_IO_URING_ENTER = 426;
    private static final int SYS_IO_URING_REGISTER = 427;

    static {
        // The process handle needs no library search: libc is loaded already.
        DirectCalls.register(LibC.class, NativeLibrary.getProcess());
    }

    private LibC() {
    }

    /** ioctl(2). Variadic in C; on x86-64 the third argument travels in the same register either way. */
    public static native int ioctl(int fd, long request, long argument);

    static native long syscall(long number, long a, long b, long c, long d, long e, long f);

    private static native long memset(Buffer buffer, int value, long length);

    /** The errno of the calling thread's last call through this class. */
    public static int errno() {
        return Native.getLastError();
    }

    /**
     * The address of byte 0 of a direct buffer (not of its position); the caller keeps the buffer reachable while the
     * address is in use. A zero-length memset returns its argument, which makes this free of allocation, as
     * {@code Native.getDirectBufferPointer} is not.
     *
     * @throws IllegalArgumentException when the buffer is not direct
     */
    public static long address(ByteBuffer direct) {
        if (!direct.isDirect()) {
            throw new IllegalArgumentException("buffer is not direct: " + direct);
        }
        // JNA passes the address of a buffer's position.
        return memset(direct, 0, 0) - direct.position();
    }

    /** ioctl(2) on a structure, which stays reachable until the call is back. */
    public static int ioctl(int fd, long request, NativeStruct argument) {
        try {
            return ioctl(fd, request, argument.address());
        } finally {
            Reference.reachabilityFence(argument);
        }
    }

    /** As {@link #syscall}, with a structure or string as argument number {@code index}, kept reachable. */
    static int syscall(int number, NativeStruct struct, int index, long a, long b, long c, long d) {
        try {
            long p = struct.address();
            return (int) switch (index) {
                case 0 -> syscall(number, p, a, b, c, d, 0);
                case 1 -> syscall(number, a, p, b, c, d, 0);
                case 2 -> syscall(number, a, b, p, c, d, 0);
                default -> syscall(number, a, b, c, p, d, 0);
            };
        } finally {
            Reference.reachabilityFence(struct);
        }
    }

    /** open(2). */
    public static int open(NativeStruct path, int flags, int mode) {
        return syscall(SYS_OPEN, path, 0, flags, mode, 0, 0);
    }

    /** openat(2). */
    static int openat(int directory, NativeStruct name, int flags, int mode) {
        return syscall(SYS_OPENAT, name, 1, directory, flags, mode, 0);
    }

    /** close(2). */
    public static int close(int fd) {
        return (int) syscall(SYS_CLOSE, fd, 0, 0, 0, 0, 0);
    }

    /** read(2). */
    public static long read(int fd, long address, long length) {
        return syscall(SYS_READ, fd, address, length, 0, 0, 0);
    }

    /** write(2). */
    public static long write(int fd, long address, long length) {
        return syscall(SYS_WRITE, fd, address, length, 0, 0, 0);
    }

    /** pread(2). */
    public static long pread(int fd, long address, long length, long offset) {
        return syscall(SYS_PREAD64, fd, address, length, offset, 0, 0);
    }

    /** pwrite(2). */
    public static long pwrite(int fd, long address, long length, long offset) {
        return syscall(SYS_PWRITE64, fd, address, length, offset, 0, 0);
    }

    /** readv(2). */
    public static long readv(int fd, long iovec, int count) {
        return syscall(SYS_READV, fd, iovec, count, 0, 0, 0);
    }

    /** writev(2). */
    public static long writev(int fd, long iovec, int count) {
        return syscall(SYS_WRITEV, fd, iovec, count, 0, 0, 0);
    }

    /** preadv(2). The kernel takes the offset as two words of 32 significant bits; 64-bit kernels ignore the second. */
    public static long preadv(int fd, long iovec, int count, long offset) {
        return syscall(SYS_PREADV, fd, iovec, count, offset, 0, 0);
    }

    /** pwritev(2). */
    public static long pwritev(int fd, long iovec, int count, long offset) {
        return syscall(SYS_PWRITEV, fd, iovec, count, offset, 0, 0);
    }

    /** mmap(2). */
    public static long mmap(long hint, long length, int protection, int flags, int fd, long offset) {
        return syscall(SYS_MMAP, hint, length, protection, flags, fd, offset);
    }

    /** mprotect(2). */
    public static int mprotect(long address, long length, int protection) {
        return (int) syscall(SYS_MPROTECT, address, length, protection, 0, 0, 0);
    }

    /** munmap(2). */
    public static int munmap(long address, long length) {
        return (int) syscall(SYS_MUNMAP, address, length, 0, 0, 0, 0);
    }

    /** madvise(2). */
    public static int madvise(long address, long length, int advice) {
        return (int) syscall(SYS_MADVISE, address, length, advice, 0, 0, 0);
    }

    /** mincore(2) into a byte a page. */
    static int mincore(long address, long length, long vector) {
        return (int) syscall(SYS_MINCORE, address, length, vector, 0, 0, 0);
    }

    /** msync(2). */
    public static int msync(long address, long length, int flags) {
        return (int) syscall(SYS_MSYNC, address, length, flags, 0, 0, 0);
    }

    /** ftruncate(2). */
    public static int ftruncate(int fd, long length) {
        return (int) syscall(SYS_FTRUNCATE, fd, length, 0, 0, 0, 0);
    }

    /** fallocate(2). */
    public static int fallocate(int fd, int mode, long offset, long length) {
        return (int) syscall(SYS_FALLOCATE, fd, mode, offset, length, 0, 0);
    }

    /** fdatasync(2). */
    public static int fdatasync(int fd) {
        return (int) syscall(SYS_FDATASYNC, fd, 0, 0, 0, 0, 0);
    }

    /** fsync(2). */
    public static int fsync(int fd) {
        return (int) syscall(SYS_FSYNC, fd, 0, 0, 0, 0, 0);
    }

    /** fcntl(2) on a structure. */
    public static int fcntl(int fd, int command, NativeStruct argument) {
        return syscall(SYS_FCNTL, argument, 2, fd, command, 0, 0);
    }

    /** fcntl(2). */
    public static int fcntl(int fd, int command, long argument) {
        return (int) syscall(SYS_FCNTL, fd, command, argument, 0, 0, 0);
    }

    /** flock(2). */
    public static int flock(int fd, int operation) {
        return (int) syscall(SYS_FLOCK, fd, operation, 0, 0, 0, 0);
    }

    /** renameat2(2), each path relative to its directory's descriptor. */
    public static int renameat2(int fromDirectory, NativeStruct from, int toDirectory, NativeStruct to, int flags) {
        try {
            return (int) syscall(SYS_RENAMEAT2, fromDirectory, from.address(), toDirectory, to.address(), flags, 0);
        } finally {
            Reference.reachabilityFence(from);
            Reference.reachabilityFence(to);
        }
    }

    /** fstat(2) into a {@code struct stat} of 144 bytes. */
    public static int fstat(int fd, NativeStruct stat) {
        return syscall(SYS_FSTAT, stat, 1, fd, 0, 0, 0);
    }

    /** poll(2) on an array of {@code struct pollfd}. */
    public static int poll(NativeStruct pollfds, int count, int timeoutMillis) {
        return syscall(SYS_POLL, pollfds, 0, count, timeoutMillis, 0, 0);
    }

    /** eventfd2(2). */
    public static int eventfd(int initial, int flags) {
        return (int) syscall(SYS_EVENTFD2, initial, flags, 0, 0, 0, 0);
    }

    /** timerfd_create(2). */
    public static int timerfdCreate(int clock, int flags) {
        return (int) syscall(SYS_TIMERFD_CREATE, clock, flags, 0, 0, 0, 0);
    }

    /** timerfd_settime(2). */
    public static int timerfdSettime(int fd, int flags, NativeStruct newValue) {
        return syscall(SYS_TIMERFD_SETTIME, newValue, 2, fd, flags, 0, 0);
    }

    /** epoll_create1(2). */
    public static int epollCreate(int flags) {
        return (int) syscall(SYS_EPOLL_CREATE1, flags, 0, 0, 0, 0, 0);
    }

    /** epoll_ctl(2). */
    public static int epollCtl(int epoll, int operation, int fd, NativeStruct event) {
        return syscall(SYS_EPOLL_CTL, event, 3, epoll, operation, fd, 0);
    }

    /** epoll_wait(2). */
    public static int epollWait(int epoll, NativeStruct events, int capacity, int timeoutMillis) {
        return syscall(SYS_EPOLL_WAIT, events, 1, epoll, capacity, timeoutMillis, 0);
    }

    /** getrandom(2). */
    public static long getrandom(long address, long length, int flags) {
        return syscall(SYS_GETRANDOM, address, length, flags, 0, 0, 0);
    }

    /** memfd_create(2). */
    public static int memfdCreate(NativeStruct name, int flags) {
        return syscall(SYS_MEMFD_CREATE, name, 0, flags, 0, 0, 0);
    }

    /** socket(2). */
    public static int socket(int family, int type, int protocol) {
        return (int) syscall(SYS_SOCKET, family, type, protocol, 0, 0, 0);
    }

    /** bind(2). */
    public static int bind(int fd, NativeStruct address, int length) {
        return syscall(SYS_BIND, address, 1, fd, length, 0, 0);
    }

    /** listen(2). */
    public static int listen(int fd, int backlog) {
        return (int) syscall(SYS_LISTEN, fd, backlog, 0, 0, 0, 0);
    }

    /** accept4(2) without the peer's address. */
    public static int accept(int fd, int flags) {
        return (int) syscall(SYS_ACCEPT4, fd, 0, 0, flags, 0, 0);
    }

    /** connect(2). */
    public static int connect(int fd, NativeStruct address, int length) {
        return syscall(SYS_CONNECT, address, 1, fd, length, 0, 0);
    }

    /** getsockopt(2); {@code length} holds the room in {@code value}, 32 bits, and then what was put there. */
    static int getsockopt(int fd, int level, int option, NativeStruct value, NativeStruct length) {
        try {
            return (int) syscall(SYS_GETSOCKOPT, fd, level, option, value.address(), length.address(), 0);
        } finally {
            Reference.reachabilityFence(value);
            Reference.reachabilityFence(length);
        }
    }

    /** shutdown(2). */
    public static int shutdown(int fd, int how) {
        return (int) syscall(SYS_SHUTDOWN, fd, how, 0, 0, 0, 0);
    }

    /** send(2). */
    public static long send(int fd, long address, long length, int flags) {
        return syscall(SYS_SENDTO, fd, address, length, flags, 0, 0);
    }

    /** recv(2). */
    public static long recv(int fd, long address, long length, int flags) {
        return syscall(SYS_RECVFROM, fd, address, length, flags, 0, 0);
    }

    /** io_uring_setup(2) with a {@code struct io_uring_params}. */
    public static int ioUringSetup(int entries, NativeStruct params) {
        return syscall(SYS_IO_URING_SETUP, params, 1, entries, 0, 0, 0);
    }

    /** io_uring_enter(2) without a signal mask. */
    public static int ioUringEnter(int ring, int submit, int minComplete, int flags) {
        return (int) syscall(SYS_IO_URING_ENTER, ring, submit, minComplete, flags, 0, 0);
    }

    /** io_uring_register(2). */
    public static int ioUringRegister(int ring, int opcode, NativeStruct argument, int count) {
        return syscall(SYS_IO_URING_REGISTER, argument, 2, ring, opcode, count, 0);
    }

    /** clock_gettime(2) into a {@code struct timespec} of 16 bytes. */
    static int clockGettime(int clock, NativeStruct time) {
        return syscall(SYS_CLOCK_GETTIME, time, 1, clock, 0, 0, 0);
    }
}
