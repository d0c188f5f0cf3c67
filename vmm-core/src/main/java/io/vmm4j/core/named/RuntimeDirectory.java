package io.vmm4j.core.named;

import io.vmm4j.core.config.MachineName;
import io.vmm4j.core.host.SocketFile;
import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.FileStat;
import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.ProcessCalls;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Where a user's named machines have their sockets: {@code NAME.sock} to control each, {@code NAME.console} where its console is, and
 * its log {@code NAME.log}, which stays. Nobody but the user can enter it (mode 0700), and one that is somebody else's, or a symbolic
 * link, is not used.
 *
 * <p>It is {@code $XDG_RUNTIME_DIR/vmm4j}. Where that is not set it is in {@code /run/user/UID}, and where that is not there
 * {@code /tmp/vmm4j-UID}. Root's is {@code /run/vmm4j}, so that services and people see the same machines, unless {@code XDG_RUNTIME_DIR} is a
 * directory of root's other than its login's. Immutable.
 */
public final class RuntimeDirectory {

    private static final String NAME = "vmm4j";
    private static final String CONTROL = ".sock";
    private static final String OWNER_ONLY_TEXT = "rwx------";
    private static final int OWNER_ONLY = 0700;
    private static final int ANYBODY = 0777;

    private final Path path;
    private final String notice;

    private RuntimeDirectory(Path path, String notice) {
        this.path = path;
        this.notice = notice;
    }

    /** That of this process's user and environment; makes nothing. */
    public static RuntimeDirectory ofThisUser() {
        return of(Path.of("/"), System.getenv("XDG_RUNTIME_DIR"), ProcessCalls.geteuid());
    }

    /**
     * That of a user.
     *
     * @param root what stands for {@code /}
     * @param xdg  XDG_RUNTIME_DIR, or {@code null}
     */
    static RuntimeDirectory of(Path root, String xdg, int uid) {
        // The specification has a path that is not absolute ignored.
        Path given = xdg == null || !xdg.startsWith("/") ? null : Path.of(xdg);
        Path login = root.resolve("run/user/" + uid);
        if (uid == 0) {
            boolean isChosen = given != null && !given.normalize().equals(login) && isDirectoryOf(given, uid);
            return new RuntimeDirectory((isChosen ? given : root.resolve("run")).resolve(NAME), null);
        }
        if (given != null) {
            return new RuntimeDirectory(given.resolve(NAME), null);
        }
        if (isDirectoryOf(login, uid)) {
            return new RuntimeDirectory(login.resolve(NAME), null);
        }
        Path last = root.resolve("tmp/" + NAME + "-" + uid);
        return new RuntimeDirectory(last, "XDG_RUNTIME_DIR is not set and " + login + " is not there: named machines are in " + last);
    }

    private static boolean isDirectoryOf(Path path, int uid) {
        try (Fd file = Fd.open(path, Fd.O_PATH)) {
            return file.stat().isDirectory() && file.stat().uid() == uid;
        } catch (LinuxException e) {
            return false;
        }
    }

    /** The directory. */
    public Path path() {
        return path;
    }

    /** A line for the user, when this is not where such a directory belongs. */
    public Optional<String> notice() {
        return Optional.ofNullable(notice);
    }

    /**
     * Makes the directory if it is not there.
     *
     * @throws IOException one line that names the directory: it cannot be made, or is not this user's alone
     */
    public void make() throws IOException {
        try {
            Files.createDirectory(path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(OWNER_ONLY_TEXT)));
            // Whatever the umask.
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(OWNER_ONLY_TEXT));
        } catch (FileAlreadyExistsException e) {
            // Looked at below, as what was just made is.
        } catch (NoSuchFileException | NotDirectoryException e) {
            throw unusable("cannot be made: " + path.getParent() + " is not a directory", e);
        } catch (AccessDeniedException e) {
            throw unusable("cannot be made: permission denied", e);
        } catch (IOException e) {
            throw unusable("cannot be made: " + e.getMessage(), e);
        }
        if (!isThere()) {
            throw unusable("was removed as soon as it was made", null);
        }
    }

    /**
     * Whether the directory is there.
     *
     * @throws IOException one line that names the directory: what is there is not a directory of this user's alone
     */
    public boolean isThere() throws IOException {
        try (Fd file = Fd.open(path, Fd.O_PATH | Fd.O_NOFOLLOW)) {
            requireOwn(file.stat());
            return true;
        } catch (LinuxException e) {
            if (e.errno() == Errno.ENOENT || e.errno() == Errno.ENOTDIR) {
                return false;
            }
            throw unusable("cannot be looked at: " + Errno.message(e.errno()), e);
        }
    }

    private void requireOwn(FileStat stat) throws IOException {
        if (!stat.isDirectory()) {
            throw unusable(Files.isSymbolicLink(path) ? "is a symbolic link" : "is not a directory", null);
        }
        if (stat.uid() != ProcessCalls.geteuid()) {
            throw unusable("belongs to user " + stat.uid() + " and not to this one, " + ProcessCalls.geteuid(), null);
        }
        if ((stat.permissions() & ANYBODY) != OWNER_ONLY) {
            throw unusable("has mode " + Integer.toOctalString(stat.permissions()) + " and not 700, which is this user's alone", null);
        }
    }

    private IOException unusable(String why, IOException cause) {
        return new IOException("the runtime directory " + path + " " + why, cause);
    }

    /** The socket by which the machine {@code name} is controlled. */
    public Path control(String name) {
        return path.resolve(MachineName.require(name) + CONTROL);
    }

    /** The socket that has the console of the machine {@code name}, where that is in this directory. */
    public Path console(String name) {
        return path.resolve(MachineName.require(name) + ".console");
    }

    /** The log of the machine {@code name}, where it is in this directory. */
    public Path log(String name) {
        return path.resolve(MachineName.require(name) + ".log");
    }

    /**
     * The names of the machines that are or were there, sorted: a process that was killed leaves its sockets behind.
     *
     * @throws IOException as {@link #isThere}, or when it cannot be read
     */
    public List<String> names() throws IOException {
        if (!isThere()) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(path)) {
            return files.map(file -> file.getFileName().toString()).filter(RuntimeDirectory::isControl)
                    .map(file -> file.substring(0, file.length() - CONTROL.length())).sorted().toList();
        }
    }

    private static boolean isControl(String file) {
        try {
            return file.endsWith(CONTROL) && !MachineName.require(file.substring(0, file.length() - CONTROL.length())).isEmpty();
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /** Removes the sockets that a killed process has left of the machine {@code name}, and returns whether there was one by which it was controlled; those of one that lives stay. Its log stays too. */
    public boolean clean(String name) throws IOException {
        SocketFile.removeDead(console(name));
        return SocketFile.removeDead(control(name));
    }
}
