package io.vmm4j.core.boot;

/**
 * A file to boot from, kernel or initrd, cannot be used: one line that names the file, what is wrong with it, and the
 * bound it breaks. The user's mistake, found before anything of the machine exists.
 */
public final class KernelImageException extends Exception {

    private static final long serialVersionUID = 1L;

    /** @param message one line */
    public KernelImageException(String message) {
        super(message);
    }

    /**
     * @param message one line
     * @param cause   what the host answered
     */
    public KernelImageException(String message, Throwable cause) {
        super(message, cause);
    }
}
