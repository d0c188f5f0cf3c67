package io.vmm4j.api.control;

import io.vmm4j.core.json.RustText;
import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.LinuxException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Errors of the host as Rust's {@code io::Error} writes them: {@code No such file or directory (os error 2)}. */
public final class OsError {

    private static final int ERRNO_MAX = 133;
    private static final Pattern OS = Pattern.compile("(.*) \\(os error (\\d{1,3})\\)");
    /** Rust's {@code io::ErrorKind} by error number, of those that a path can meet. */
    private static final Map<Integer, String> KINDS = Map.ofEntries(Map.entry(Errno.EPERM, "PermissionDenied"), Map.entry(Errno.ENOENT, "NotFound"),
            Map.entry(Errno.ENOMEM, "OutOfMemory"), Map.entry(Errno.EACCES, "PermissionDenied"), Map.entry(Errno.EBUSY, "ResourceBusy"),
            Map.entry(Errno.EEXIST, "AlreadyExists"), Map.entry(Errno.ENOTDIR, "NotADirectory"), Map.entry(Errno.EISDIR, "IsADirectory"),
            Map.entry(Errno.EINVAL, "InvalidInput"), Map.entry(Errno.ETXTBSY, "ExecutableFileBusy"), Map.entry(Errno.EFBIG, "FileTooLarge"),
            Map.entry(Errno.ENOSPC, "StorageFull"), Map.entry(Errno.EROFS, "ReadOnlyFilesystem"), Map.entry(Errno.ENAMETOOLONG, "InvalidFilename"),
            Map.entry(Errno.ELOOP, "FilesystemLoop"), Map.entry(Errno.EADDRINUSE, "AddrInUse"), Map.entry(Errno.EDQUOT, "QuotaExceeded"));

    private OsError() {
    }

    static String text(int errno) {
        String message = Errno.message(errno);
        int name = message.lastIndexOf(" (");
        return (name < 0 ? message : message.substring(0, name)) + " (os error " + errno + ")";
    }

    /** The host's error behind {@code e} in Rust's words; its message where there is none. */
    public static String text(IOException e) {
        if (e instanceof FileSystemException refusal) {
            return text(refusal);
        }
        return e instanceof LinuxException refusal ? text(refusal.errno()) : e.getMessage();
    }

    /** The host's error behind {@code e}, which names it by the C library's text, in Rust's words. */
    public static String text(FileSystemException e) {
        if (e instanceof NoSuchFileException) {
            return text(Errno.ENOENT);
        }
        if (e instanceof AccessDeniedException) {
            return text(Errno.EACCES);
        }
        if (e instanceof FileAlreadyExistsException) {
            return text(Errno.EEXIST);
        }
        for (int errno = 1; e.getReason() != null && errno <= ERRNO_MAX; errno++) {
            if (text(errno).startsWith(e.getReason() + " (")) {
                return text(errno);
            }
        }
        return e.getReason() == null ? "Input/output error" : e.getReason();
    }

    /** An error's text as {@link #text} has it, as Rust's {@code {:?}} writes the error. */
    public static String debug(String text) {
        Matcher os = OS.matcher(text);
        if (!os.matches()) {
            return "Error { kind: InvalidInput, message: " + RustText.quoted(text) + " }";
        }
        int errno = Integer.parseInt(os.group(2));
        return "Os { code: " + errno + ", kind: " + KINDS.getOrDefault(errno, "Uncategorized") + ", message: " + RustText.quoted(os.group(1)) + " }";
    }

    /**
     * {@code path} as a path of this host.
     *
     * @throws IOException with Rust's words when it can be none
     */
    public static Path path(String path) throws IOException {
        try {
            return Path.of(path);
        } catch (InvalidPathException e) {
            throw new IOException(path.indexOf('\0') >= 0 ? "file name contained an unexpected NUL byte" : text(Errno.EINVAL), e);
        }
    }
}
