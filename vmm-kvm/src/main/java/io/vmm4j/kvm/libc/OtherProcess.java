package io.vmm4j.kvm.libc;

/** Another process, held by a descriptor (pidfd): what is sent to it reaches no other that has got its number. Thread-safe. */
public final class OtherProcess implements AutoCloseable {
    private static final int SIGKILL = 9;

    private final Fd fd;

    private OtherProcess(Fd fd) {
        this.fd = fd;
    }

    /** The process that has the number {@code pid} now. */
    public static OtherProcess of(int pid) throws LinuxException {
        int fd = ProcessCalls.pidfdOpen(pid);
        if (fd < 0) {
            throw new LinuxException("pidfd_open(" + pid + ")", LibC.errno());
        }
        return new OtherProcess(Fd.of(fd));
    }

    /** Ends it by SIGKILL, stopped or not; harmless when it has ended. */
    public void kill() throws LinuxException {
        if (ProcessCalls.pidfdSendSignal(fd.value(), SIGKILL) != 0 && LibC.errno() != Errno.ESRCH) {
            throw new LinuxException("pidfd_send_signal(SIGKILL)", LibC.errno());
        }
    }

    /** Waits for its end for {@code millis} at most; returns whether it has ended. */
    public boolean awaitEnd(int millis) throws LinuxException {
        return (fd.poll(Fd.POLLIN, millis) & Fd.POLLIN) != 0;
    }

    /** The descriptor's number, readable once the process has ended, for {@link Epoll}; -1 once closed. */
    public int fd() {
        return fd.value();
    }

    @Override
    public void close() {
        fd.close();
    }
}
