package io.vmm4j.kvm.libc;

/**
 * A timerfd(2) on CLOCK_MONOTONIC, armed for one expiry at a time. Confined to one thread at a time.
 */
public final class TimerFd implements AutoCloseable {
    private static final int CLOCK_MONOTONIC = 1;
    private static final int TFD_NONBLOCK = 0x800;
    private static final int TFD_CLOEXEC = 0x80000;
    private static final long NANOS_A_SECOND = 1_000_000_000L;
    /* struct itimerspec { struct timespec { long tv_sec, tv_nsec; } it_interval, it_value; } */
    private static final int ITIMERSPEC_SIZE = 32;
    private static final int IT_VALUE_SEC = 16;
    private static final int IT_VALUE_NSEC = 24;

    private final Fd fd;
    private final NativeStruct spec = NativeStruct.allocate(ITIMERSPEC_SIZE);
    private final NativeStruct expirations = NativeStruct.allocate(Long.BYTES);

    private TimerFd(Fd fd) {
        this.fd = fd;
    }

    /** A new timer, disarmed, non-blocking and closed on exec. */
    public static TimerFd create() throws LinuxException {
        int fd = LibC.timerfdCreate(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
        if (fd < 0) {
            throw new LinuxException("timerfd_create", LibC.errno());
        }
        return new TimerFd(Fd.of(fd));
    }

    /** Expires once, {@code delayNanos} from now, in place of what was armed before; 0 and less mean at once. */
    public void arm(long delayNanos) throws LinuxException {
        // A value of zero would disarm the timer instead.
        set(Math.max(1, delayNanos));
    }

    /** Does not expire any more; an expiry not yet drained is forgotten. */
    public void disarm() throws LinuxException {
        set(0);
    }

    private void set(long nanos) throws LinuxException {
        spec.bytes().putLong(IT_VALUE_SEC, nanos / NANOS_A_SECOND).putLong(IT_VALUE_NSEC, nanos % NANOS_A_SECOND);
        if (LibC.timerfdSettime(fd.value(), 0, spec) < 0) {
            throw new LinuxException("timerfd_settime", LibC.errno());
        }
    }

    /** Takes the expiry: 1 when the timer has expired since it was armed, else 0. Never blocks. */
    public long drain() {
        long n;
        do {
            n = LibC.read(fd.value(), expirations.address(), Long.BYTES);
        } while (n < 0 && LibC.errno() == Errno.EINTR);
        return n == Long.BYTES ? expirations.bytes().getLong(0) : 0;
    }

    /** The descriptor's number, for {@link Epoll}; -1 once closed. */
    public int fd() {
        return fd.value();
    }

    @Override
    public void close() {
        fd.close();
    }
}
