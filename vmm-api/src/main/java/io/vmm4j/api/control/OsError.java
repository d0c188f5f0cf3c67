package io.vmm4j.api.control;

import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.LinuxException;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/** Errors of the host as Rust's {@code io::Error} writes them: {@code No such file or directory (os error 2)}. */
public final class OsError {

    private OsError() {
    }

    static String text(int errno) {
        String message = Errno.message(errno);
        int name = message.lastIndexOf(" (");
        return (name < 0 ? message : message.substring(0, name)) + " (os error " + errno + ")";
    }

    /** The host's error behind {@code e} in Rust's words; its message where there is none. */
    public static String text(IOException e) {
        return e instanceof LinuxException refusal ? text(refusal.errno()) : e.getMessage();
    }

    /**
     * {@code path} as a path of this host.
     *
     * @throws IOException with Rust's words when it can be none
     */
    static Path path(String path) throws IOException {
        try {
            return Path.of(path);
        } catch (InvalidPathException e) {
            throw new IOException(path.indexOf('\0') >= 0 ? "file name contained an unexpected NUL byte" : text(Errno.EINVAL), e);
        }
    }
}
