package io.vmm4j.devices.virtio.fs;

/** A request that is answered with an error number of Linux. Without a stack trace, as guests cause it at will. */
public final class FsException extends Exception {

    private static final long serialVersionUID = 1L;

    private final int errno;

    /** @param errno a positive number of {@code errno.h}, below 512 */
    public FsException(int errno) {
        super("errno " + errno, null, false, false);
        this.errno = errno;
    }

    /** The error number, positive. */
    public int errno() {
        return errno;
    }
}
