package io.vmm4j.kvm.libc;

import java.io.IOException;

/**
 * A system call that failed: which one, on what, why, and what the user can do about it when that is known.
 * The message reads {@code open(/dev/kvm): Permission denied (EACCES); <hint>}.
 */
public class LinuxException extends IOException {
    private static final long serialVersionUID = 1L;

    private final String call;
    private final int errno;
    private final String hint;

    /**
     * @param call the call with the argument that matters, such as {@code open(/dev/kvm)}
     * @param errno the error number, see {@link Errno}
     */
    public LinuxException(String call, int errno) {
        this(call, errno, "");
    }

    /**
     * @param call the call with the argument that matters, such as {@code open(/dev/kvm)}
     * @param errno the error number, see {@link Errno}
     * @param hint what to do about it, one clause without a full stop; empty when there is nothing to say but what
     *     {@link ResourceLimits} has to say
     */
    public LinuxException(String call, int errno, String hint) {
        this(call, errno, hint.isEmpty() ? ResourceLimits.hint(errno) : hint, true);
    }

    private LinuxException(String call, int errno, String hint, boolean isWhole) {
        super(call + ": " + Errno.message(errno) + (hint.isEmpty() ? "" : "; " + hint));
        this.call = call;
        this.errno = errno;
        this.hint = hint;
    }

    /** Whether the host, or a limit of this process, has none left of what was asked for: descriptors or memory. */
    public final boolean isShortage() {
        return ResourceLimits.isShortage(errno);
    }

    /** The failed call with the argument that matters. */
    public final String call() {
        return call;
    }

    /** The error number, see {@link Errno}. */
    public final int errno() {
        return errno;
    }

    /** What to do about it; empty when there is nothing to say. */
    public final String hint() {
        return hint;
    }
}
