package io.vmm4j.kvm.libc;

/**
 * An epoll(7) set. Waiting allocates nothing: after {@link #await} the results are read by index.
 *
 * <p>{@link #add}, {@link #modify} and {@link #remove} are for any thread; {@link #await} and its results are confined
 * to one.
 */
public final class Epoll implements AutoCloseable {
    /** There is something to read. */
    public static final int EPOLLIN = 1;
    /** A write would not block. */
    public static final int EPOLLOUT = 4;
    /** An error condition. Reported without being asked for. */
    public static final int EPOLLERR = 8;
    /** Hung up. Reported without being asked for. */
    public static final int EPOLLHUP = 0x10;
    /** The peer of a stream socket closed its writing side. */
    public static final int EPOLLRDHUP = 0x2000;
    /** Report once, then stay silent until modified. */
    public static final int EPOLLONESHOT = 1 << 30;
    /** Report changes only. */
    public static final int EPOLLET = 1 << 31;

    private static final int EPOLL_CLOEXEC = 0x80000;
    private static final int EPOLL_CTL_ADD = 1;
    private static final int EPOLL_CTL_DEL = 2;
    private static final int EPOLL_CTL_MOD = 3;
    /* struct epoll_event { __u32 events; __u64 data; } packed on x86-64 */
    private static final int EVENT_SIZE = 12;
    private static final int DATA = 4;

    private final Fd fd;
    private final int capacity;
    private final NativeStruct results;
    private final NativeStruct control = NativeStruct.allocate(EVENT_SIZE);

    private Epoll(Fd fd, int capacity) {
        this.fd = fd;
        this.capacity = capacity;
        this.results = NativeStruct.allocate(capacity * EVENT_SIZE);
    }

    /** A new set that reports up to 64 descriptors a wait. */
    public static Epoll create() throws LinuxException {
        return create(64);
    }

    /** A new set that reports up to {@code capacity} descriptors a wait; more stay for the next. */
    public static Epoll create(int capacity) throws LinuxException {
        int fd = LibC.epollCreate(EPOLL_CLOEXEC);
        if (fd < 0) {
            throw new LinuxException("epoll_create1", LibC.errno());
        }
        return new Epoll(Fd.of(fd), capacity);
    }

    /**
     * Watches a descriptor.
     *
     * @param events EPOLL bits
     * @param token any value; comes back from {@link #token(int)}
     */
    public void add(int watched, int events, long token) throws LinuxException {
        control("epoll_ctl(ADD)", EPOLL_CTL_ADD, watched, events, token);
    }

    /** Changes the events and the token of a watched descriptor. */
    public void modify(int watched, int events, long token) throws LinuxException {
        control("epoll_ctl(MOD)", EPOLL_CTL_MOD, watched, events, token);
    }

    /** Stops watching; wanted before the descriptor is closed. Results of a wait that is back already may still name it. */
    public void remove(int watched) throws LinuxException {
        control("epoll_ctl(DEL)", EPOLL_CTL_DEL, watched, 0, 0);
    }

    private synchronized void control(String call, int operation, int watched, int events, long token)
            throws LinuxException {
        control.bytes().putInt(0, events).putLong(DATA, token);
        if (LibC.epollCtl(fd.value(), operation, watched, control) < 0) {
            throw new LinuxException(call + " of fd " + watched, LibC.errno());
        }
    }

    /**
     * Waits for events.
     *
     * @param timeoutMillis 0 to look only, -1 to wait without bound
     * @return how many results there are; 0 when the time was up or a signal came first
     */
    public int await(int timeoutMillis) throws LinuxException {
        int n = LibC.epollWait(fd.value(), results, capacity, timeoutMillis);
        if (n < 0) {
            if (LibC.errno() == Errno.EINTR) {
                return 0;
            }
            throw new LinuxException("epoll_wait", LibC.errno());
        }
        return n;
    }

    /** The token of result {@code index} of the last wait. */
    public long token(int index) {
        return results.bytes().getLong(index * EVENT_SIZE + DATA);
    }

    /** The EPOLL bits of result {@code index} of the last wait. */
    public int events(int index) {
        return results.bytes().getInt(index * EVENT_SIZE);
    }

    @Override
    public void close() {
        fd.close();
    }
}
