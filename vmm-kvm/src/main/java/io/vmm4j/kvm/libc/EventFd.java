package io.vmm4j.kvm.libc;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * An eventfd(2): a counter in the kernel that one side adds to and another waits for. Carries queue notifications from
 * KVM (ioeventfd), interrupts to KVM (irqfd) and wake-ups between threads.
 *
 * <p>{@link #signal()} is for any thread, also while another closes; {@link #drain()} is for one reader at a time, which
 * has ended before the close.
 */
public final class EventFd implements AutoCloseable {
    private static final int EFD_NONBLOCK = 0x800;
    private static final int EFD_CLOEXEC = 0x80000;
    /** The value 1, shared by all: the kernel only reads it. */
    private static final NativeStruct ONE = one();

    /** Set in {@link #signalling} from the close on. */
    private static final int CLOSED = Integer.MIN_VALUE;

    private final Fd fd;
    /** How many signals are under way: the last one out closes, so that none is written to a file that gets the number. */
    private final AtomicInteger signalling = new AtomicInteger();
    private final NativeStruct counter = NativeStruct.allocate(Long.BYTES);

    private EventFd(Fd fd) {
        this.fd = fd;
    }

    private static NativeStruct one() {
        NativeStruct one = NativeStruct.allocate(Long.BYTES);
        one.bytes().putLong(0, 1);
        return one;
    }

    /** A new one with counter 0, non-blocking and closed on exec. */
    public static EventFd create() throws LinuxException {
        return create(0);
    }

    /** As {@link #create()}, with a count as if it had been signalled so often. */
    public static EventFd create(int count) throws LinuxException {
        int fd = LibC.eventfd(count, EFD_NONBLOCK | EFD_CLOEXEC);
        if (fd < 0) {
            throw new LinuxException("eventfd", LibC.errno());
        }
        return new EventFd(Fd.of(fd));
    }

    /**
     * Adds 1 to the counter and wakes who waits. Never blocks and never throws: the only failures are a counter that is
     * full, which means the reader has plenty to wake up for, and a descriptor that is closed, whose reader is gone.
     */
    public void signal() {
        if (signalling.getAndIncrement() >= 0) {
            addOne();
        }
        if (signalling.decrementAndGet() == CLOSED) {
            fd.close();
        }
    }

    private void addOne() {
        long n;
        do {
            n = LibC.write(fd.value(), ONE.address(), Long.BYTES);
        } while (n < 0 && LibC.errno() == Errno.EINTR);
    }

    /** Takes the counter back to 0 and returns what it was; 0 when nothing was signalled. Never blocks. */
    public long drain() {
        long n;
        do {
            n = LibC.read(fd.value(), counter.address(), Long.BYTES);
        } while (n < 0 && LibC.errno() == Errno.EINTR);
        return n == Long.BYTES ? counter.bytes().getLong(0) : 0;
    }

    /** The descriptor's number, for {@link Epoll} and KVM; -1 once closed. */
    public int fd() {
        return signalling.get() < 0 ? -1 : fd.value();
    }

    /** Later signals go nowhere; a signal under way is let finish, by which the descriptor is closed then. Does not wait. */
    @Override
    public void close() {
        if (signalling.getAndUpdate(count -> count | CLOSED) == 0) {
            fd.close();
        }
    }
}
