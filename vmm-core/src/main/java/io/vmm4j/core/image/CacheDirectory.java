package io.vmm4j.core.image;

import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.FileStat;
import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.ProcessCalls;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where what took some making is kept for the next time: {@code vmm4j} in {@code $XDG_CACHE_HOME}, or in {@code ~/.cache}. Nobody but the user can
 * enter it (mode 0700); one that is somebody else's, or a symbolic link, is not used. A file there is whole: it is written beside and then
 * renamed, so that any number of processes may make the same one. What nobody has used for {@value #KEPT_DAYS} days goes when something new comes, and so
 * does what is beyond the {@value #KEPT_FILES} used last of one kind: names of a kind have the same text up to the first hyphen. Whoever makes those of
 * {@value #OWN_BOUND} bounds them.
 *
 * <p>Immutable; any thread.
 */
public final class CacheDirectory {

    private static final Logger LOG = LoggerFactory.getLogger(CacheDirectory.class);

    private static final String NAME = "vmm4j";
    private static final String TEMPORARY = ".new";
    private static final String OWNER_ONLY_TEXT = "rwx------";
    private static final String FILE_PERMISSIONS = "rw-------";
    private static final int OTHERS = 0077;
    private static final int BUFFER_BYTES = 1 << 16;
    private static final String OWN_BOUND = "rootfs-";
    private static final int KEPT_DAYS = 30;
    private static final int KEPT_FILES = 8;
    /** Longer than anybody writes one file without a byte in between. */
    private static final Duration ABANDONED = Duration.ofHours(1);

    private final Path path;

    /** Writes a file's content. */
    @FunctionalInterface
    public interface Content {
        /** Does not close {@code out}. */
        void writeTo(OutputStream out) throws IOException;
    }

    private CacheDirectory(Path path) {
        this.path = path;
    }

    /**
     * That of this process's user and environment, made where it is not there.
     *
     * @throws IOException one line that names the directory
     */
    public static CacheDirectory ofThisUser() throws IOException {
        String home = System.getenv("HOME");
        return of(System.getenv("XDG_CACHE_HOME"), home == null || home.isEmpty() ? System.getProperty("user.home") : home);
    }

    /** That of a user with this environment; the specification has an XDG_CACHE_HOME that is not absolute ignored. */
    static CacheDirectory of(String xdg, String home) throws IOException {
        Path base = xdg != null && xdg.startsWith("/") ? Path.of(xdg) : Path.of(home, ".cache");
        CacheDirectory directory = new CacheDirectory(base.resolve(NAME));
        directory.make();
        return directory;
    }

    private void make() throws IOException {
        try {
            Files.createDirectories(path.getParent(), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(OWNER_ONLY_TEXT)));
            Files.createDirectory(path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(OWNER_ONLY_TEXT)));
        } catch (FileAlreadyExistsException e) {
            // Looked at below.
        } catch (IOException e) {
            throw unusable("cannot be made: " + e.getMessage(), e);
        }
        try (Fd file = Fd.open(path, Fd.O_PATH | Fd.O_NOFOLLOW)) {
            requireOwn(file.stat());
        } catch (LinuxException e) {
            throw unusable("cannot be looked at: " + Errno.message(e.errno()), e);
        }
    }

    private void requireOwn(FileStat stat) throws IOException {
        if (!stat.isDirectory()) {
            throw unusable("is not a directory", null);
        }
        if (stat.uid() != ProcessCalls.geteuid()) {
            throw unusable("belongs to user " + stat.uid() + " and not to this one, " + ProcessCalls.geteuid(), null);
        }
        if ((stat.permissions() & OTHERS) != 0) {
            throw unusable("has mode " + Integer.toOctalString(stat.permissions()) + ": others than its owner may enter it, and nobody else should (700)", null);
        }
    }

    private IOException unusable(String why, IOException cause) {
        return new IOException("the cache directory " + path + " " + why + "; XDG_CACHE_HOME names another", cause);
    }

    /** The directory. */
    public Path path() {
        return path;
    }

    /**
     * The file {@code name}, made by {@code content} if it is not there.
     *
     * @param name says what is in it, as by a digest
     * @throws IOException one line: it cannot be made
     */
    public Path file(String name, Content content) throws IOException {
        Path file = path.resolve(name);
        if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) && touch(file)) {
            return file;
        }
        Path fresh = temporary(name, content, true);
        try {
            Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            Files.deleteIfExists(fresh);
            throw unusable("does not take " + name + ": " + e.getMessage(), e);
        }
        clean();
        return file;
    }

    /**
     * An open file of this process's alone, without a name: whatever ends the process, it is gone with it. For the caller to close; {@code
     * /proc/self/fd/N} is its path meanwhile.
     *
     * @throws IOException one line: it cannot be made
     */
    Fd nameless(String purpose, Content content) throws IOException {
        clean(); // of one who was killed while it wrote
        Path fresh = temporary(purpose, content, false);
        try {
            return Fd.open(fresh, Fd.O_RDONLY);
        } finally {
            Files.deleteIfExists(fresh);
        }
    }

    /** A file for the caller to rename or delete, {@code isKept} past a crash of the host. */
    private Path temporary(String name, Content content, boolean isKept) throws IOException {
        Path fresh = null;
        try {
            fresh = Files.createTempFile(path, name + ".", TEMPORARY, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(FILE_PERMISSIONS)));
            try (FileChannel channel = FileChannel.open(fresh, StandardOpenOption.WRITE)) {
                OutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel), BUFFER_BYTES);
                content.writeTo(out);
                out.flush();
                if (isKept) {
                    channel.force(true);
                }
            }
            return fresh;
        } catch (IOException e) {
            if (fresh != null) {
                Files.deleteIfExists(fresh);
            }
            throw new IOException("the cache directory " + path + " cannot take " + name + ": " + e.getMessage(), e);
        }
    }

    /** Notes that it is used; false when it is gone. */
    private static boolean touch(Path file) throws IOException {
        try {
            Files.setLastModifiedTime(file, FileTime.from(Instant.now()));
            return true;
        } catch (NoSuchFileException e) {
            return false;
        }
    }

    private void clean() {
        try (Stream<Path> files = Files.list(path)) {
            Map<String, List<Path>> kinds = files.filter(file -> Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS))
                    .filter(file -> !file.getFileName().toString().startsWith(OWN_BOUND))
                    .collect(Collectors.groupingBy(file -> file.getFileName().toString().split("-")[0]));
            for (List<Path> kind : kinds.values()) {
                clean(kind);
            }
        } catch (IOException e) {
            LOG.debug("old files in {} stay: {}", path, e.getMessage());
        }
    }

    private static void clean(List<Path> kind) throws IOException {
        List<Path> latestFirst = kind.stream().sorted(Comparator.comparing(CacheDirectory::lastUse).reversed()).toList();
        int kept = 0;
        for (Path file : latestFirst) {
            boolean isTemporary = file.getFileName().toString().endsWith(TEMPORARY);
            if (isOld(file) || !isTemporary && ++kept > KEPT_FILES) {
                Files.deleteIfExists(file);
            }
        }
    }

    private static FileTime lastUse(Path file) {
        try {
            return Files.getLastModifiedTime(file);
        } catch (IOException e) {
            // Somebody else has deleted it.
            return FileTime.fromMillis(0);
        }
    }

    private static boolean isOld(Path file) {
        try {
            Duration limit = file.getFileName().toString().endsWith(TEMPORARY) ? ABANDONED : Duration.ofDays(KEPT_DAYS);
            return Files.getLastModifiedTime(file).toInstant().isBefore(Instant.now().minus(limit));
        } catch (IOException e) {
            // Somebody else has deleted it.
            return false;
        }
    }
}
