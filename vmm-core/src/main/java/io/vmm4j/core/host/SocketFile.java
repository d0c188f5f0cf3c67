package io.vmm4j.core.host;

import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.FileName;
import io.vmm4j.kvm.libc.FileStat;
import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.UnixSocket;
import java.io.Closeable;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A listening Unix stream socket and its file, which appears with mode 0600 and already listening.
 *
 * <p>A path has one owner: of all that listen there at once, in this process and in others, one wins. The file takes its
 * place only where nothing is, and nothing but a socket that nobody listens at is ever removed from there, or this
 * object's own. To that end it is made in an {@link AsideDirectory} and linked into place; who removes a socket looks at it
 * once more there.
 *
 * <p>Not thread-safe.
 *
 * @param <S> the listening socket
 */
public final class SocketFile<S extends Closeable> implements Closeable {

    /** Makes a socket that listens. */
    @FunctionalInterface
    public interface Binder<S> {
        /** @param address the file to make, at most {@value ChannelAddress#MAX} bytes long */
        S listen(String address) throws IOException;
    }

    private static final String NO_SOCKET = "a file that is not a socket is there";
    private static final int ATTEMPTS = 100;
    /** Others need milliseconds. */
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final long CLOSE_PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Path path;
    private final S server;
    private final FileStat file;
    private boolean isClosed;

    private SocketFile(Path path, S server, FileStat file) {
        this.path = path;
        this.server = server;
        this.file = file;
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
     * @throws SocketPlaceException one line that names the path: a live socket or another kind of file is there, the directory is
     *     missing or not writable
     * @throws IOException          when the host has too few descriptors left, or too little memory
     */
    public static <S extends Closeable> SocketFile<S> listen(Path path, Binder<S> binder) throws IOException {
        try {
            refuseTaken(path);
            try (AsideDirectory aside = AsideDirectory.enter(path, PATIENCE_NANOS)) {
                return listenFrom(aside, path, binder);
            }
        } catch (IOException e) {
            throw refusal(path, e);
        }
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
                throw Files.getFileStore(parent).isReadOnly()
                        ? new FileSystemException(path.toString(), null, Errno.message(Errno.EROFS)) : new AccessDeniedException(path.toString());
            }
        } catch (IOException e) {
            throw refusal(path, e);
        }
    }

    /**
     * Removes the socket that a dead process left at {@code path}; what else is there stays.
     *
     * @return whether there was one
     * @throws IOException when it cannot be looked at or removed
     */
    public static boolean removeDead(Path path) throws IOException {
        if (!isDead(path)) {
            return false;
        }
        try (AsideDirectory aside = AsideDirectory.enter(path, PATIENCE_NANOS); Fd dead = deadSocketAt(path)) {
            return dead != null && aside.delete(path, dead.stat());
        } catch (FileSystemException e) {
            // Another has come meanwhile.
            return false;
        }
    }

    private static boolean isDead(Path path) throws IOException {
        try (Fd dead = deadSocketAt(path)) {
            return dead != null;
        } catch (FileSystemException e) {
            return false;
        }
    }

    private static void refuseTaken(Path path) throws IOException {
        Fd dead = deadSocketAt(path);
        if (dead != null) {
            dead.close();
        }
    }

    private static <S extends Closeable> SocketFile<S> listenFrom(AsideDirectory aside, Path path, Binder<S> binder) throws IOException {
        Path made = aside.made();
        S server = binder.listen(ChannelAddress.isShort(made.toString()) ? made.toString() : aside.madeAddress());
        try {
            Files.setPosixFilePermissions(made, PosixFilePermissions.fromString("rw-------"));
            try (Fd file = Fd.open(made, Fd.O_PATH | Fd.O_NOFOLLOW)) {
                publish(aside, path);
                return new SocketFile<>(path, server, file.stat());
            }
        } catch (IOException | RuntimeException e) {
            server.close();
            throw e;
        }
    }

    private static void publish(AsideDirectory aside, Path path) throws IOException {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            if (isLinked(aside.made(), path)) {
                return;
            }
            try (Fd dead = deadSocketAt(path)) {
                if (dead != null) {
                    aside.delete(path, dead.stat());
                }
            }
        }
        throw new FileSystemException(path.toString(), null, "files come and go there");
    }

    private static boolean isLinked(Path made, Path path) throws IOException {
        try {
            Files.createLink(path, made);
            return true;
        } catch (FileAlreadyExistsException e) {
            return false;
        } catch (FileSystemException | UnsupportedOperationException e) {
            return isMoved(made, path, e);
        }
    }

    /** For a file system without hard links. */
    private static boolean isMoved(Path made, Path path, Exception whyNotLinked) throws IOException {
        try {
            FileName.moveUnlessExists(made, path);
            return true;
        } catch (LinuxException e) {
            if (e.errno() == Errno.EEXIST) {
                return false;
            }
            e.addSuppressed(whyNotLinked);
            throw e;
        }
    }

    /**
     * The socket at {@code path} that nobody listens at, as its process has ended; null when nothing is there. As long as it
     * is open no other file gets its inode's number.
     *
     * @throws IOException when something else is there
     */
    private static Fd deadSocketAt(Path path) throws IOException {
        Fd file;
        try {
            file = Fd.open(path, Fd.O_PATH | Fd.O_NOFOLLOW);
        } catch (LinuxException e) {
            if (e.errno() == Errno.ENOENT) {
                return null;
            }
            throw e;
        }
        try {
            refuseLive(path, file);
            return file;
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    private static void refuseLive(Path path, Fd file) throws IOException {
        if (!file.stat().isSocket()) {
            throw new FileSystemException(path.toString(), null, NO_SOCKET);
        }
        try (UnixSocket probe = UnixSocket.open()) {
            // Without room for one more, somebody listens too.
            probe.connect(file, path);
        } catch (LinuxException e) {
            if (e.errno() == Errno.ECONNREFUSED) {
                return;
            }
            throw new FileSystemException(path.toString(), null, "it exists and does not say who uses it: " + e.getMessage());
        }
        throw new FileSystemException(path.toString(), null, "another process listens there");
    }

    private static IOException refusal(Path path, IOException e) {
        String message = "cannot create the socket " + path + ": " + reason(e);
        try {
            Shortage.rethrow(e);
        } catch (IOException lack) {
            return new IOException(message, lack);
        }
        return new SocketPlaceException(message, e);
    }

    private static String reason(IOException e) {
        int errno = e instanceof LinuxException refused ? refused.errno() : 0;
        if (e instanceof NoSuchFileException || e instanceof NotDirectoryException || errno == Errno.ENOENT || errno == Errno.ENOTDIR) {
            return "its directory does not exist";
        }
        if (e instanceof AccessDeniedException || errno == Errno.EACCES) {
            return "permission denied";
        }
        String reason = e instanceof FileSystemException refused ? refused.getReason() : e.getMessage();
        return reason == null ? e.toString() : reason;
    }

    /** The listening socket. */
    public S server() {
        return server;
    }

    /** Removes the file if it is still this socket's, and stops listening. A second call does nothing. */
    @Override
    public void close() throws IOException {
        if (isClosed) {
            return;
        }
        isClosed = true;
        try {
            // While it listens: nobody takes it for a dead process's, and its inode's number is not another's.
            if (isAtPlace()) {
                remove();
            }
        } finally {
            server.close();
        }
    }

    private boolean isAtPlace() throws IOException {
        try {
            // By a call that takes no descriptor, of which there may be none.
            Map<String, Object> now = Files.readAttributes(path, "unix:dev,ino", LinkOption.NOFOLLOW_LINKS);
            return now.get("dev").equals(file.device()) && now.get("ino").equals(file.inode());
        } catch (NoSuchFileException | NotDirectoryException e) {
            return false; // Someone removed it already, which is what is wanted.
        }
    }

    private void remove() throws IOException {
        AsideDirectory aside;
        try {
            aside = AsideDirectory.enter(path, CLOSE_PATIENCE_NANOS);
        } catch (IOException e) {
            // Such as a full disk, or no descriptor. It was this socket's a moment ago.
            Files.deleteIfExists(path);
            return;
        }
        try (aside) {
            aside.delete(path, file);
        }
    }
}
