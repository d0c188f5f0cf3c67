package io.vmm4j.core.host;

import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.LibC;
import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.NativeStruct;
import io.vmm4j.kvm.libc.ProcessCalls;
import io.vmm4j.kvm.libc.Termios;
import java.io.IOException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * A terminal whose settings are changed to raw for a while and then put back, all of them. Output post-processing is off
 * too: the guest's own terminal driver sends carriage returns. A terminal has one owner in a process.
 *
 * <p>Thread-safe: the console, its input thread, signals and the JVM's shutdown may meet here.
 */
final class RawTerminal {
    private static final long TIOCGPGRP = 0x540F;
    private static final short POLLIN = 1;
    private static final int POLLFD = 8;
    private static final int REVENTS = 6;
    /** How long nothing may be typed for the rest of a paste to be over. */
    private static final int QUIET_MILLIS = 100;
    private static final long MAX_PASTE_NANOS = TimeUnit.SECONDS.toNanos(2);
    /** Device numbers of terminals that have an owner. */
    private static final Set<Long> OWNED = ConcurrentHashMap.newKeySet();

    private final int fd;
    private final long device;
    private final Termios before;
    /** What the terminal made of the raw settings. Null until they were applied. */
    private Termios raw;
    private boolean suspended;
    private boolean restored;
    private volatile long typedAtNanos = System.nanoTime() - TimeUnit.DAYS.toNanos(1);

    /**
     * Becomes the owner of the terminal {@code fd} and remembers its present settings; changes nothing yet.
     *
     * @throws IOException when it has an owner
     */
    RawTerminal(int fd) throws IOException {
        this.fd = fd;
        this.before = Termios.snapshot(fd);
        try (Fd copy = Fd.duplicate(fd)) {
            this.device = copy.stat().specialDevice();
        }
        if (!OWNED.add(device)) {
            throw new IOException("the terminal on standard input is the console of another machine of this process");
        }
    }

    /**
     * Makes the terminal raw, unless it is already, was restored for good, or belongs to another process group at
     * present: the kernel stops a background process that changes settings.
     */
    synchronized void enter() throws LinuxException {
        if (restored || suspended || !isOurs() || raw != null && Termios.snapshot(fd).equals(raw)) {
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
        return LibC.ioctl(fd, TIOCGPGRP, group) < 0 || group.bytes().getInt(0) == ProcessCalls.getpgrp();
    }

    /** Says that something was typed just now. */
    void typed() {
        typedAtNanos = System.nanoTime();
    }

    /** Puts the settings back until {@link #resume}: the process is about to stand still. */
    synchronized void suspend() throws LinuxException {
        suspended = true;
        if (!restored && raw != null && isOurs()) {
            before.apply(fd);
        }
    }

    /** Goes on after {@link #suspend}, or after a stop that came without a word. */
    synchronized void resume() throws LinuxException {
        suspended = false;
        enter();
    }

    /**
     * Puts every setting back as it was found, drops what was typed and not read, which was meant for the guest and not for
     * a shell, and lets go of the terminal. Does not wait for output, since a stuck terminal must not hold the end of the process, but
     * for the end of a paste. Only the first call does something.
     */
    synchronized void restore() throws LinuxException {
        if (restored) {
            return;
        }
        restored = true;
        try {
            if (raw != null && isOurs()) {
                dropTyped();
                before.applyFlushed(fd);
            }
        } finally {
            OWNED.remove(device);
        }
    }

    private void dropTyped() throws LinuxException {
        long now = System.nanoTime();
        int waitMillis = (int) Math.max(0, QUIET_MILLIS - TimeUnit.NANOSECONDS.toMillis(now - typedAtNanos));
        while (isTyped(waitMillis) && System.nanoTime() - now < MAX_PASTE_NANOS) {
            Termios.flushInput(fd);
            waitMillis = QUIET_MILLIS;
        }
    }

    /** Whether there is input, or comes in time; not on a terminal that was hung up. */
    private boolean isTyped(int withinMillis) {
        NativeStruct pollfd = NativeStruct.allocate(POLLFD);
        pollfd.bytes().putInt(0, fd).putShort(Integer.BYTES, POLLIN);
        return LibC.poll(pollfd, 1, withinMillis) > 0 && pollfd.bytes().getShort(REVENTS) == POLLIN;
    }
}
