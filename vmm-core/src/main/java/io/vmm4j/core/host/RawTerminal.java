package io.vmm4j.core.host;

import io.vmm4j.kvm.libc.LibC;
import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.NativeStruct;
import io.vmm4j.kvm.libc.Termios;

/**
 * A terminal whose settings are changed to raw for a while and then put back, all of them. Output post-processing is off
 * too: the guest's own terminal driver sends carriage returns.
 *
 * <p>Thread-safe: the console, its input thread and the JVM's shutdown may meet here.
 */
final class RawTerminal {
    private static final long TIOCGPGRP = 0x540F;

    private final int fd;
    private final Termios before;
    /** What the terminal made of the raw settings. Null until they were applied. */
    private Termios raw;
    private boolean restored;

    /** Remembers the present settings of the terminal {@code fd}; changes nothing yet. */
    RawTerminal(int fd) throws LinuxException {
        this.fd = fd;
        this.before = Termios.snapshot(fd);
    }

    /**
     * Makes the terminal raw, unless it is already, was restored for good, or belongs to another process group at
     * present: the kernel stops a background process that changes settings.
     */
    synchronized void enter() throws LinuxException {
        if (restored || !isOurs() || raw != null && Termios.snapshot(fd).equals(raw)) {
            return;
        }
        before.raw().apply(fd);
        raw = Termios.snapshot(fd);
    }

    /**
     * Whether this process may read the terminal and change its settings now. One that is not the controlling terminal
     * (the kernel knows no foreground group then) is open to all.
     */
    boolean isOurs() {
        NativeStruct group = NativeStruct.allocate(Integer.BYTES);
        return LibC.ioctl(fd, TIOCGPGRP, group) < 0 || group.bytes().getInt(0) == LibC.getpgrp();
    }

    /**
     * Puts every setting back as it was found. At once, without waiting for output: a stuck terminal must not hold the
     * end of the process. Only the first call does something.
     */
    synchronized void restore() throws LinuxException {
        if (restored) {
            return;
        }
        restored = true;
        if (raw != null && isOurs()) {
            before.apply(fd);
        }
    }
}
