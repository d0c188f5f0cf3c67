package io.vmm4j.core.host;

import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.LinuxException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Who reads this process's standard output: a pipe, socket or terminal whose other end is gone says so without a write. Thread-safe. */
public final class StandardOutput {

    private static final Fd STDOUT = Fd.of(1);
    private static final int GONE = Fd.POLLERR | Fd.POLLHUP;
    private static final Logger LOG = LoggerFactory.getLogger(StandardOutput.class);

    /** As there is one standard output of the process. */
    private static volatile boolean isLost;

    private StandardOutput() {
    }

    /** A console on it could not write to it; what its guest prints is dropped from then on. */
    static void lose() {
        isLost = true;
    }

    /** Whether something that a guest printed was lost, since standard output cannot be written to. */
    public static boolean isLost() {
        return isLost;
    }

    /** Whether nobody can read what is written: false of a file, whatever is wrong with it. */
    public static boolean isReaderGone() {
        return isGone(0);
    }

    private static boolean isGone(int timeoutMillis) {
        try {
            return (STDOUT.poll(0, timeoutMillis) & GONE) != 0;
        } catch (LinuxException e) {
            LOG.debug("standard output cannot be looked at: {}", e.getMessage());
            return false;
        }
    }

    /** Has {@code action} run once, on a thread of its own, when nobody can read any more; does nothing where the host has no thread to give. */
    public static void whenReaderGone(Runnable action) {
        Thread watch = new Thread(() -> {
            if (isGone(-1)) {
                action.run();
            }
        }, "vmm-output");
        watch.setDaemon(true);
        try {
            watch.start();
        } catch (OutOfMemoryError e) {
            LOG.debug("nobody watches standard output: {}", e.getMessage());
        }
    }
}
