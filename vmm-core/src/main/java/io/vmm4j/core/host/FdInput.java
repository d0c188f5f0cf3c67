package io.vmm4j.core.host;

import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.EventFd;
import io.vmm4j.kvm.libc.LibC;
import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.NativeStruct;
import java.lang.ref.Reference;

/**
 * Reads a descriptor that other processes share, in waits that another thread can end. The descriptor's flags are left
 * alone: it is read only when there is something, and EAGAIN (another process made it non-blocking) is nothing.
 *
 * <p>Confined to one thread, but {@link #wake()} is for any.
 */
final class FdInput implements AutoCloseable {
    /** Nothing to read: the time was up, or {@link #wake()} was called. */
    static final int NOTHING = -1;

    private static final int SIZE = 4096;
    private static final short POLLIN = 1;
    /* struct pollfd { int fd; short events; short revents; }, two of them */
    private static final int POLLFD = 8;
    private static final int EVENTS = 4;
    private static final int REVENTS = 6;

    private final int fd;
    private final EventFd wakeUp;
    private final NativeStruct data = NativeStruct.allocate(SIZE);
    private final NativeStruct pollfds = NativeStruct.allocate(2 * POLLFD);

    FdInput(int fd) throws LinuxException {
        this.fd = fd;
        this.wakeUp = EventFd.create();
        pollfds.bytes().putShort(EVENTS, POLLIN).putInt(POLLFD, wakeUp.fd()).putShort(POLLFD + EVENTS, POLLIN);
    }

    /** Ends the present wait, or the next one, and no more. */
    void wake() {
        wakeUp.signal();
    }

    /**
     * Waits for input and reads what there is.
     *
     * @param listening false to wait for {@link #wake()} alone
     * @param timeoutMillis how long to wait; -1 without bound
     * @return the bytes read, 0 at the end of input, {@link #NOTHING}
     */
    int read(byte[] into, boolean listening, int timeoutMillis) throws LinuxException {
        // The kernel skips negative descriptors.
        pollfds.bytes().putInt(0, listening ? fd : -1);
        int ready = LibC.poll(pollfds, 2, timeoutMillis);
        if (ready < 0 && LibC.errno() != Errno.EINTR) {
            throw new LinuxException("poll", LibC.errno());
        }
        if (ready > 0 && pollfds.bytes().getShort(POLLFD + REVENTS) != 0) {
            wakeUp.drain(); // or every later wait would end at once
        }
        if (ready <= 0 || pollfds.bytes().getShort(REVENTS) == 0 || !listening) {
            return NOTHING;
        }
        return readNow(into);
    }

    private int readNow(byte[] into) throws LinuxException {
        long n = LibC.read(fd, data.address(), Math.min(into.length, SIZE));
        Reference.reachabilityFence(data);
        if (n >= 0) {
            data.bytes().get(0, into, 0, (int) n);
            return (int) n;
        }
        return switch (LibC.errno()) {
            case Errno.EINTR, Errno.EAGAIN -> NOTHING;
            default -> throw new LinuxException("read", LibC.errno());
        };
    }

    @Override
    public void close() {
        wakeUp.close();
    }
}
