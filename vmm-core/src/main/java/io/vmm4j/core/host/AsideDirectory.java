package io.vmm4j.core.host;

import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.FileName;
import io.vmm4j.kvm.libc.FileStat;
import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.ProcessCalls;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A directory beside a socket's place, named after it: there it is made before it appears, and what is to leave the place
 * is looked at once more. Only its owner can enter it, it is locked while in use, so that one changes the place at a time,
 * and it is gone afterwards. What a killed process left of it is cleared away by the next. Once it is entered, no descriptor is
 * needed any more: there may be none, and it is to be gone then, too.
 *
 * <p>Confined to one thread.
 */
final class AsideDirectory implements AutoCloseable {

    /** Bytes that a name with its prefix and suffix has room for in any file system. */
    private static final int NAME_MAX = 200;
    private static final int OWNER_ONLY = 0700;
    /** Without the bit that a directory may have from the one it is in. */
    private static final int PERMISSIONS = 0777;
    private static final long PAUSE_NANOS = 1_000_000;
    private static final Logger LOG = LoggerFactory.getLogger(AsideDirectory.class);

    private final Path path;
    private final Fd fd;

    private AsideDirectory(Path path, Fd fd) {
        this.path = path;
        this.fd = fd;
    }

    /**
     * Enters the directory that goes with {@code place}, once nobody else is in it.
     *
     * @param patienceNanos how long to wait for others
     */
    static AsideDirectory enter(Path place, long patienceNanos) throws IOException {
        Path path = place.resolveSibling(nameFor(place.getFileName().toString()));
        long start = System.nanoTime();
        AsideDirectory entered = tryEnter(path);
        while (entered == null) {
            if (System.nanoTime() - start >= patienceNanos) {
                throw new FileSystemException(path.toString(), null, path + ", in which it is prepared, is in use by another process or user");
            }
            LockSupport.parkNanos(PAUSE_NANOS);
            entered = tryEnter(path);
        }
        return entered;
    }

    private static String nameFor(String name) {
        // Two long names may share one: they wait for each other then, for a moment.
        return "." + (name.length() * 4 > NAME_MAX ? Integer.toHexString(name.hashCode()) : name) + ".vmm";
    }

    private static AsideDirectory tryEnter(Path path) throws IOException {
        boolean isMade = make(path);
        Fd fd = null;
        AsideDirectory entered = null;
        try {
            fd = open(path);
            if (fd != null && (isOurs(path, fd.stat()) || isMade) && lock(fd, isMade) && isStillAt(path, fd)) {
                entered = new AsideDirectory(path, fd);
                entered.clear();
            }
            return entered;
        } catch (IOException e) {
            entered = null;
            if (isMade) {
                discard(path, e);
            }
            throw e;
        } finally {
            if (fd != null && entered == null) {
                fd.close();
            }
        }
    }

    /** Leaves nothing behind where the rest fails, such as for want of descriptors. */
    private static void discard(Path path, IOException why) {
        try {
            Files.deleteIfExists(path);
        } catch (IOException e) {
            why.addSuppressed(e);
        }
    }

    private static boolean make(Path path) throws IOException {
        try {
            Files.createDirectory(path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            return true;
        } catch (FileAlreadyExistsException e) {
            return false;
        }
    }

    /** Null when it is not there any more, or another user's. */
    private static Fd open(Path path) throws IOException {
        try {
            return Fd.open(path, Fd.O_RDONLY | Fd.O_DIRECTORY | Fd.O_NOFOLLOW);
        } catch (LinuxException e) {
            return switch (e.errno()) {
                case Errno.ENOENT, Errno.EACCES -> null;
                case Errno.ENOTDIR, Errno.ELOOP -> throw inTheWay(path);
                default -> throw e;
            };
        }
    }

    private static boolean isOurs(Path path, FileStat stat) throws IOException {
        boolean isOurs = stat.uid() == ProcessCalls.geteuid();
        if (isOurs && (stat.permissions() & PERMISSIONS) != OWNER_ONLY) {
            throw inTheWay(path);
        }
        return isOurs;
    }

    private static IOException inTheWay(Path path) {
        return new FileSystemException(path.toString(), null, path + ", in which it would be prepared, is not a directory for this user alone");
    }

    private static boolean lock(Fd fd, boolean isMade) throws LinuxException {
        try {
            return fd.tryLock();
        } catch (LinuxException e) {
            // A file system without such locks, some over a network: who has made the directory is the one to use it.
            return switch (e.errno()) {
                case Errno.EBADF, Errno.ENOLCK, Errno.EOPNOTSUPP, Errno.EINVAL, Errno.ENOSYS -> isMade;
                default -> throw e;
            };
        }
    }

    /** Whether the one that was locked is still the one of that name: who was in it before may have taken it away. */
    private static boolean isStillAt(Path path, Fd fd) throws IOException {
        return isAt(path, fd.stat());
    }

    private static boolean isAt(Path path, FileStat expected) throws IOException {
        Map<String, Object> now = look(path);
        return now != null && now.get("dev").equals(expected.device()) && now.get("ino").equals(expected.inode());
    }

    /** What is at {@code path}, by a call that takes no descriptor; null when nothing is. */
    private static Map<String, Object> look(Path path) throws IOException {
        try {
            return Files.readAttributes(path, "unix:dev,ino,mode", LinkOption.NOFOLLOW_LINKS);
        } catch (NoSuchFileException e) {
            return null;
        }
    }

    /** Where the socket is made. */
    Path made() {
        return path.resolve("s");
    }

    /** The same as a path that is short enough for an address, however deep the directory is. */
    String madeAddress() {
        return "/proc/self/fd/" + fd.value() + "/s";
    }

    private Path old() {
        return path.resolve("old");
    }

    /**
     * Takes the file that {@code expected} is from {@code place} and deletes it; another one that is there by now stays.
     *
     * @return whether it is gone from there
     * @throws FileSystemException when another was taken in its stead and could not be put back: says where it is
     */
    boolean delete(Path place, FileStat expected) throws IOException {
        // Looked at once it is here, where nobody changes it: there is no call that deletes a certain file.
        try {
            FileName.moveUnlessExists(place, old());
        } catch (LinuxException e) {
            if (e.errno() == Errno.ENOENT) {
                return true;
            }
            if (e.errno() != Errno.EINVAL) {
                throw e;
            }
            Files.move(place, old());
        }
        if (isAt(old(), expected)) {
            Files.delete(old());
            return true;
        }
        putBack(place);
        return false;
    }

    private void putBack(Path place) throws IOException {
        try {
            FileName.moveUnlessExists(old(), place);
        } catch (LinuxException e) {
            throw new FileSystemException(place.toString(), null, "files come and go there; one that was there is " + old() + " now");
        }
    }

    private void clear() throws IOException {
        for (Path left : new Path[] {made(), old()}) {
            if (isSocket(left)) {
                Files.delete(left);
            }
        }
    }

    private static boolean isSocket(Path path) throws IOException {
        Map<String, Object> now = look(path);
        return now != null && FileStat.isSocket((int) now.get("mode"));
    }

    /** Removes the directory with the socket's name in it, unless there is something of somebody else's; lets the next in. */
    @Override
    public void close() {
        try {
            clear();
            Files.delete(path);
        } catch (NoSuchFileException e) {
            LOG.debug("{} is gone already", path);
        } catch (IOException e) {
            LOG.warn("{} was not removed: {}", path, e.toString());
        } finally {
            fd.close();
        }
    }
}
