package io.vmm4j.core.snapshot.file;

import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.FileStat;
import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.ProcessCalls;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file or directory that is going to be at a place and so far is beside it, as {@code .NAME.partial-1234abcd}, for its owner alone. It is
 * locked while its maker lives: one that can be locked is what a killed process left, and goes with the next save to the same place.
 *
 * <p>Confined to one thread.
 */
final class Temporary implements AutoCloseable {

    static final String STATE = "state";
    static final String MEMORY = "memory";

    /** Bytes that a name with its prefix and suffix has room for in any file system. */
    private static final int NAME_MAX = 200;
    private static final int FILE_MODE = 0600;
    private static final int ATTEMPTS = 16;
    private static final int SUFFIX_DIGITS = 8;
    private static final String PARTIAL = ".partial-";
    /** Of what another is about to take the place of. */
    static final String PREVIOUS = ".previous-";
    private static final Pattern SUFFIX = Pattern.compile("[0-9a-f]{8}");
    private static final Logger LOG = LoggerFactory.getLogger(Temporary.class);

    private final Path path;
    private final Fd fd;

    private Temporary(Path path, Fd fd) {
        this.path = path;
        this.fd = fd;
    }

    /** A directory, mode 0700. */
    static Temporary directory(Path place) throws IOException {
        return make(place, path -> {
            Files.createDirectory(path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            return Fd.open(path, Fd.O_RDONLY | Fd.O_DIRECTORY | Fd.O_NOFOLLOW);
        });
    }

    /** A file for reading and writing, mode 0600. */
    static Temporary file(Path place) throws IOException {
        return make(place, path -> Fd.open(path, Fd.O_RDWR | Fd.O_CREAT | Fd.O_EXCL | Fd.O_NOFOLLOW, FILE_MODE));
    }

    @FunctionalInterface
    private interface Maker {
        Fd make(Path path) throws IOException;
    }

    private static Temporary make(Path place, Maker maker) throws IOException {
        for (int i = 0; i < ATTEMPTS; i++) {
            Path path = place.resolveSibling(prefix(place, PARTIAL) + SnapshotId.random().text().substring(0, SUFFIX_DIGITS));
            Temporary made = new Temporary(path, maker.make(path));
            lock(made.fd, true);
            // Between the two, another save to this place may have taken it for a left-over one.
            if (isAt(path, made.fd.stat())) {
                return made;
            }
            made.fd.close();
        }
        throw new IOException("other saves to it remove what this one makes");
    }

    /**
     * A second name of the file at {@code place}, beside it, until what takes its place is known to be good.
     *
     * @return {@code null} when nothing is there, or its file system has no second names
     */
    static Path keepBeside(Path place) throws IOException {
        Path other = place.resolveSibling(prefix(place, PREVIOUS) + SnapshotId.random().text().substring(0, SUFFIX_DIGITS));
        try {
            return Files.createLink(other, place);
        } catch (NoSuchFileException e) {
            return null;
        } catch (UnsupportedOperationException | FileSystemException e) {
            LOG.debug("{} has no second name: {}", place, e.toString());
            return null;
        }
    }

    /** What the names beside {@code place} begin with that end in eight hexadecimal digits. */
    static String prefix(Path place, String kind) {
        String name = place.getFileName().toString();
        return "." + (name.length() * 4 > NAME_MAX ? Integer.toHexString(name.hashCode()) : name) + kind;
    }

    /** @param otherwise what a file system without such locks is taken to say */
    private static boolean lock(Fd fd, boolean otherwise) throws LinuxException {
        try {
            return fd.tryLock();
        } catch (LinuxException e) {
            return switch (e.errno()) {
                case Errno.EBADF, Errno.ENOLCK, Errno.EOPNOTSUPP, Errno.EINVAL, Errno.ENOSYS -> otherwise;
                default -> throw e;
            };
        }
    }

    private static boolean isAt(Path path, FileStat expected) throws IOException {
        try {
            Map<String, Object> now = Files.readAttributes(path, "unix:dev,ino", LinkOption.NOFOLLOW_LINKS);
            return now.get("dev").equals(expected.device()) && now.get("ino").equals(expected.inode());
        } catch (NoSuchFileException e) {
            return false;
        }
    }

    Path path() {
        return path;
    }

    Fd fd() {
        return fd;
    }

    /** Removes what killed saves to {@code place} have left; what cannot be removed stays, and is told of in the log. */
    static void clearLeftOvers(Path place) throws IOException {
        clear(place, PARTIAL);
    }

    /** Removes what is called after {@code place} and {@code kind}, is this user's and nobody's work. */
    static void clear(Path place, String kind) throws IOException {
        String prefix = prefix(place, kind);
        try (DirectoryStream<Path> found = Files.newDirectoryStream(place.getParent(), path -> isCalled(path, prefix))) {
            for (Path path : found) {
                try {
                    clearOne(path);
                } catch (IOException e) {
                    LOG.warn("{}, left by a save that was killed, was not removed: {}", path, e.getMessage());
                }
            }
        }
    }

    private static boolean isCalled(Path path, String prefix) {
        String name = path.getFileName().toString();
        return name.startsWith(prefix) && SUFFIX.matcher(name.substring(prefix.length())).matches();
    }

    private static void clearOne(Path path) throws IOException {
        try (Fd left = Fd.open(path, Fd.O_RDONLY | Fd.O_NOFOLLOW | Fd.O_NONBLOCK)) {
            FileStat stat = left.stat();
            if (stat.uid() == ProcessCalls.geteuid() && lock(left, false) && isAt(path, stat)) {
                LOG.info("removing {}, left by a save that was killed", path);
                remove(path, stat.isDirectory());
            }
        } catch (LinuxException e) {
            if (e.errno() != Errno.ENOENT && e.errno() != Errno.EACCES) {
                throw e;
            }
        }
    }

    /** Removes a file, or a directory with the two files of a snapshot; somebody else may do the same. */
    static void remove(Path path, boolean isDirectory) throws IOException {
        if (isDirectory) {
            Files.deleteIfExists(path.resolve(STATE));
            Files.deleteIfExists(path.resolve(MEMORY));
        }
        Files.deleteIfExists(path);
    }

    /** Lets go; whatever has its name by now stays. */
    @Override
    public void close() {
        fd.close();
    }
}
