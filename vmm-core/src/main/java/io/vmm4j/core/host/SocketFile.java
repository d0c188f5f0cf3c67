package io.vmm4j.core.host;

import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.UnixSocket;
import java.io.Closeable;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * A listening Unix stream socket and its file. The file appears with mode 0600 and already listening: it is made in a
 * directory of its own that only its owner can enter, and then moved into place.
 *
 * <p>Not thread-safe.
 *
 * @param <S> the listening socket
 */
public final class SocketFile<S extends Closeable> implements Closeable {

    /** Makes a socket that listens. */
    @FunctionalInterface
    public interface Binder<S> {
        /** @param address the file to make, at most {@value UnixSocket#MAX_ADDRESS} bytes long */
        S listen(String address) throws IOException;
    }

    private static final int S_IFMT = 0170000;
    private static final int S_IFSOCK = 0140000;
    private static final String NAME = "s";
    private static final int KNOWN_NAMES = 8;

    private final Path path;
    private final S server;
    private final Object inode;

    private SocketFile(Path path, S server, Object inode) {
        this.path = path;
        this.server = server;
        this.inode = inode;
    }

    /** As {@link #listen(Path, Binder)}, with a channel of the platform's. */
    public static SocketFile<ServerSocketChannel> listen(Path path) throws IOException {
        return listen(path, SocketFile::openChannel);
    }

    private static ServerSocketChannel openChannel(String address) throws IOException {
        ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            return server.bind(UnixDomainSocketAddress.of(address));
        } catch (IOException | RuntimeException e) {
            server.close();
            throw e;
        }
    }

    /**
     * Listens at {@code path}. A socket that a dead process left there is replaced.
     *
     * @throws IOException one line that names the path: a live socket or another kind of file is there, the directory is
     *     missing or not writable
     */
    public static <S extends Closeable> SocketFile<S> listen(Path path, Binder<S> binder) throws IOException {
        requireFree(path);
        try {
            Path own = createOwnDirectory(path.toAbsolutePath().getParent());
            try {
                return listenBehind(own, path, binder);
            } finally {
                Files.deleteIfExists(own.resolve(NAME));
                Files.delete(own);
            }
        } catch (FileSystemException e) {
            throw new IOException("cannot create the socket " + path + ": " + reason(e), e);
        }
    }

    /**
     * A directory that only its owner can enter. Its name is no secret: what somebody has made under it before is passed over.
     * Random names come last, since the first random number costs a start some milliseconds.
     */
    private static Path createOwnDirectory(Path parent) throws IOException {
        for (int attempt = 0; attempt < KNOWN_NAMES; attempt++) {
            Path candidate = parent.resolve(".vmm" + ProcessHandle.current().pid() + "-" + attempt);
            try {
                return Files.createDirectory(candidate, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            } catch (FileAlreadyExistsException e) {
                continue;
            }
        }
        return Files.createTempDirectory(parent, ".vmm");
    }

    /**
     * Looks whether {@link #listen(Path, Binder)} could make a socket at {@code path} now; makes nothing.
     *
     * @throws IOException as {@link #listen(Path, Binder)}
     */
    public static void requireFree(Path path) throws IOException {
        try {
            refuseTaken(path);
            Path parent = path.toAbsolutePath().getParent();
            if (!Files.isDirectory(parent)) {
                throw new NoSuchFileException(path.toString());
            }
            if (!Files.isWritable(parent)) {
                throw new AccessDeniedException(path.toString());
            }
        } catch (FileSystemException e) {
            throw new IOException("cannot create the socket " + path + ": " + reason(e), e);
        }
    }

    private static <S extends Closeable> SocketFile<S> listenBehind(Path own, Path path, Binder<S> binder) throws IOException {
        Path made = own.resolve(NAME);
        S server = bind(made, binder);
        try {
            Files.setPosixFilePermissions(made, PosixFilePermissions.fromString("rw-------"));
            Object inode = inodeOf(made);
            Files.move(made, path, StandardCopyOption.ATOMIC_MOVE);
            return new SocketFile<>(path, server, inode);
        } catch (IOException | RuntimeException e) {
            server.close();
            throw e;
        }
    }

    private static <S> S bind(Path made, Binder<S> binder) throws IOException {
        if (made.toString().getBytes(StandardCharsets.UTF_8).length <= UnixSocket.MAX_ADDRESS) {
            return binder.listen(made.toString());
        }
        // By way of /proc any path is short enough.
        try (Fd directory = Fd.open(made.getParent(), Fd.O_RDONLY | Fd.O_DIRECTORY)) {
            return binder.listen("/proc/self/fd/" + directory.value() + "/" + NAME);
        }
    }

    private static void refuseTaken(Path path) throws IOException {
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        int mode = (Integer) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
        if ((mode & S_IFMT) != S_IFSOCK) {
            throw new FileSystemException(path.toString(), null, "a file that is not a socket is there");
        }
        try (UnixSocket probe = UnixSocket.open()) {
            // Without room for one more, somebody listens too.
            probe.connect(path);
        } catch (LinuxException e) {
            if (e.errno() == Errno.ECONNREFUSED) {
                return; // Nobody listens: its process has ended.
            }
            throw new IOException("the socket " + path + " exists and does not say who uses it: " + e.getMessage(), e);
        }
        throw new FileSystemException(path.toString(), null, "another process listens there");
    }

    private static String reason(FileSystemException e) {
        if (e instanceof NoSuchFileException || e instanceof NotDirectoryException) {
            return "its directory does not exist";
        }
        if (e instanceof AccessDeniedException) {
            return "permission denied";
        }
        return e.getReason() == null ? e.toString() : e.getReason();
    }

    private static Object inodeOf(Path path) throws IOException {
        return Files.getAttribute(path, "unix:ino", LinkOption.NOFOLLOW_LINKS);
    }

    /** The listening socket. */
    public S server() {
        return server;
    }

    /** Stops listening and removes the file if it is still this socket's. */
    @Override
    public void close() throws IOException {
        server.close();
        try {
            if (inodeOf(path).equals(inode)) {
                Files.delete(path);
            }
        } catch (NoSuchFileException e) {
            return; // Someone removed it already, which is what is wanted.
        }
    }
}
