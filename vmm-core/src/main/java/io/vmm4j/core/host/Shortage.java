package io.vmm4j.core.host;

import io.vmm4j.kvm.libc.EventFd;
import io.vmm4j.kvm.libc.LinuxException;
import java.io.IOException;
import java.net.SocketException;
import java.nio.file.FileSystemException;

/**
 * A host, or a limit of this process, that has no descriptors or memory left, as against a file that is not as it should be: the
 * same calls tell of both.
 */
public final class Shortage {

    private Shortage() {
    }

    /**
     * Throws {@code failure} on, as the host's, when it is for want of descriptors or memory.
     *
     * @param failure what was thrown where a file was opened, or what has that as a cause
     * @throws IOException with the resource, its limit and what to do, when that is what is wrong
     */
    public static void rethrow(Exception failure) throws IOException {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof LinuxException refusal) {
                if (refusal.isShortage()) {
                    throw failure instanceof LinuxException same ? same : new IOException(failure.getMessage(), failure);
                }
                return;
            }
            // The platform's exceptions carry the system's text for it, in whatever language: a look tells better.
            if (cause.getClass() == FileSystemException.class || cause instanceof SocketException) {
                rethrowIfWithoutDescriptors(failure);
            }
        }
    }

    private static void rethrowIfWithoutDescriptors(Exception failure) throws IOException {
        try {
            EventFd.create().close();
        } catch (LinuxException e) {
            if (e.isShortage()) {
                throw new IOException(failure.getMessage() + "; " + e.hint(), failure);
            }
        }
    }
}
