package io.vmm4j.core.host;

import io.vmm4j.kvm.libc.Fd;
import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.AccessDeniedException;
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
 */
final class SocketFile implements AutoCloseable {
    private static final int S_IFMT = 0170000;
    private static final int S_IFSOCK = 0140000;
    private static final String NAME = "s";

    private final Path path;
    private final ServerSocketChannel server;
    private final Object inode;

    private SocketFile(Path path, ServerSocketChannel server, Object inode) {
        this.path = path;
        this.server = server;
        this.inode = inode;
    }

    /**
     * Listens at {@code path}. A socket that a dead process left there is replaced.
     *
     * @throws IOException one line that names the path: a live socket or another kind of file is there, the directory is
     *     missing or not writable
     */
    static SocketFile listen(Path path) throws IOException {
        try {
            refuseTaken(path);
            Path parent = path.toAbsolutePath().getParent();
            if (parent == null) {
                throw new FileSystemException(path.toString(), null, "is a directory");
            }
            Path own = Files.createTempDirectory(parent, ".vmm");
            try {
                return listenBehind(own, path);
            } finally {
                Files.deleteIfExists(own.resolve(NAME));
                Files.delete(own);
            }
        } catch (FileSystemException e) {
            throw new IOException("cannot create the socket " + path + ": " + reason(e), e);
        }
    }

    private static SocketFile listenBehind(Path own, Path path) throws IOException {
        ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        // By way of /proc the address stays short: a socket's has room for 107 bytes only.
        try (Fd directory = Fd.open(own, Fd.O_RDONLY | Fd.O_DIRECTORY)) {
            server.bind(UnixDomainSocketAddress.of("/proc/self/fd/" + directory.value() + "/" + NAME));
            Path made = own.resolve(NAME);
            Files.setPosixFilePermissions(made, PosixFilePermissions.fromString("rw-------"));
            Object inode = inodeOf(made);
            Files.move(made, path, StandardCopyOption.ATOMIC_MOVE);
            return new SocketFile(path, server, inode);
        } catch (IOException | RuntimeException e) {
            server.close();
            throw e;
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
        try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            probe.connect(UnixDomainSocketAddress.of(path));
        } catch (ConnectException e) {
            return; // Nobody listens: its process has ended.
        } catch (IOException e) {
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

    /** Waits for the next client. */
    SocketChannel accept() throws IOException {
        return server.accept();
    }

    /** Whether {@link #close()} was called. */
    boolean isClosed() {
        return !server.isOpen();
    }

    /** Stops listening, which ends a waiting {@link #accept()}, and removes the file if it is still this socket's. */
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
