package io.vmm4j.core.share;

import io.vmm4j.devices.virtio.fs.FsException;

/** Turns what a system call returned into an answer to the guest. */
final class Errors {

    /** No data available: an attribute that is not there. */
    static final int ENODATA = 61;

    private Errors() {
    }

    /** {@code result} unless it is a negative error number. */
    static int check(int result) throws FsException {
        if (result < 0) {
            throw new FsException(-result);
        }
        return result;
    }

    static long check(long result) throws FsException {
        if (result < 0) {
            throw new FsException((int) -result);
        }
        return result;
    }

    static void require(boolean condition, int errno) throws FsException {
        if (!condition) {
            throw new FsException(errno);
        }
    }
}
