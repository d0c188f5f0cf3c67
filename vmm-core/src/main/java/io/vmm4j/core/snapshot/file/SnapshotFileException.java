package io.vmm4j.core.snapshot.file;

import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.LinuxException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Files of a snapshot that are refused, or could not be written: one line that names the file and why. */
public final class SnapshotFileException extends IOException {

    private static final long serialVersionUID = 1L;

    /** @param message one line that names the file */
    SnapshotFileException(String message) {
        super(message);
    }

    /** @param why what the system said, whose own message may name a path that nobody knows */
    SnapshotFileException(Path file, String what, IOException why) {
        super(file + " " + what + ": " + reason(why), why);
    }

    /**
     * Whether it is for want of something that the host has not, such as room on a disk, or for a device's error, as against a file that is not there, may
     * not be used, or is not as it should be.
     */
    public boolean isOfHost() {
        Throwable why = getCause();
        if (why instanceof LinuxException failed) {
            return switch (failed.errno()) {
                case Errno.ENOENT, Errno.EACCES, Errno.EPERM, Errno.ENOTDIR, Errno.ELOOP, Errno.ENAMETOOLONG, Errno.EROFS, Errno.EISDIR -> false;
                default -> true;
            };
        }
        return why != null && !(why instanceof AccessDeniedException || why instanceof NoSuchFileException || why instanceof FileAlreadyExistsException);
    }

    private static String reason(IOException why) {
        if (why instanceof LinuxException failed) {
            return Errno.message(failed.errno()) + (failed.hint().isEmpty() ? "" : "; " + failed.hint());
        }
        return String.valueOf(why.getMessage());
    }
}
